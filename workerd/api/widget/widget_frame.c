/*
 * Frames of visitors: JSON by jansson, then member by member.
 */
#include "workerd/api/widget/widget_frame.h"

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/request/client_id.h"

static const char wrong_id[] = "id must be a string of " CLIENT_ID_RULE;

/* A member that is there, and not null. */
static const json_t *
member(const struct widget_frame *frame, const char *key)
{
	const json_t *value = json_object_get(frame->json, key);

	return json_is_null(value) ? NULL : value;
}

static struct slice
string(const json_t *value)
{
	if (!json_is_string(value))
		return (struct slice){0};
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

static const char *
read_message(struct widget_frame *frame)
{
	const json_t *id = member(frame, "id");
	struct slice content = string(member(frame, "content"));
	size_t units = content.p == NULL ? 0 : utf8_utf16_len(content);

	if (id != NULL && !client_id_is_valid(string(id)))
		return wrong_id;
	frame->id = string(id);
	if (units < 1 || units > CHAT_MESSAGE_MAX)
		return "content must be a string of 1 to 4000 characters";
	frame->content = content;
	return NULL;
}

static const char *
read_contact(struct widget_frame *frame)
{
	const struct {
		const char *key, *wrong;
		struct slice *value;
	} fields[] = {
	    {"name", "name must be a string", &frame->name},
	    {"email", "email must be a string", &frame->email},
	    {"phone", "phone must be a string", &frame->phone},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const json_t *value = member(frame, fields[i].key);

		if (value != NULL && !json_is_string(value))
			return fields[i].wrong;
		*fields[i].value = string(value);
	}
	return NULL;
}

static const char *
read_stop(struct widget_frame *frame)
{
	(void)frame;
	return NULL;
}

static const struct {
	const char *type;
	enum widget_frame_kind kind;
	const char *(*read)(struct widget_frame *);
} kinds[] = {
    {"message", WIDGET_MESSAGE, read_message},
    {"contact_info", WIDGET_CONTACT, read_contact},
    {"stop", WIDGET_STOP, read_stop},
};

const char *
widget_frame_read(struct slice text, struct widget_frame *frame)
{
	struct slice type;

	*frame = (struct widget_frame){0};
	frame->json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(frame->json))
		return "a frame must be a JSON object with type";
	type = string(member(frame, "type"));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (type.p == NULL || !slice_eq_str(type, kinds[i].type))
			continue;
		frame->kind = kinds[i].kind;
		return kinds[i].read(frame);
	}
	return "type must be message, contact_info or stop";
}

void
widget_frame_clear(struct widget_frame *frame)
{
	json_decref(frame->json);
	*frame = (struct widget_frame){0};
}
