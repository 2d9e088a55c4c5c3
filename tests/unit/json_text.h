/*
 * JSON in C strings, readable: written with ' in place of ".
 */
#ifndef TESTS_UNIT_JSON_TEXT_H
#define TESTS_UNIT_JSON_TEXT_H

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/buf.h"

/* The text with its quotes, in memory of exactly its size, so that a sanitizer detects reads beyond
 * it. Free it with json_text_free(). */
static inline struct slice
json_text(const char *text)
{
	size_t len = strlen(text);
	char *copy = xcalloc(1, len + (len == 0));

	for (size_t i = 0; i < len; i++)
		copy[i] = text[i] == '\'' ? '"' : text[i];
	return (struct slice){(const uint8_t *)copy, len};
}

static inline void
json_text_free(struct slice text)
{
	free((void *)(uintptr_t)text.p);
}

#endif
