/*
 * Chat request bodies, member by member.
 */
#include "workerd/api/chat/chat_body.h"

#include <jansson.h>

#include "proto/base/utf8.h"
#include "workerd/api/chat/chat_context.h"
#include "workerd/api/fields/json_read.h"
#include "workerd/api/request/client_id.h"
#include "workerd/structure/structure_read.h"

const char chat_session_wrong[] = "sessionId must be " CLIENT_ID_RULE;

/* Parses the JSON and reads sessionId, which all bodies have. */
static const char *
chat_body_parse(struct slice text, struct chat_body *body)
{
	*body = (struct chat_body){0};
	body->json = json_read_object(text);
	if (body->json == NULL)
		return "the body must be a JSON object in valid UTF-8 with sessionId";
	body->session = json_read_member(body->json, "sessionId");
	if (!client_id_is_valid(body->session))
		return chat_session_wrong;
	return NULL;
}

/* An answer has no text and no files of its own. */
static const char *
chat_body_read_answer(struct chat_body *body, const json_t *answer)
{
	buf_init(&body->answer, STRUCTURE_PARTS_MAX);
	if (json_object_get(body->json, "message") != NULL ||
	    json_object_get(body->json, "files") != NULL)
		return "answer must come without message and files";
	return structure_read_answer(answer, &body->answer);
}

static const char *
chat_body_read_message(struct chat_body *body)
{
	const json_t *message = json_object_get(body->json, "message");
	const char *wrong = files_json_read(json_object_get(body->json, "files"), &body->files);
	size_t units;

	if (wrong != NULL)
		return wrong;
	body->message = json_read_string(message);
	if (body->files.len > 0 && (message == NULL || json_is_null(message)))
		return NULL;
	units = body->message.p == NULL ? 0 : utf8_utf16_len(body->message);
	if (body->message.p == NULL || (units < 1 && body->files.len == 0) ||
	    units > CHAT_MESSAGE_MAX)
		return "message must be a string of 1 to 4000 characters";
	return NULL;
}

/* From the body, the header, or both if they agree. */
static const char *
chat_body_read_client_id(struct slice header, struct chat_body *body)
{
	bool has_member = json_object_get(body->json, "clientMessageId") != NULL;

	if (header.p != NULL && !client_id_is_valid(header))
		return "Idempotency-Key must be " CLIENT_ID_RULE;
	body->client_id = header;
	if (!has_member)
		return NULL;
	body->client_id = json_read_member(body->json, "clientMessageId");
	if (!client_id_is_valid(body->client_id))
		return "clientMessageId must be a string of " CLIENT_ID_RULE;
	if (header.p != NULL && !slice_eq(body->client_id, header))
		return "clientMessageId and Idempotency-Key must be the same if both are given";
	return NULL;
}

static const char *
chat_body_read_page(struct chat_body *body)
{
	const json_t *page = json_object_get(body->json, "page");

	body->page = json_is_object(page) ? page : NULL;
	return page == NULL || json_is_object(page) || json_is_null(page)
	    ? NULL
	    : "page must be an object";
}

/* What the client knows and wants. */
static const char *
chat_body_read_wishes(struct chat_body *body)
{
	const json_t *operators = json_object_get(body->json, "operators");
	const json_t *sources = json_object_get(body->json, "sources");
	const json_t *steps = json_object_get(body->json, "steps");
	const json_t *person = json_object_get(body->json, "person");

	body->operators = json_is_true(operators);
	body->sources = json_is_true(sources);
	body->steps = json_is_true(steps);
	body->asks_person = json_is_true(person);
	if (operators != NULL && !json_is_boolean(operators))
		return "operators must be true or false";
	if (sources != NULL && !json_is_boolean(sources))
		return "sources must be true or false";
	if (steps != NULL && !json_is_boolean(steps))
		return "steps must be true or false";
	if (person != NULL && !json_is_boolean(person))
		return "person must be true or false";
	return NULL;
}

static const char *
chat_body_read_context(struct chat_body *body)
{
	buf_init(&body->context, CHAT_CONTEXT_MAX);
	return chat_context_encode(json_object_get(body->json, "context"), &body->context)
	    ? NULL
	    : chat_context_wrong;
}

/* Clears the body if it is invalid; returns the error. */
static const char *
chat_body_checked(struct chat_body *body, const char *wrong)
{
	if (wrong != NULL)
		chat_body_clear(body);
	return wrong;
}

const char *
chat_body_read(struct slice text, struct slice header, struct chat_body *body)
{
	const char *wrong = chat_body_parse(text, body);
	const json_t *answer = json_object_get(body->json, "answer");

	if (wrong == NULL)
		wrong = answer != NULL && !json_is_null(answer)
		    ? chat_body_read_answer(body, answer)
		    : chat_body_read_message(body);
	if (wrong == NULL)
		wrong = chat_body_read_client_id(header, body);
	if (wrong == NULL)
		wrong = chat_body_read_wishes(body);
	if (wrong == NULL)
		wrong = chat_body_read_page(body);
	if (wrong == NULL)
		wrong = chat_body_read_context(body);
	if (wrong == NULL)
		wrong = identity_read_proved(
		    json_object_get(body->json, "identity"), &body->identity);
	return chat_body_checked(body, wrong);
}

const char *
chat_body_read_session(struct slice text, struct chat_body *body)
{
	return chat_body_checked(body, chat_body_parse(text, body));
}

void
chat_body_clear(struct chat_body *body)
{
	json_decref(body->json);
	buf_clear(&body->context);
	buf_clear(&body->answer);
	*body = (struct chat_body){0};
}
