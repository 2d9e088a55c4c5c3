/*
 * Chat request bodies: JSON by jansson, then member by member.
 */
#include "workerd/api/chat/chat_body.h"

#include <jansson.h>

#include "proto/base/utf8.h"

const char chat_session_wrong[] =
    "sessionId must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -";

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

/* Reads the JSON, and the one member that all bodies have. */
static const char *
read_session(struct slice text, struct chat_body *body)
{
	*body = (struct chat_body){0};
	body->json = json_loadb(
	    (const char *)text.p, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!json_is_object(body->json))
		return "the body must be a JSON object in valid UTF-8 with sessionId";
	body->session = string_member(body->json, "sessionId");
	if (!is_client_id(body->session))
		return chat_session_wrong;
	return NULL;
}

static const char *
read_message(struct chat_body *body)
{
	size_t units;

	body->message = string_member(body->json, "message");
	units = body->message.p == NULL ? 0 : utf8_utf16_len(body->message);
	if (units < 1 || units > CHAT_MESSAGE_MAX)
		return "message must be a string of 1 to 4000 characters";
	return NULL;
}

/* From the body, the header, or both if they agree. */
static const char *
read_client_id(struct slice header, struct chat_body *body)
{
	bool has_member = json_object_get(body->json, "clientMessageId") != NULL;

	if (header.p != NULL && !is_client_id(header))
		return "Idempotency-Key must be 1 to 128 of the characters A-Z a-z 0-9 . _ : -";
	body->client_id = header;
	if (!has_member)
		return NULL;
	body->client_id = string_member(body->json, "clientMessageId");
	if (!is_client_id(body->client_id))
		return "clientMessageId must be a string of 1 to 128 of the characters A-Z a-z "
		       "0-9 . _ : -";
	if (header.p != NULL && !slice_eq(body->client_id, header))
		return "clientMessageId and Idempotency-Key must be the same if both are given";
	return NULL;
}

/* Clears the body of which something is wrong; says what. */
static const char *
checked(struct chat_body *body, const char *wrong)
{
	if (wrong != NULL)
		chat_body_clear(body);
	return wrong;
}

const char *
chat_body_read(struct slice text, struct slice header, struct chat_body *body)
{
	const char *wrong = read_session(text, body);

	if (wrong == NULL)
		wrong = read_message(body);
	if (wrong == NULL)
		wrong = read_client_id(header, body);
	return checked(body, wrong);
}

const char *
chat_body_read_session(struct slice text, struct chat_body *body)
{
	return checked(body, read_session(text, body));
}

void
chat_body_clear(struct chat_body *body)
{
	json_decref(body->json);
	*body = (struct chat_body){0};
}
