/*
 * Pages of a conversation's messages, for MESSAGE_LIST and for the history of a turn: as many
 * stored records as were asked for and fit into an answer.
 *
 * A page is built in env->list, oldest message first, and the positions of its messages in env->places. It is bounded in bytes, but has at least one
 * message if there is any. The records are copied unchanged: the stored record is the wire record.
 * Messages whose checksum is wrong are left out.
 */
#ifndef STORAGED_ENGINE_MESSAGE_PAGE_H
#define STORAGED_ENGINE_MESSAGE_PAGE_H

#include "storaged/engine/txn.h"

/* Whether an encoded message has a text, without decoding it. */
bool message_has_text(struct slice record);

/* Its role, without decoding it; -1 if it is damaged. */
int message_role_of(struct slice record);

/* The most messages of a page. */
#define MESSAGE_PAGE_MAX 1000u

/* Why a page ends. */
enum message_page_end {
	MESSAGE_PAGE_ALL,   /* there are no more messages */
	MESSAGE_PAGE_LIMIT, /* it has as many as were asked for */
	MESSAGE_PAGE_BYTES, /* the next one would exceed the bytes */
};

/* The limits of a page. */
struct message_page_bounds {
	uint32_t messages; /* at most MESSAGE_PAGE_MAX */
	size_t bytes;      /* at most PAGE_BYTES, so that it fits into an answer */
	uint64_t end;      /* forwards: the first sequence number not wanted; 0: none */
};

struct message_page {
	enum message_page_end end;
	uint64_t
	    next; /* unless MESSAGE_PAGE_ALL: forwards the first message behind the page, backwards the first one in it */
};

/* Messages from sequence number `from` on. */
[[gnu::warn_unused_result]] int message_page_forwards(struct txn *t,
    const struct id *conversation, uint64_t from, struct message_page_bounds most,
    struct message_page *page);

/* The newest messages before `before`; with_text: only those with text. */
[[gnu::warn_unused_result]] int message_page_backwards(struct txn *t,
    const struct id *conversation, uint64_t before, struct message_page_bounds most,
    bool with_text, struct message_page *page);

#endif
