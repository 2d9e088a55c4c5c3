/*
 * Which worker delivers the webhooks: at most one at a time. It keeps the lease until it gives it back or its
 * connection ends, so that another worker takes over as soon as it dies. In memory only: after a restart of
 * storaged, the workers ask again.
 */
#ifndef STORAGED_LIVE_LEASE_H
#define STORAGED_LIVE_LEASE_H

#include "storaged/live/client.h"

struct lease {
	const struct client *holder; /* NULL: nobody */
	struct id id;                /* the holder's name for it */
	uint64_t revision; /* of the endpoints: changes after each commit that concerns them */
};

/* Gives the client the lease if nobody else has it; whether it has it now. */
bool lease_take(struct lease *l, const struct client *client, const struct id *id);

/* The client gives it back, or is gone. */
void lease_leave(struct lease *l, const struct client *client);

bool lease_is_held(const struct lease *l, const struct client *client, const struct id *id);

#endif
