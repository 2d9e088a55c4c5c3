/*
 * The list of waiting clients. A client may have read rows that were announced, or committed and not yet
 * announced, or none of them.
 */
#include "storaged/live/change_followers.h"

void
change_followers_init(struct change_followers *f)
{
	*f = (struct change_followers){.newest = 0};
	LIST_INIT(&f->waiting);
}

void
change_followers_forget(struct client *client)
{
	if (!client->changes.waits)
		return;
	LIST_REMOVE(client, changes.link);
	client->changes.waits = false;
}

void
change_followers_wait(struct change_followers *f, struct client *client, uint64_t seq)
{
	change_followers_forget(client);
	LIST_INSERT_HEAD(&f->waiting, client, changes.link);
	client->changes.waits = true;
	client->changes.has = seq;
	/* Looked at again by the next announcement. */
	if (seq < f->newest)
		f->newest = seq;
}

bool
change_followers_announce(struct change_followers *f, uint64_t newest)
{
	struct client *client, *next;
	bool notified = false;

	if (newest <= f->newest)
		return false;
	f->newest = newest;
	for (client = LIST_FIRST(&f->waiting); client != NULL; client = next) {
		next = LIST_NEXT(client, changes.link);
		if (client->changes.has >= newest)
			continue;
		change_followers_forget(client);
		client_notify(client, MSG_LIVE_CHANGES, &(struct msg_live_changes){newest});
		notified = true;
	}
	return notified;
}
