/*
 * The answer to a request of a peer that searches.
 */
#ifndef STORAGED_SEARCH_ANSWER_H
#define STORAGED_SEARCH_ANSWER_H

#include "proto/ipc/channel.h"
#include "storaged/search/follower.h"

/* Queues the answer. 0, or -1: it does not fit, as the peer takes no answers. */
[[gnu::warn_unused_result]] int answer_request(struct follower *follower,
    struct channel *channel, const struct frame *f, const union msg *m);

#endif
