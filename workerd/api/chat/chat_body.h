/*
 * The bodies of chat requests, parsed and validated (API.md, section 4).
 */
#ifndef WORKERD_API_CHAT_CHAT_BODY_H
#define WORKERD_API_CHAT_CHAT_BODY_H

#include "workerd/api/attached/files_json.h"
#include "workerd/api/identity/identity.h"

#define CHAT_MESSAGE_MAX 4000 /* UTF-16 code units */

struct json_t;

struct chat_body {
	struct slice session;
	struct slice message;   /* of chat_body_read() alone */
	struct slice client_id; /* of chat_body_read() alone; empty: the client gave none */
	struct files_json_ids files;
	struct buf answer;         /* ANSWER_PARTs, in place of a message; empty: none */
	bool operators;            /* the client knows people: handovers and their messages */
	bool sources;              /* the client wants to know what the reply is based on */
	bool steps;                /* the client knows steps that wait for a decision */
	bool asks_person;          /* a person shall answer, not the model */
	const struct json_t *page; /* where the visitor is: an object, or NULL */
	struct buf context;        /* chat_context.h; empty: not given */
	struct identity identity;  /* with userId and hash, or empty */
	struct json_t *json;       /* owns the slices */
};

/*
 * Reads {"sessionId","message","clientMessageId"?,"operators"?,"sources"?,"steps"?,"person"?,"page"?,"context"?,"identity"?,"files"?}; with "answer" (workerd/structure) in place of "message"; other members are ignored. header is the value of
 * Idempotency-Key, which is another way to send clientMessageId (p NULL: not sent), and must outlive the
 * body. NULL on success: clear the body when done. Else a sentence that says what would be valid
 * (static), and nothing to clear.
 */
[[gnu::warn_unused_result]] const char *chat_body_read(
    struct slice text, struct slice header, struct chat_body *body);

/* The same for {"sessionId"} alone. */
[[gnu::warn_unused_result]] const char *chat_body_read_session(
    struct slice text, struct chat_body *body);

void chat_body_clear(struct chat_body *body);

/* The error for an invalid sessionId. */
extern const char chat_session_wrong[];

#endif
