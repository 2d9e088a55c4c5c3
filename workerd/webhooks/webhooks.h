/*
 * Webhooks: one worker at a time delivers the events of all organizations to their endpoints.
 *
 * Each worker asks storaged for the lease; the one that gets it delivers until it drains or loses its connection to
 * storaged, which then notifies the others. It reads the events from the change feed, behind each endpoint's stored cursor, and stores
 * the results. So an event is delivered at least once, with the same id each time, and in order within a conversation.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOKS_H
#define WORKERD_WEBHOOKS_WEBHOOKS_H

#include "proto/ipc/scoreboard.h"
#include "proto/settings/settings.h"
#include "workerd/store/store_client.h"
#include "workerd/webhooks/webhook_post.h"

struct event_feed;
struct webhooks;

struct webhooks_config {
	struct event_base *base;
	/* Borrowed. */
	struct store_client *store;
	struct event_feed *feed;
	struct scoreboard_worker *board;
	const struct settings *settings;
};

struct webhooks *webhooks_new(const struct webhooks_config *config);
void webhooks_free(struct webhooks *w);

/* Gives the lease to another worker, once the deliveries in flight have ended. */
void webhooks_stop(struct webhooks *w);

/* Sends a delivery to try an endpoint: it is neither stored nor repeated. The record is copied. */
struct webhook_post *webhooks_test(struct webhooks *w, const struct msg_webhook_record *webhook,
    webhook_post_fn *fn, void *arg);

#endif
