/*
 * Notifications to clients.
 */
#include "storaged/live/client.h"

#include <errno.h>

#include "proto/base/basics.h"

void
client_init(struct client *client, struct buf *out)
{
	*client = (struct client){.out = out};
	TAILQ_INIT(&client->turns);
	LIST_INIT(&client->ended);
	for (size_t i = 0; i < TOPIC_KINDS; i++)
		LIST_INIT(&client->follows[i].list);
	for (size_t i = 0; i < WAITINGS; i++)
		client->waits_for[i].client = client;
}

void
client_notify(struct client *client, enum msg_type type, const void *msg)
{
	if (msg_encode(client->out, type, 0, msg) == 0)
		return;
	/* Any other error means that the message violates messages.def. */
	must(errno != EMSGSIZE);
	client->fault = "too far behind";
}
