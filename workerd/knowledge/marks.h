/*
 * The marks of a model's text: [S1] behind a sentence names the passage that it is based on, [S1, S2] several, and [S0]
 * says that the content has no answer. They are cut from the text wherever the tokens split them, with the spaces
 * before them. What looks like a mark within code is text: between backticks, to the end of the line at most, and
 * between lines that begin with ``` or ~~~.
 *
 * The format only, no I/O. One for each reply.
 */
#ifndef WORKERD_KNOWLEDGE_MARKS_H
#define WORKERD_KNOWLEDGE_MARKS_H

#include <stdbool.h>

#include "proto/base/buf.h"
#include "proto/text/markdown_code.h"

/* The longest mark with the spaces before it; what is longer is text. */
#define MARKS_HELD_MAX 64

/* How much of a mark the held bytes are. */
enum marks_part {
	MARKS_NOTHING,
	MARKS_SPACES,  /* before it */
	MARKS_BRACKET, /* an S must follow */
	MARKS_LETTER,  /* a digit must follow */
	MARKS_NUMBER,
	MARKS_NUMBER_END, /* spaces behind a number */
	MARKS_COMMA,      /* another number follows, with its S or without */
};

struct marks {
	struct markdown_code code;
	enum marks_part part;
	size_t n_held, n_numbers;
	uint8_t held[MARKS_HELD_MAX];
	uint16_t numbers[MARKS_HELD_MAX / 2];
};

/* Called in the order of the text. A text is whole bytes of the given one, at most as much as was fed; no character is
 * split that was whole. */
struct marks_events {
	void (*text)(void *arg, struct slice text);
	void (*mark)(void *arg, unsigned number);
};

/* All zero is the start of a reply. */
void marks_feed(
    struct marks *m, struct slice text, const struct marks_events *events, void *arg);

/* The reply has ended: what waits for the rest of a mark is text. */
void marks_end(struct marks *m, const struct marks_events *events, void *arg);

#endif
