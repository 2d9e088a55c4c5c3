/*
 * The tokens of one reply, produced on demand. Knows nothing of HTTP or time, except that a stamp
 * is taken when its token is produced.
 */
#ifndef TESTS_STUB_REPLY_H
#define TESTS_STUB_REPLY_H

#include "tests/stub/put.h"
#include "tests/stub/script.h"

struct reply {
	uint32_t kind;   /* enum script_reply, never REPLY_AUTO */
	uint32_t total;  /* number of tokens */
	uint32_t next;   /* index of the next token */
	uint32_t huge;   /* bytes of each token, or SCRIPT_UNSET */
	struct buf text; /* of REPLY_TEXT: what is left of it */
	const char *raw; /* the same of REPLY_RAW and REPLY_WIRE, in the script */
};

/* Starts the reply that the script, which stays valid, describes. bare is the message without its directives. */
void reply_init(struct reply *r, const struct script *s, struct slice bare);
void reply_clear(struct reply *r);

/* Limits the reply to max tokens; true if that shortens it. */
bool reply_limit(struct reply *r, uint32_t max);

/* Appends the next token as the content of a JSON string (for REPLY_WIRE: as raw bytes between
 * events); next must be less than total. */
void reply_token(struct reply *r, struct buf *out);

#endif
