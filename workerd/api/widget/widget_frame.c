/*
 * A visitor's frame, member by member.
 */
#include "workerd/api/widget/widget_frame.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/chat/chat_rating.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/steps/step_json.h"
#include "workerd/structure/structure_read.h"

/* Of a request for a person that says nothing else. */
#define PERSON_WISH "I would like to talk to a person."

/* A member that is present and not null. */
static const json_t *
widget_frame_member(const struct widget_frame *frame, const char *key)
{
	const json_t *value = json_object_get(frame->json, key);

	return json_is_null(value) ? NULL : value;
}

static const char *
widget_frame_read_message_id(struct widget_frame *frame)
{
	const json_t *id = widget_frame_member(frame, "id");

	if (id != NULL && !client_id_is_valid(json_read_string(id)))
		return "id must be a string of " CLIENT_ID_RULE;
	frame->id = json_read_string(id);
	return NULL;
}

static const char *
widget_frame_read_message(struct widget_frame *frame)
{
	const json_t *files = widget_frame_member(frame, "files");
	struct slice content = json_read_string(widget_frame_member(frame, "content"));
	size_t units = content.p == NULL ? 0 : utf8_utf16_len(content);
	const char *wrong = widget_frame_read_message_id(frame);

	if (wrong == NULL)
		wrong = files_json_read(files, &frame->files);
	if (wrong != NULL)
		return wrong;
	if (units > CHAT_MESSAGE_MAX || (units < 1 && frame->files.len == 0))
		return "content must be a string of 1 to 4000 characters";
	frame->content = content;
	return NULL;
}

static const char *
widget_frame_read_answer(struct widget_frame *frame)
{
	const char *wrong = widget_frame_read_message_id(frame);

	buf_init(&frame->answer, STRUCTURE_PARTS_MAX);
	return wrong != NULL ? wrong : structure_read_answer(frame->json, &frame->answer);
}

/* A request for a person is a message, too: the operators read it, and it begins the conversation. */
static const char *
widget_frame_read_person(struct widget_frame *frame)
{
	const char *wrong = NULL;

	if (widget_frame_member(frame, "content") == NULL &&
	    json_object_set_new(frame->json, "content", json_string(PERSON_WISH)) != 0)
		wrong = "the request for a person could not be read";
	frame->asks_person = true;
	return wrong != NULL ? wrong : widget_frame_read_message(frame);
}

static const char *
widget_frame_read_contact(struct widget_frame *frame)
{
	return identity_read_details(frame->json, &frame->who);
}

static const char *
widget_frame_read_identity(struct widget_frame *frame)
{
	return identity_read(frame->json, &frame->who);
}

/* A frame without members. */
static const char *
widget_frame_read_nothing(struct widget_frame *frame)
{
	(void)frame;
	return NULL;
}

static const char *
widget_frame_read_rating(struct widget_frame *frame)
{
	if (id_parse(json_read_member(frame->json, "id"), &frame->rating.message) == -1)
		return "id must be the id of a message";
	return chat_rating_read(frame->json, &frame->rating);
}

static const char *
widget_frame_read_decision(struct widget_frame *frame)
{
	if (id_parse(json_read_member(frame->json, "id"), &frame->decide.step) == -1)
		return "id must be the id of a step";
	return step_json_read(frame->json, &frame->decide);
}

static const char *
widget_frame_read_history(struct widget_frame *frame)
{
	if (id_parse(json_read_member(frame->json, "before"), &frame->before) == 0 &&
	    !id_is_zero(&frame->before))
		return NULL;
	return "before must be the id of a message";
}

static const char *
widget_frame_read_context(struct widget_frame *frame)
{
	struct buf text;
	bool good;

	buf_init(&text, CHAT_CONTEXT_MAX);
	frame->context = json_object_get(frame->json, "context");
	good = json_is_object(frame->context) && chat_context_encode(frame->context, &text);
	buf_clear(&text);
	return good ? NULL : chat_context_wrong;
}

static const struct {
	const char *type;
	enum widget_frame_kind kind;
	const char *(*read)(struct widget_frame *);
} kinds[] = {
    {"message", WIDGET_MESSAGE, widget_frame_read_message},
    {"person", WIDGET_MESSAGE, widget_frame_read_person},
    {"answer", WIDGET_MESSAGE, widget_frame_read_answer},
    {"contact_info", WIDGET_CONTACT, widget_frame_read_contact},
    {"identify", WIDGET_CONTACT, widget_frame_read_identity},
    {"stop", WIDGET_STOP, widget_frame_read_nothing},
    {"typing", WIDGET_TYPING, widget_frame_read_nothing},
    {"page", WIDGET_PAGE, widget_frame_read_nothing},
    {"context", WIDGET_CONTEXT, widget_frame_read_context},
    {"rating", WIDGET_RATING, widget_frame_read_rating},
    {"ping", WIDGET_PING, widget_frame_read_nothing},
    {"steps", WIDGET_STEPS, widget_frame_read_nothing},
    {"decide", WIDGET_DECIDE, widget_frame_read_decision},
    {"history", WIDGET_HISTORY, widget_frame_read_history},
};

const char *
widget_frame_read(struct slice text, struct widget_frame *frame)
{
	struct slice type;

	*frame = (struct widget_frame){.json = json_read_object(text)};
	if (frame->json == NULL)
		return "a frame must be a JSON object with type";
	type = json_read_member(frame->json, "type");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (type.p == NULL || !slice_eq_str(type, kinds[i].type))
			continue;
		frame->kind = kinds[i].kind;
		return kinds[i].read(frame);
	}
	return "type must be message, person, answer, contact_info, identify, stop, typing, "
	       "page, "
	       "context, "
	       "rating, ping, steps, decide "
	       "or "
	       "history";
}

void
widget_frame_clear(struct widget_frame *frame)
{
	json_decref(frame->json);
	buf_clear(&frame->answer);
	*frame = (struct widget_frame){0};
}
