/*
 * Pages of an organization's records, and of organizations: tables whose keys end with an id. The
 * order of the ids is the order of creation; a list goes either way.
 */
#ifndef STORAGED_REQUEST_LISTING_H
#define STORAGED_REQUEST_LISTING_H

#include "storaged/request/call.h"

/* The most items of a page (messages.def). */
#define LISTING_MAX 200u

/* Replaces a record by what the page shows of it: 0 with *item, which is used before the next
 * call; or an error. */
typedef int listing_item_fn(struct txn *t, struct slice record, struct slice *item);

/* Whether the page shows a record. */
typedef bool listing_shows_fn(struct slice record);

struct listing {
	enum table table;
	struct key front;        /* of the keys; empty: all keys */
	struct key after;        /* the page begins behind this key; empty: with the first */
	uint32_t limit;          /* items; 0: as many as possible */
	listing_item_fn *item;   /* NULL: the stored records */
	listing_shows_fn *shows; /* NULL: all */
	uint32_t looks; /* records looked at, whether they are shown or not; 0: any number */
	bool newest_first;
};

/* A list of an organization's records, behind the item `after` (zero: from the first); or newest
 * first, in front of the item `before` (zero: from the newest). */
struct listing listing_of(
    enum table table, const struct id *org, const struct id *after, uint32_t limit);
struct listing listing_of_newest(
    enum table table, const struct id *org, const struct id *before, uint32_t limit);

/* Answers with a page (type: a message of a list and, unless it is never continued, a cursor). A
 * page is bounded in items and bytes (PAGE_BYTES), but has one item if there is any. The cursor
 * is the page's last id; zero: there is no more. */
[[gnu::warn_unused_result]] int listing_answer(
    struct txn *t, struct call *c, const struct listing *l, enum msg_type type);

/* Answers with a page of one record; a record of no bytes: with an empty page. */
void listing_answer_one(struct txn *t, struct call *c, struct slice record, enum msg_type type);

/* Refuses (LIMIT) another record of an organization that has `most` or more in a table; why is a
 * constant. */
[[gnu::warn_unused_result]] int listing_check_room(struct txn *t, struct call *c,
    enum table table, const struct id *org, size_t most, const char *why);

#endif
