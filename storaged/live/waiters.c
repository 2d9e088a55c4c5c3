/*
 * The list of waiting clients.
 */
#include "storaged/live/waiters.h"

/* The notifications have no fields. */
static const enum msg_type notices[WAITINGS] = {
    [WAITING_WEBHOOKS] = MSG_LIVE_WEBHOOKS,
    [WAITING_EMBEDDING] = MSG_LIVE_EMBEDDING,
    [WAITING_SOURCES] = MSG_LIVE_SOURCES,
    [WAITING_MAIL] = MSG_LIVE_MAIL,
    [WAITING_MEDIA] = MSG_LIVE_MEDIA,
};

void
waiters_init(struct waiters *w, enum waiting what)
{
	*w = (struct waiters){.what = what};
	LIST_INIT(&w->all);
}

void
waiters_remove(const struct waiters *w, struct client *client)
{
	struct waiter *waiter = &client->waits_for[w->what];

	if (waiter->waits)
		LIST_REMOVE(waiter, link);
	waiter->waits = false;
}

void
waiters_add(struct waiters *w, struct client *client)
{
	struct waiter *waiter = &client->waits_for[w->what];

	waiters_remove(w, client);
	LIST_INSERT_HEAD(&w->all, waiter, link);
	waiter->waits = true;
}

bool
waiters_notify(struct waiters *w)
{
	struct waiter *waiter;
	bool notified = false;

	while ((waiter = LIST_FIRST(&w->all)) != NULL) {
		waiters_remove(w, waiter->client);
		client_notify(waiter->client, notices[w->what], &(struct msg_live_webhooks){});
		notified = true;
	}
	return notified;
}
