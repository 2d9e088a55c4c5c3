/*
 * The name of a language, as texts of the index have it.
 */
#ifndef STORAGED_SEARCH_LANGUAGE_LANGUAGE_H
#define STORAGED_SEARCH_LANGUAGE_LANGUAGE_H

#include "proto/base/buf.h"

#define LANGUAGE_MAX 8 /* bytes with the NUL */

/* The part of a language tag that counts, in lower case: "de" of "de-AT"; "" if it is none (RFC 5646, 2.2.1). */
void language_of_tag(char language[LANGUAGE_MAX], struct slice tag);

#endif
