/*
 * The body of a chat request, read and checked (API.md, section 4).
 */
#ifndef WORKERD_API_CHAT_BODY_H
#define WORKERD_API_CHAT_BODY_H

#include "proto/buf.h"

#define CHAT_SESSION_MAX 128  /* characters */
#define CHAT_MESSAGE_MAX 4000 /* UTF-16 code units */

struct json_t;

struct chat_body {
	struct slice session;
	struct slice message;
	struct json_t *json; /* holds both */
};

/*
 * Reads {"sessionId","message"}; other members are passed over. NULL on success: clear the body
 * when done with it. Else a sentence that tells what would be right (static), and nothing to clear.
 */
[[gnu::warn_unused_result]] const char *chat_body_read(
    struct slice text, struct chat_body *body);
void chat_body_clear(struct chat_body *body);

/* Whether s is 1 to 128 of A–Z a–z 0–9 . _ : - (what ids of clients are made of). */
bool is_client_id(struct slice s);

#endif
