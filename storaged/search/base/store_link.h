/*
 * searchd's connection to storaged: it is made again with back-off when it is lost. One request at a time.
 */
#ifndef STORAGED_SEARCH_BASE_STORE_LINK_H
#define STORAGED_SEARCH_BASE_STORE_LINK_H

#include <event2/event.h>

#include "proto/ipc/channel.h"

struct store_link_user {
	/* Before it connects. false: not now; it tries again after STORE_LINK_REOPEN_MS. */
	bool (*prepare)(void *arg);
	void (*connected)(void *arg);
	void (*lost)(void *arg);
	/* An answer, or with request 0 a notification. */
	void (*take)(void *arg, const struct frame *frame, const union msg *m);
	void *arg;
};

/* After the owner's index could not be opened or written, for example on a full disk. */
#define STORE_LINK_REOPEN_MS 5000

#define STORE_LINK_RETRY_MS 20 /* the first time */

struct store_link {
	struct event_base *base;
	const char *socket;
	struct store_link_user user;
	struct channel channel;
	struct event *readable, *writable, *retry;
	unsigned retry_ms;
	bool connected;
	bool
	    known; /* storaged has answered on this connection; a standby closes it without an answer */
	bool reported; /* store_unreachable was logged */
	bool waits;    /* for an answer */
};

/* Starts to connect. Borrows the path. */
void store_link_init(struct store_link *link, struct event_base *base, const char *socket,
    const struct store_link_user *user);
void store_link_clear(struct store_link *link);

/* Sends a request. The connection may be lost by that. */
void store_link_ask(struct store_link *link, enum msg_type type, const void *m);

/* Sends what is not answered. */
void store_link_tell(struct store_link *link, enum msg_type type, const void *m);

/* Closes the connection and connects again, after a time or with back-off. */
void store_link_drop(struct store_link *link, const char *why, unsigned retry_ms);
void store_link_back_off(struct store_link *link, const char *why);

/* Whether storaged has closed the connection, which may not have been read yet. */
bool store_link_is_cut(const struct store_link *link);

#endif
