/*
 * Pages of what an organization has, and of organizations: tables whose keys end with an id, in the
 * order of these ids, which is the order in which they were made, or the other way round.
 */
#ifndef STORAGED_REQUEST_LISTING_H
#define STORAGED_REQUEST_LISTING_H

#include "storaged/request/call.h"

/* The most items of a page (messages.def). */
#define LISTING_MAX 200u

/* What a page shows of a record: 0 with *item, which is used before the next call; or an error. */
typedef int listing_item_fn(struct txn *t, struct slice record, struct slice *item);

struct listing {
	enum table table;
	struct key front;      /* what the keys begin with; empty: all */
	struct key after;      /* the page begins behind this key; empty: with the first */
	uint32_t limit;        /* items; 0: as many as there may be */
	listing_item_fn *item; /* NULL: the records as they are stored */
	bool newest_first;
};

/* The listing of an organization's, behind the item `after` (zero: from the first). */
struct listing listing_of(
    enum table table, const struct id *org, const struct id *after, uint32_t limit);
struct listing listing_of_newest(
    enum table table, const struct id *org, const struct id *before, uint32_t limit);

/* Answers with a page (type: a message of a list and, unless it has all, a cursor): by items and bytes
 * (PAGE_BYTES), but of one item if there is any. The cursor for what is left is the page's last id;
 * zero: that was all. */
[[gnu::warn_unused_result]] int listing_answer(
    struct txn *t, struct call *c, const struct listing *l, enum msg_type type);

/* Answers with a page of this record alone; one of no bytes: with an empty one. */
void listing_answer_one(struct txn *t, struct call *c, struct slice record, enum msg_type type);

/* Refuses (LIMIT) one more where an organization has `most` or more in a table; why is a constant. */
[[gnu::warn_unused_result]] int listing_check_room(struct txn *t, struct call *c,
    enum table table, const struct id *org, size_t most, const char *why);

#endif
