/*
 * What is counted of conversations: sums, and two histograms of times. Counted by storaged
 * (storaged/numbers), added up and shown by workers.
 *
 * Encoded, only what is not zero takes space: for each such number, the distance to the one before
 * and its value, both as variable-length integers (LEB128).
 *
 * A histogram has four buckets for each doubling of the time. A percentile is in the right bucket,
 * so at most a quarter wrong, and usually much less.
 */
#ifndef PROTO_COUNTS_COUNTS_H
#define PROTO_COUNTS_COUNTS_H

#include <stdint.h>

#include "proto/base/buf.h"

/* The numbers are stored: new ones come at the end of their group. */
enum count {
	COUNT_CONVERSATIONS = 0, /* begun */
	COUNT_QUESTIONS = 1,     /* visitors' messages */
	COUNT_OPERATOR = 2,      /* operators' messages */
	COUNT_BEGUN = 3,         /* conversations whose first reply is the agent's */
	COUNT_COMPLETE = 4,      /* replies by how they ended */
	COUNT_STOPPED = 5,
	COUNT_INTERRUPTED = 6, /* after some text */
	COUNT_FAILED = 7,      /* before any text */
	COUNT_TOKENS_IN = 8,
	COUNT_TOKENS_OUT = 9,
	COUNT_RATED_UP = 10,
	COUNT_RATED_DOWN = 11,
	COUNT_HANDOVERS = 12,
	COUNT_SUMS = 16,
};

/* Buckets of a time in ms, from 0 to 2^32 - 1. */
#define COUNT_BUCKETS 124

enum count_histogram {
	COUNT_FIRST_TOKEN = COUNT_SUMS,
	COUNT_TOTAL_TIME = COUNT_FIRST_TOKEN + COUNT_BUCKETS,
	COUNTS = COUNT_TOTAL_TIME + COUNT_BUCKETS,
};

/* The longest encoding. */
#define COUNTS_BYTES_MAX (COUNTS * (2 + 10))

struct counts {
	uint64_t n[COUNTS];
};

/* The bucket of a time. */
unsigned counts_bucket(uint32_t ms);

/* The time below which so many percent (1 to 100) of a histogram's times are, in ms; 0 if it is
 * empty. */
uint32_t counts_percentile(
    const struct counts *c, enum count_histogram histogram, unsigned percent);

void counts_add(struct counts *to, const struct counts *c);

/* Writes the encoding to out, COUNTS_BYTES_MAX bytes; returns its length, 0 if all are zero. */
size_t counts_encode(const struct counts *c, uint8_t *out);

/* Adds what is encoded. False, with some of it added, if it is not an encoding of
 * counts_encode(). Sums that are too large wrap. */
[[gnu::warn_unused_result]] bool counts_add_encoded(struct counts *to, struct slice in);

/* Writes a variable-length integer (LEB128) of at most 10 bytes; returns what is behind it. */
uint8_t *counts_put_integer(uint8_t *at, uint64_t n);

/* Takes an integer in its shortest encoding. False: there is none. */
[[gnu::warn_unused_result]] bool counts_take_integer(struct slice *in, uint64_t *n);

/* Appends the counts as text: "0:12 4:3", the number of each count that is not zero, and its value. 0, or -1
 * with ENOBUFS. */
[[gnu::warn_unused_result]] int counts_write_text(struct buf *out, const struct counts *c);

/* Reads such a text, whose values are below 2^53. False: it is not one. */
[[gnu::warn_unused_result]] bool counts_read_text(struct counts *c, struct slice text);

#endif
