/*
 * The part of a conversation that the model sees: pages of stored messages, fetched from the
 * newest backwards, written oldest first.
 */
#ifndef WORKERD_TURN_HISTORY_H
#define WORKERD_TURN_HISTORY_H

#include <sys/queue.h>

#include "proto/ipc/messages.h"

struct history_page;

struct history {
	size_t max; /* messages wanted */
	size_t n;   /* messages held */
	size_t bytes;
	uint64_t older; /* where the next older page starts (MESSAGE_LIST's from); 0: no more */
	SLIST_HEAD(, history_page) pages; /* the oldest first */
};

void history_init(struct history *h, size_t max);
void history_clear(struct history *h);

/* Adds a page that is older than all before it: a list of MESSAGE_RECORD, oldest first (copied),
 * and where the next begins. */
void history_add(struct history *h, struct slice messages, uint64_t older);

/* How many more messages to fetch; 0 when there are enough, no more, or too many bytes. */
size_t history_wanted(const struct history *h);

/* Appends the newest max messages, those without text left out, to a question. 0, or -1 with
 * ENOBUFS. */
[[gnu::warn_unused_result]] int history_write(const struct history *h, struct buf *body);

#endif
