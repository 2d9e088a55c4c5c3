/*
 * Chat request bodies: JSON by jansson, then member by member.
 */
#include "workerd/api/chat/chat_body.h"

#include <jansson.h>

#include "proto/base/utf8.h"
#include "workerd/api/request/client_id.h"

const char chat_session_wrong[] = "sessionId must be " CLIENT_ID_RULE;

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
	if (!client_id_is_valid(body->session))
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

	if (header.p != NULL && !client_id_is_valid(header))
		return "Idempotency-Key must be " CLIENT_ID_RULE;
	body->client_id = header;
	if (!has_member)
		return NULL;
	body->client_id = string_member(body->json, "clientMessageId");
	if (!client_id_is_valid(body->client_id))
		return "clientMessageId must be a string of " CLIENT_ID_RULE;
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
