/*
 * The tokens of one reply, produced on demand. Knows nothing of HTTP or time, except that a stamp
 * is taken when its token is produced.
 */
#ifndef TESTS_STUB_REPLY_H
#define TESTS_STUB_REPLY_H

#include "tests/stub/bytes.h"
#include "tests/stub/script.h"

struct reply {
	uint32_t kind;  /* enum script_reply, never REPLY_AUTO */
	uint32_t total; /* number of tokens */
	uint32_t next;  /* index of the next token */
	uint32_t huge;  /* bytes of each token, or SCRIPT_UNSET */
	struct bytes text;
	size_t at; /* in text: where the next token starts */
};

/* Starts the reply that the script describes. bare is the message without its directives. */
void reply_init(struct reply *r, const struct script *s, struct span bare);
void reply_clear(struct reply *r);

/* Limits the reply to max tokens; true if that shortens it. */
bool reply_limit(struct reply *r, uint32_t max);

/* Maximum size of the whole reply in bytes, before escaping: to refuse what would have to be built
 * in one piece. */
uint64_t reply_size(const struct reply *r);

/* Appends the next token as the content of a JSON string (for REPLY_WIRE: as raw bytes between
 * events); next must be less than total. */
void reply_token(struct reply *r, struct bytes *out);

#endif
