/*
 * What a response with status 200 is: a stream of events, JSON in one piece, or something else. Its first
 * bytes say it, and its media type where they do not: servers and gateways often send a wrong type. No I/O.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_FORM_H
#define WORKERD_MODEL_OPENAI_OPENAI_FORM_H

#include "proto/base/buf.h"

enum openai_form {
	OPENAI_FORM_UNKNOWN, /* more bytes are needed */
	OPENAI_FORM_EVENTS,
	OPENAI_FORM_JSON,
	OPENAI_FORM_OTHER, /* a web page, or a text */
};

/* start: the bytes so far. type: in lower case, without parameters; empty: none. */
enum openai_form openai_form_of(const char *type, struct slice start);

/* Whether this type promises a stream of events. */
bool openai_form_is_stream(const char *type);

/* Writes what a response without a reply is, and what may be wrong, as a sentence for the owner: NUL-terminated,
 * truncated. */
void openai_form_explain(const char *type, struct slice start, char *out, size_t size);

#endif
