/*
 * The answer to a request of a peer that searches.
 */
#ifndef STORAGED_SEARCH_ANSWER_H
#define STORAGED_SEARCH_ANSWER_H

#include "proto/ipc/channel.h"
#include "storaged/search/follower.h"
#include "storaged/search/passages/content_follower.h"

/* What searches are answered from. */
struct followers {
	struct follower *inbox;
	struct content_follower *content;
};

/* Queues the answer. 0, or -1: it does not fit, as the peer takes no answers. */
[[gnu::warn_unused_result]] int answer_request(const struct followers *followers,
    struct channel *channel, const struct frame *f, const union msg *m);

#endif
