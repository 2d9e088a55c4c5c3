/*
 * The messages of a MESSAGE_PAGE, oldest first, with their positions in the conversation:
 *
 *	struct live_page walk = live_page_of(page);
 *	while (live_page_next(&walk, &message)) …
 *
 * The slices are borrowed from the page.
 */
#ifndef WORKERD_API_LIVE_LIVE_PAGE_H
#define WORKERD_API_LIVE_LIVE_PAGE_H

#include "proto/ipc/messages.h"

struct live_page {
	struct slice messages, places; /* that are left */
};

struct live_message {
	struct msg_message_record r;
	struct slice record; /* r, encoded */
	uint64_t seq;
	bool is_last; /* of the page */
};

struct live_page live_page_of(const struct msg_message_page *page);

/* False: there are no more. */
bool live_page_next(struct live_page *walk, struct live_message *message);

/* The last message; false: the page is empty. */
bool live_page_last(const struct msg_message_page *page, struct live_message *message);

/* The conversation's record. */
struct msg_conversation_record live_page_conversation(const struct msg_message_page *page);

#endif
