/*
 * The responses on a connection of the load, one after the other. A truncated, corrupted or
 * unexpected response is bad, and counts as lost.
 */
#ifndef TESTS_BENCH_CROWD_ANSWER_H
#define TESTS_BENCH_CROWD_ANSWER_H

#include "workerd/model/upstream_response.h"

struct answer {
	struct upstream_response response;
	enum response_result result; /* RESPONSE_MORE: incomplete */
	struct buf line;             /* an incomplete line of the body */
};

/* Called for each complete line of a body, without its line feed. */
typedef void answer_line_fn(void *arg, struct slice line);

void answer_init(struct answer *a);
void answer_clear(struct answer *a);

/* Prepares for the next response. */
void answer_begin(struct answer *a);

/* Takes bytes; fn, unless NULL, gets the body's lines. False when the response is complete or bad:
 * see its result. Bytes after a complete one make it bad, as nothing requested them. */
bool answer_feed(struct answer *a, struct slice in, answer_line_fn *fn, void *arg);

#endif
