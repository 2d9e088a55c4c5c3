/*
 * The lease of the webhooks, and that of the embeddings.
 */
#include "storaged/live/lease.h"

#include <stddef.h>

void
lease_init(struct lease *l, enum waiting what)
{
	*l = (struct lease){.revision = 0};
	waiters_init(&l->waiting, what);
}

bool
lease_ask(struct lease *l, struct client *client, const struct id *id)
{
	waiters_add(&l->waiting, client);
	if (l->holder != NULL && l->holder != client)
		return false;
	l->holder = client;
	l->id = *id;
	return true;
}

void
lease_leave(struct lease *l, struct client *client)
{
	waiters_remove(&l->waiting, client);
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
	return waiters_notify(&l->waiting);
}

bool
lease_forget(struct lease *l, struct client *client)
{
	bool held = l->holder == client;

	lease_leave(l, client);
	return held && lease_changed(l);
}
