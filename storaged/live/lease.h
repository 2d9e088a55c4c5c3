/*
 * Which worker does something that only one may do: it delivers the webhooks and begins the replies that silent
 * operators have left (turns/silence.h), or it stores vectors. It keeps the lease until it gives it back or its
 * connection ends. The others wait: all that have asked are notified, once each, when nobody has the lease any more, or
 * when there is work, such as an endpoint that an owner has changed; then they ask again. In memory only: after a
 * restart of storaged, the workers ask again, too.
 */
#ifndef STORAGED_LIVE_LEASE_H
#define STORAGED_LIVE_LEASE_H

#include "storaged/live/waiters.h"

struct lease {
	struct client *holder; /* NULL: nobody */
	struct id id;          /* the holder's name for it */
	uint64_t revision; /* of the endpoints: changes after each commit that concerns them */
	struct waiters waiting; /* for a change */
};

void lease_init(struct lease *l, enum waiting what);

/* Gives the client the lease if nobody else has it; whether it has it now. It also waits for a change. */
bool lease_ask(struct lease *l, struct client *client, const struct id *id);

/* The client gives it back, and waits no more; lease_changed() must follow, after the batch. */
void lease_leave(struct lease *l, struct client *client);

bool lease_is_held(const struct lease *l, const struct client *client, const struct id *id);

/* Notifies the clients that wait. True: somebody was notified. */
bool lease_changed(struct lease *l);

/* The client is gone. True: somebody was notified. */
bool lease_forget(struct lease *l, struct client *client);

#endif
