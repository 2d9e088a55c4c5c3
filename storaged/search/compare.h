/*
 * Compares the index with the store in the background, and mends it: texts that the index has lost are added, and
 * those that the store no longer has are removed.
 *
 * A pass reads the store in pages, as a building does. Behind the messages of each conversation, the index may have
 * no others of it, unless the feed brought some meanwhile. Then all conversations and contacts of the index
 * are looked up in the store. A step is a page or a lookup, with a pause behind it.
 */
#ifndef STORAGED_SEARCH_COMPARE_H
#define STORAGED_SEARCH_COMPARE_H

#include "storaged/search/index.h"

struct compare {
	uint64_t every_ms; /* between two passes; 0: none is made */
	uint64_t next_ms;  /* when the next step is due, monotonic */
	enum { COMPARE_PAUSES, COMPARE_READS, COMPARE_LOOKS_UP } phase;
	struct buf cursor; /* of the reading */
	int64_t parent;    /* the last one that was looked up */
	/* The conversation whose messages are read. */
	struct id conversation;
	struct id *ids;
	size_t n;
	bool disturbed;          /* its other messages in the index are not looked for */
	uint64_t added, removed; /* documents in this pass; removed: messages only */
};

/* The first pass begins after a pause, too. */
void compare_init(struct compare *c, uint64_t every_ms, uint64_t first_ms);
void compare_clear(struct compare *c);

/* The index or the connection was lost: the pass begins again. */
void compare_restart(struct compare *c);

/* The ms until the next step; UINT64_MAX: there is none. */
uint64_t compare_due_in(const struct compare *c);

/* A step. *reads: the store is to be read from the cursor, and its page goes to compare_take_page(). Else
 * conversations and contacts were added to a list of INDEX_WANTED, or the pass has ended. 0, or -1: the index failed. */
[[gnu::warn_unused_result]] int compare_step(
    struct compare *c, struct index *ix, struct buf *wanted, bool *reads);

/* A page of the reading, within a transaction; notes to look up are added to a list. 0, or -1: the index failed. */
[[gnu::warn_unused_result]] int compare_take_page(
    struct compare *c, struct index *ix, const struct msg_index_page *page, struct buf *wanted);

/* Items that were looked up, for a row of the feed or for the comparison. */
void compare_note_items(struct compare *c, struct slice items);

#endif
