/*
 * HTTP/1.1 answers as the load's clients read them: with a length or in chunks, from any split of
 * bytes, one after the other on a connection. Strict enough to notice an answer that is cut or
 * garbled, which would be counted as lost.
 */
#ifndef TESTS_BENCH_RELAY_ANSWER_H
#define TESTS_BENCH_RELAY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line in the making. One that is longer keeps its beginning; what is not used is not touched. */
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
	uint64_t left;    /* bytes of the body or the chunk still to come */
	struct line line; /* of head or framing */
	struct line body; /* of the body */
};

/* Called for each whole line of a body, without its line feed. */
typedef void answer_line_fn(void *arg, const char *line, size_t len);

/* Ready for the next answer. */
void answer_begin(struct answer *a);

/* Takes n bytes; fn, unless NULL, gets the body's lines. False once the answer is whole or bad: see
 * its state. Bytes behind a whole one make it bad, as nobody has asked for them. */
bool answer_feed(struct answer *a, const char *p, size_t n, answer_line_fn *fn, void *arg);

#endif
