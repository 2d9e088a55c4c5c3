/*
 * Clients that wait for one kind of change. A client is notified once, and then asks again; so a slow client never
 * has more than one notification of a kind. In memory only.
 */
#ifndef STORAGED_LIVE_WAITERS_H
#define STORAGED_LIVE_WAITERS_H

#include "storaged/live/client.h"

struct waiters {
	enum waiting what;
	LIST_HEAD(, waiter) all;
};

void waiters_init(struct waiters *w, enum waiting what);

/* The client waits; it may wait already. */
void waiters_add(struct waiters *w, struct client *client);

/* The client waits no more. */
void waiters_remove(const struct waiters *w, struct client *client);

/* Notifies the clients that wait. True: somebody was notified. */
bool waiters_notify(struct waiters *w);

#endif
