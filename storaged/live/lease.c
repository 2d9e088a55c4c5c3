/*
 * The lease of the webhooks.
 */
#include "storaged/live/lease.h"

#include <stddef.h>

bool
lease_take(struct lease *l, const struct client *client, const struct id *id)
{
	if (l->holder != NULL && l->holder != client)
		return false;
	l->holder = client;
	l->id = *id;
	return true;
}

void
lease_leave(struct lease *l, const struct client *client)
{
	if (l->holder == client)
		l->holder = NULL;
}

bool
lease_is_held(const struct lease *l, const struct client *client, const struct id *id)
{
	return l->holder == client && id_equal(&l->id, id);
}
