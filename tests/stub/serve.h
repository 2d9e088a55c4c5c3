/*
 * What each request is answered: the routes of the stand-in. No sockets here.
 */
#ifndef TESTS_STUB_SERVE_H
#define TESTS_STUB_SERVE_H

#include "tests/stub/bytes.h"
#include "tests/stub/chat.h"
#include "tests/stub/http.h"
#include "tests/stub/script.h"
#include "tests/stub/stats.h"

/* What the answers depend on; one per process, owned by the server. */
struct service {
	struct stats stats;
	struct script defaults; /* from the flags */
	const char *key;        /* the only one accepted, or NULL for any */
	uint64_t last_id;       /* of calls */
};

/*
 * Answers a whole request: either the answer is appended to out, or it is a chat that will be
 * given step by step, which the caller then owns.
 */
[[gnu::warn_unused_result]] struct chat *serve_request(
    struct service *s, const struct http_reader *r, struct bytes *out);

/* The answer to what the reader called HTTP_BAD; the connection ends after it. */
void serve_bad(const struct http_reader *r, struct bytes *out);

#endif
