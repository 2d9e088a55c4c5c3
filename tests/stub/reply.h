/*
 * The tokens of one reply, made one after the other as they are needed. Knows nothing of HTTP or
 * of time, except that a stamp is taken when its token is made.
 */
#ifndef TESTS_STUB_REPLY_H
#define TESTS_STUB_REPLY_H

#include "tests/stub/bytes.h"
#include "tests/stub/script.h"

struct reply {
	uint32_t kind;  /* enum script_reply, never REPLY_AUTO */
	uint32_t total; /* tokens in all */
	uint32_t next;  /* index of the next one */
	uint32_t huge;  /* bytes of each token, or SCRIPT_UNSET */
	struct bytes text;
	size_t at; /* in text: where the next token starts */
};

/* The reply that the script asks for. bare is the message without its directives. */
void reply_init(struct reply *r, const struct script *s, struct span bare);
void reply_clear(struct reply *r);

/* Ends the reply after max tokens at most; true if that shortens it. */
bool reply_limit(struct reply *r, uint32_t max);

/* Bytes of the whole reply at most, before escaping: to refuse what must be built in one piece. */
uint64_t reply_size(const struct reply *r);

/* Appends the next token as the inside of a JSON string (or, for REPLY_WIRE, as it is to stand
 * between events); next must be under total. */
void reply_token(struct reply *r, struct bytes *out);

#endif
