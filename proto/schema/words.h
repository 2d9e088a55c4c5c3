/*
 * The enumerations of words.def, and the words of their values.
 */
#ifndef PROTO_SCHEMA_WORDS_H
#define PROTO_SCHEMA_WORDS_H

#include <stdint.h>

#define ENUM(name)               enum name {
#define WORD(NAME, number, word) NAME = (number),
#define END_ENUM \
	}        \
	;
#define END_COUNTED(NAME) \
	NAME              \
	}                 \
	;
#include "proto/schema/words.def"

/* <enumeration>_words[]: by value; a NULL ends the list. */
#define ENUM(name) extern const char *const name##_words[];
#define WORD(NAME, number, word)
#define END_ENUM
#define END_COUNTED(NAME)
#include "proto/schema/words.def"

/* The word of a value; NULL: the list has none for it. */
const char *word_of(const char *const *words, uint64_t value);

#endif
