/*
 * The lists of words.
 */
#include "proto/schema/words.h"

#include <stddef.h>

#define ENUM(name)               const char *const name##_words[] = {
#define WORD(NAME, number, word) [number] = (word),
#define END_ENUM \
	NULL     \
	}        \
	;
#define END_COUNTED(NAME) \
	NULL              \
	}                 \
	;
#include "proto/schema/words.def"

const char *
word_of(const char *const *words, uint64_t value)
{
	while (*words != NULL && value > 0) {
		words++;
		value--;
	}
	return *words;
}
