/*
 * Sources of the owner's content, and their states. A source's state is written with it, counts its pages, and stays
 * until all of them are removed (content_garbage.h): a state without a source is that of a removed one.
 */
#ifndef STORAGED_CONTENT_SOURCES_H
#define STORAGED_CONTENT_SOURCES_H

#include "storaged/request/call.h"

#define SOURCES_OF_ORG_MAX  100 /* in an organization */
#define PAGES_OF_SOURCE_MAX 10000u
#define SOURCE_LIST_BYTES   PAGE_BYTES

extern const char source_missing[];

/* Looks a source up. 0, MDB_NOTFOUND or an error as of txn_get(), whose slices *r has. */
[[gnu::warn_unused_result]] int source_find(
    struct txn *t, const struct id *org, const struct id *source, struct msg_source_record *r);

/* The same, but refuses (NOT_FOUND). */
[[gnu::warn_unused_result]] int source_need(struct txn *t, struct call *c, const struct id *org,
    const struct id *source, struct msg_source_record *r);

[[gnu::warn_unused_result]] int source_find_state(struct txn *t, const struct id *org,
    const struct id *source, struct msg_source_state_record *r);

/* Stores the state of a new source. */
[[gnu::warn_unused_result]] int source_state_begin(
    struct txn *t, const struct id *org, const struct id *source);

/* What a page adds to the counts of its source. */
struct source_share {
	bool exists;
	uint8_t state; /* enum page_state */
	uint32_t chunks, bytes;
};

struct source_share source_share_of(const struct msg_source_page_record *page);

/* Changes the counts of a source by what a page had and has now. */
[[gnu::warn_unused_result]] int source_count(struct txn *t, const struct id *org,
    const struct id *source, const struct source_share *before,
    const struct source_share *after);

/* The time of a new request of the owner's: now, but after all that happened before, also if the clock was set back. */
uint64_t source_state_after(const struct msg_source_state_record *r);

/* An upload waits: notes the time in the source's state, as if the owner had asked for a crawl, so that crawld finds
 * out which source to look at. */
[[gnu::warn_unused_result]] int source_wants_crawl(
    struct txn *t, const struct id *org, const struct id *source);

/* The sums of all organizations. The pages of a source that is being removed count until they are gone. */
struct source_sums {
	size_t sources;
	uint64_t waiting, read, unread, chunks;
	bool complete; /* false: the pages of some sources are not in the sums */
};

/* Adds up the states of at most this many sources; damaged ones are left out. */
[[gnu::warn_unused_result]] int source_sum(
    struct txn *t, unsigned most, struct source_sums *sums);

/* The pages that a state counts. */
uint32_t source_pages_counted(const struct msg_source_state_record *state);

#endif
