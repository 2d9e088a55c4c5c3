/*
 * The lease of the webhooks.
 */
#include "storaged/live/lease.h"

#include <stddef.h>

void
lease_init(struct lease *l)
{
	*l = (struct lease){.revision = 0};
	LIST_INIT(&l->waiting);
}

static void
lease_stop_waiting(struct client *client)
{
	if (client->lease.waits)
		LIST_REMOVE(client, lease.link);
	client->lease.waits = false;
}

bool
lease_ask(struct lease *l, struct client *client, const struct id *id)
{
	lease_stop_waiting(client);
	LIST_INSERT_HEAD(&l->waiting, client, lease.link);
	client->lease.waits = true;
	if (l->holder != NULL && l->holder != client)
		return false;
	l->holder = client;
	l->id = *id;
	return true;
}

void
lease_leave(struct lease *l, struct client *client)
{
	lease_stop_waiting(client);
	if (l->holder == client)
		l->holder = NULL;
}

bool
lease_is_held(const struct lease *l, const struct client *client, const struct id *id)
{
	return l->holder == client && id_equal(&l->id, id);
}

bool
lease_changed(struct lease *l)
{
	struct client *client;
	bool notified = false;

	while ((client = LIST_FIRST(&l->waiting)) != NULL) {
		lease_stop_waiting(client);
		client_notify(client, MSG_LIVE_WEBHOOKS, &(struct msg_live_webhooks){});
		notified = true;
	}
	return notified;
}

bool
lease_forget(struct lease *l, struct client *client)
{
	bool held = l->holder == client;

	lease_leave(l, client);
	return held && lease_changed(l);
}
