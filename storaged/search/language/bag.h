/*
 * A text as the index stores it: its tokens without their order, sorted, each with the number of its places:
 * "deliveri:2 order price". The text cannot be read back from it.
 */
#ifndef STORAGED_SEARCH_LANGUAGE_BAG_H
#define STORAGED_SEARCH_LANGUAGE_BAG_H

#include "storaged/search/language/tokens.h"

/* Appends the tokens of a text to out; returns their number, each place counted. out must have room for
 * BAG_ROOM bytes for each byte of the text. */
size_t bag_append(struct buf *out, struct slice text, const char *language);
#define BAG_ROOM 16

/* Takes the next token of a bag; false at the end. */
bool bag_next(struct slice *bag, struct slice *token, unsigned *count);

#endif
