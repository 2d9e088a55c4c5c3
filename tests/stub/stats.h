/*
 * What the stub records about its calls for tests to query: counters, the last call, the last
 * messages, and which held replies may continue. One per process, owned by the server.
 */
#ifndef TESTS_STUB_STATS_H
#define TESTS_STUB_STATS_H

#include <jansson.h>

#include "tests/stub/put.h"

#define STATS_TEXTS 4096

/* The newest texts. */
struct stats_texts {
	struct buf text[STATS_TEXTS];
	uint64_t n; /* total; the newest is at (n - 1) % STATS_TEXTS */
};

struct stats {
	uint64_t calls;
	uint64_t active;       /* calls whose response is not complete */
	uint64_t disconnected; /* calls whose client disconnected first */
	uint64_t tokens;
	uint64_t accepted; /* connections */
	uint64_t embedding_calls, embedded_texts;
	json_t *last; /* the last call, as --help describes it; NULL before the first */
	struct stats_texts messages; /* of calls */
	struct stats_texts released; /* parts of messages whose held replies may continue */
};

void stats_clear(struct stats *st);

void stats_add_text(struct stats_texts *texts, struct slice text);

/* How many messages contain this part. */
uint64_t stats_count_messages(const struct stats *st, struct slice part);

/* Whether this message, the newest, is among the first `times` of its kind. */
bool stats_fails(const struct stats *st, uint32_t times);

/* Whether this message contains a released part. */
bool stats_is_released(const struct stats *st, struct slice message);

/* {"calls":…}, as --help describes it. */
json_t *stats_json(const struct stats *st);

#endif
