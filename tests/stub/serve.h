/*
 * The routes of the stub. No sockets here.
 */
#ifndef TESTS_STUB_SERVE_H
#define TESTS_STUB_SERVE_H

#include "tests/stub/chat.h"
#include "workerd/http/message/http_parse.h"

/* The state that responses depend on; one per process, owned by the server. */
struct service {
	struct stats stats;
	struct script defaults; /* from --script */
	const json_t *dialect;  /* from --dialect */
	const char *key;        /* the only accepted key, or NULL for any */
	uint64_t last_id;       /* of calls */
};

/* Responds to a complete request: appends the response to out, or returns a chat that is sent step
 * by step and that the caller owns. */
[[gnu::warn_unused_result]] struct chat *serve_request(
    struct service *s, const struct http_request *r, struct slice body, struct buf *out);

/* The response to an invalid request; the connection closes after it. */
void serve_bad(int status, struct buf *out);

#endif
