/*
 * Chat request bodies: JSON by jansson, then the two members.
 */
#include "workerd/api/chat_body.h"

#include <jansson.h>

#include "proto/utf8.h"

bool
is_client_id(struct slice s)
{
	if (s.len == 0 || s.len > CHAT_SESSION_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-'))
			return false;
	}
	return true;
}

/* A string member as a slice; p is NULL when there is none or it is no string. */
static struct slice
string_member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return (struct slice){0};
	return (struct slice){
	    (const uint8_t *)json_string_value(value), json_string_length(value)};
}

static const char *
check(struct chat_body *body)
{
	size_t units;

	if (!json_is_object(body->json))
		return "the body must be a JSON object in valid UTF-8 with sessionId and "
		       "message";
	body->session = string_member(body->json, "sessionId");
	if (body->session.p == NULL || !is_client_id(body->session))
		return "sessionId must be a string of 1 to 128 of the characters A-Z a-z 0-9 . "
		       "_ : -";
	body->message = string_member(body->json, "message");
	units = body->message.p == NULL ? 0 : utf8_utf16_len(body->message);
	if (units < 1 || units > CHAT_MESSAGE_MAX)
		return "message must be a string of 1 to 4000 characters";
	return NULL;
}

const char *
chat_body_read(struct slice text, struct chat_body *body)
{
	const char *wrong;

	*body = (struct chat_body){0};
	body->json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	wrong = check(body);
	if (wrong != NULL)
		chat_body_clear(body);
	return wrong;
}

void
chat_body_clear(struct chat_body *body)
{
	json_decref(body->json);
	body->json = NULL;
}
