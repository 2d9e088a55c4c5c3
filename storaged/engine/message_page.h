/*
 * Pages of a conversation's messages: as many of the stored records, one after the other, as were
 * asked for and fit into an answer. Used for MESSAGE_LIST and for the history of a turn.
 *
 * A page is built in env->list, oldest first, bounded in bytes but never without at least one
 * message if there is any. The records are copied as they are: they are the wire's.
 */
#ifndef STORAGED_ENGINE_MESSAGE_PAGE_H
#define STORAGED_ENGINE_MESSAGE_PAGE_H

#include "storaged/engine/txn.h"

/* The size of a stored message without a text. */
#define EMPTY_MESSAGE_LEN 39

/* The most messages that may be asked for. */
#define MESSAGE_PAGE_MAX 1000u

/* Why a page has no more. */
enum message_page_end {
	MESSAGE_PAGE_ALL,   /* there is nothing beyond */
	MESSAGE_PAGE_LIMIT, /* it has as many as were asked for */
	MESSAGE_PAGE_BYTES, /* more would be too many bytes */
};

/* What a page may come to. */
struct message_page_bounds {
	uint32_t messages; /* MESSAGE_PAGE_MAX at most */
	size_t bytes;      /* PAGE_BYTES at most: more would not fit into an answer */
};

struct message_page {
	enum message_page_end end;
	uint64_t
	    next; /* not MESSAGE_PAGE_ALL: forwards the first message not in it, backwards the
			  first one in it */
};

/* Messages from sequence number `from` on. */
[[gnu::warn_unused_result]] int message_page_forwards(struct txn *t,
    const struct id *conversation, uint64_t from, struct message_page_bounds most,
    struct message_page *page);

/* The newest messages before `before`; only those with a text if with_text. */
[[gnu::warn_unused_result]] int message_page_backwards(struct txn *t,
    const struct id *conversation, uint64_t before, struct message_page_bounds most,
    bool with_text, struct message_page *page);

#endif
