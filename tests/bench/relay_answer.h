/*
 * A parser for HTTP/1.1 responses in the load's clients: with a length or chunked, from bytes split
 * anywhere, one after the other on a connection. Strict enough to detect a truncated or corrupted
 * response, which counts as lost.
 */
#ifndef TESTS_BENCH_RELAY_ANSWER_H
#define TESTS_BENCH_RELAY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A partial line. A longer one keeps its beginning; unused memory is not touched. */
#define LINE_SIZE 16384u

struct line {
	size_t len;
	char text[LINE_SIZE];
};

enum answer_state {
	ANSWER_STATUS,
	ANSWER_FIELDS,
	ANSWER_LENGTH,
	ANSWER_CHUNK_SIZE,
	ANSWER_CHUNK,
	ANSWER_CHUNK_END,
	ANSWER_TRAILER,
	ANSWER_WHOLE,
	ANSWER_BAD,
};

struct answer {
	enum answer_state state;
	int status;
	bool chunked;
	uint64_t left;    /* bytes of the body or chunk that are still missing */
	struct line line; /* of head or framing */
	struct line body; /* of the body */
};

/* Called for each complete line of a body, without its line feed. */
typedef void answer_line_fn(void *arg, const char *line, size_t len);

/* Prepares for the next response. */
void answer_begin(struct answer *a);

/* Takes n bytes; fn, unless NULL, gets the body's lines. False when the response is complete or
 * invalid: see its state. Bytes after a complete one make it invalid, as nothing requested them. */
bool answer_feed(struct answer *a, const char *p, size_t n, answer_line_fn *fn, void *arg);

#endif
