/*
 * The language of a text, guessed from its script and its most frequent words: good enough to choose a stemmer, and
 * cheap.
 */
#ifndef PROTO_TEXT_LANGUAGE_H
#define PROTO_TEXT_LANGUAGE_H

#include "proto/base/buf.h"

/* The language of a valid text by its ISO 639-1 code, such as "en" (a static string); "" if there are too few signs.
 * Looks at the first 16 KiB. Knows en de fr es it pt nl sv da no fi hu ro tr pl cs ca eu id by their words, and by their
 * script ar el he hi hy ja ko ru uk sr ta th zh. */
const char *language_detect(struct slice text);

/* The language of a BCP 47 tag: its first part in lower case, such as "de" for "de-AT" and "no" for "nb"; empty if
 * it is not one of two or three letters. out gets a NUL. */
#define LANGUAGE_MAX 3
void language_from_tag(struct slice tag, char out[LANGUAGE_MAX + 1]);

#endif
