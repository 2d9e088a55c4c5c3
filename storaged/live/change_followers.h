/*
 * Clients that wait for rows of the change feed. A client is notified once; it reads the rows, and then waits
 * again (CHANGES_READ with follow). So a slow client never has more than one notification.
 */
#ifndef STORAGED_LIVE_CHANGE_FOLLOWERS_H
#define STORAGED_LIVE_CHANGE_FOLLOWERS_H

#include "storaged/live/client.h"

struct change_followers {
	LIST_HEAD(, client) waiting;
	uint64_t newest; /* number of the last row that was announced */
};

void change_followers_init(struct change_followers *f);

/* The client has read the rows up to this number, and waits for later ones. */
void change_followers_wait(struct change_followers *f, struct client *client, uint64_t seq);

/* The last committed row has this number: notifies the clients that wait. True: somebody was notified. */
bool change_followers_announce(struct change_followers *f, uint64_t newest);

/* The client waits no more. */
void change_followers_forget(struct client *client);

#endif
