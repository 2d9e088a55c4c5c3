/*
 * The words of a step.
 */
#ifndef TESTS_UNIT_SCENARIO_WORDS_H
#define TESTS_UNIT_SCENARIO_WORDS_H

#include <stddef.h>

#define LINE_WORDS_MAX 128

struct words {
	const char *word[LINE_WORDS_MAX];
	size_t n;
};

/* Splits text in place at white space that is not within "...", {...} or [...]. The words lie in
 * text. Fails the scenario if there are too many, or a quote or bracket is not closed. */
void words_split(char *text, struct words *words);

#endif
