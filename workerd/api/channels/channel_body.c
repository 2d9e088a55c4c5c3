/*
 * Member by member. A file that was not uploaded becomes text: a line with its name and address.
 */
#include "workerd/api/channels/channel_body.h"

#include <jansson.h>
#include <string.h>

#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/structure/structure_read.h"
#include "workerd/webhooks/channel_session.h"

#define ADDRESS_MAX   2048 /* bytes */
#define FILE_NAME_MAX 255  /* bytes */
#define TEXT_MAX      (4u * CHAT_MESSAGE_MAX + CHANNEL_FILES_MAX * (ADDRESS_MAX + FILE_NAME_MAX + 4))

static const char text_wrong[] = "text must be a string of 1 to 4000 characters, together with "
				 "a line for each file that has "
				 "an address; it may be empty with an uploaded file";
static const char files_wrong[] =
    "files must be a list of at most 10 ids of uploaded files, or objects with url, an http or "
    "https address of ASCII "
    "with a host, without a user or a fragment, and with at most 2048 bytes, and perhaps name, "
    "one line of at most 255 bytes";
static const char from_wrong[] =
    "from must be an object with id, a string of " CHANNEL_PEER_RULE
    "; name, email, phone and userId must be strings if they are given";

const char channel_body_id_rule[] =
    "id must be the channel's own of the message or file: a string of 1 to 128 printable "
    "characters of ASCII without spaces, the first of which is no tilde";

/* As the store names messages: its own names begin with a tilde (storaged/conversations/client_ids.h). */
bool
channel_body_is_id(struct slice id)
{
	if (id.len == 0 || id.len > CHANNEL_MESSAGE_ID_MAX || id.p[0] == '~')
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return true;
}

static const char *
channel_body_read_from(struct channel_body *body)
{
	const json_t *from = json_object_get(body->json, "from");
	const json_t *user_id = json_object_get(from, "userId");

	body->peer = json_read_member(from, "id");
	if (!channel_peer_is_valid(body->peer) ||
	    identity_read_details(from, &body->contact) != NULL)
		return from_wrong;
	body->contact.user_id = json_read_string(user_id);
	if (user_id != NULL && !json_is_null(user_id) &&
	    (body->contact.user_id.len < 1 || body->contact.user_id.len > IDENTITY_USER_ID_MAX))
		return "userId must be a string of 1 to 128 bytes";
	return NULL;
}

/* The text of a string has a NUL behind it. */
static bool
channel_body_is_address(struct slice url)
{
	return url.p != NULL && url.len <= ADDRESS_MAX &&
	    memchr(url.p, '\0', url.len) == NULL && web_is_url((const char *)url.p);
}

/* Adds an uploaded file, or the line of another one. */
static bool
channel_body_add_file(const json_t *file, struct channel_body *body)
{
	struct buf *text = &body->text;
	const json_t *name_value = json_object_get(file, "name");
	const struct slice url = json_read_member(file, "url");
	const struct slice name = json_read_string(name_value);

	if (json_is_string(file))
		return files_json_add(file, &body->files);
	if (!channel_body_is_address(url) ||
	    (name_value != NULL && !json_is_null(name_value) && name.p == NULL) ||
	    name.len > FILE_NAME_MAX || (name.len > 0 && !utf8_is_line(name)))
		return false;
	return (buf_len(text) == 0 || buf_append_str(text, "\n") == 0) &&
	    (name.len == 0 ||
		(buf_append(text, name.p, name.len) == 0 && buf_append_str(text, ": ") == 0)) &&
	    buf_append(text, url.p, url.len) == 0;
}

static const char *
channel_body_read_text(struct channel_body *body)
{
	const json_t *value = json_object_get(body->json, "text");
	const json_t *files = json_object_get(body->json, "files");
	const struct slice text = json_read_string(value);
	size_t units;

	if (value != NULL && !json_is_null(value) && text.p == NULL)
		return text_wrong;
	if (files != NULL && !json_is_null(files) &&
	    (!json_is_array(files) || json_array_size(files) > CHANNEL_FILES_MAX))
		return files_wrong;
	buf_init(&body->text, TEXT_MAX);
	if (buf_append(&body->text, text.p, text.len) != 0)
		return text_wrong;
	for (size_t i = 0; i < json_array_size(files); i++)
		if (!channel_body_add_file(json_array_get(files, i), body))
			return files_wrong;
	units = utf8_utf16_len(buf_slice(&body->text));
	return units + body->files.len < 1 || units > CHAT_MESSAGE_MAX ? text_wrong : NULL;
}

/* null is as good as nothing. */
static bool
channel_body_has(const struct channel_body *body, const char *member)
{
	const json_t *value = json_object_get(body->json, member);

	return value != NULL && !json_is_null(value);
}

/* An answer has no text and no files of its own. */
static const char *
channel_body_read_said(struct channel_body *body)
{
	if (!channel_body_has(body, "answer"))
		return channel_body_read_text(body);
	if (channel_body_has(body, "text") || channel_body_has(body, "files"))
		return "answer must come without text and files";
	buf_init(&body->answer, STRUCTURE_PARTS_MAX);
	return structure_read_answer(json_object_get(body->json, "answer"), &body->answer);
}

static const char *
channel_body_read_rest(struct channel_body *body)
{
	const json_t *person = json_object_get(body->json, "person");

	body->asks_person = json_is_true(person);
	if (person != NULL && !json_is_boolean(person))
		return "person must be true or false";
	buf_init(&body->context, CHAT_CONTEXT_MAX);
	return chat_context_encode(json_object_get(body->json, "context"), &body->context)
	    ? NULL
	    : chat_context_wrong;
}

static const char *
channel_body_fault(struct slice json, struct channel_body *body)
{
	const char *wrong;

	body->json = json_read_object(json);
	if (body->json == NULL)
		return "the body must be a JSON object in valid UTF-8 with id, from, and text, "
		       "files or answer";
	body->id = json_read_member(body->json, "id");
	if (!channel_body_is_id(body->id))
		return channel_body_id_rule;
	wrong = channel_body_read_from(body);
	if (wrong == NULL)
		wrong = channel_body_read_said(body);
	if (wrong == NULL)
		wrong = channel_body_read_rest(body);
	return wrong;
}

const char *
channel_body_read(struct slice json, struct channel_body *body)
{
	const char *wrong;

	*body = (struct channel_body){0};
	wrong = channel_body_fault(json, body);
	if (wrong != NULL)
		channel_body_clear(body);
	return wrong;
}

void
channel_body_clear(struct channel_body *body)
{
	json_decref(body->json);
	buf_clear(&body->text);
	buf_clear(&body->answer);
	buf_clear(&body->context);
	*body = (struct channel_body){0};
}
