/*
 * What searchd says about itself, for `banter status`.
 */
#ifndef STORAGED_CLI_STORE_SEARCH_STATUS_H
#define STORAGED_CLI_STORE_SEARCH_STATUS_H

#include "proto/ipc/channel.h"

struct search_status {
	struct channel channel; /* holds the texts of the message */
	struct msg_search_status status;
};

/* Asks searchd; waits for at most 2 s. False: it does not answer. Clear it in any case. */
[[gnu::warn_unused_result]] bool search_status_ask(struct search_status *s, const char *socket);

void search_status_clear(struct search_status *s);

#endif
