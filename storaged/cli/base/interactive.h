/*
 * Questions to a person, printed to standard error; answers are read from standard input, a line each.
 * After an invalid answer the question is repeated.
 */
#ifndef STORAGED_CLI_BASE_INTERACTIVE_H
#define STORAGED_CLI_BASE_INTERACTIVE_H

#include <stdbool.h>
#include <stddef.h>

/* A program at the other end could answer wrongly for ever. */
#define INTERACTIVE_TRIES 20

struct question {
	const char *text;
	bool secret; /* a terminal does not show the answer */
	/* What is wrong with an answer, in a text that the caller frees; NULL if it is valid. A NULL
	 * function accepts every answer. */
	char *(*problem)(const struct question *q, const char *answer);
	int kind; /* for problem() */
};

/* Asks until a line is valid and shorter than size. 0, or the exit status after an error message:
 * EX_DATAERR when standard input ends, or after INTERACTIVE_TRIES invalid answers. */
[[gnu::warn_unused_result]] int interactive_ask(
    const struct question *q, char *answer, size_t size);

#endif
