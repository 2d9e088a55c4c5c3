/*
 * One endpoint while this worker delivers to it. It reads its stored deliveries, then the events behind its cursor;
 * sends what its queue permits, and stores the results, one request at a time.
 *
 * Whatever goes wrong with the store or the feed breaks the endpoint: its owner (webhooks.c) drops it, and begins again
 * with what is stored.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_ENDPOINT_H
#define WORKERD_WEBHOOKS_WEBHOOK_ENDPOINT_H

#include "proto/ipc/scoreboard.h"
#include "workerd/api/events/event_feed.h"
#include "workerd/net/fair_slots.h"
#include "workerd/webhooks/webhook_queue.h"

/* From when on a cursor that stands still with events ahead of it is reported. */
#define WEBHOOK_STANDS_MS 60000u

/* Deliveries of all endpoints that are under way. */
#define WEBHOOK_IN_FLIGHT_MAX 64

/* What all endpoints of the worker share. */
struct webhook_engine {
	struct store_client *store;
	struct event_feed *feed;
	struct scoreboard_worker *board;
	struct webhook_poster *poster;
	struct event *wake; /* runs webhook_endpoint_work() of each endpoint soon */
	struct id lease;
	struct fair_slots in_flight; /* deliveries */
	bool stopping;               /* nothing new is sent */
};

enum webhook_endpoint_state {
	ENDPOINT_LOADS,
	ENDPOINT_RUNS,
	ENDPOINT_BROKEN, /* to be dropped */
};

struct webhook_endpoint {
	struct event_reader reader; /* first */
	TAILQ_ENTRY(webhook_endpoint) link;
	struct webhook_engine *engine;
	struct msg_webhook_record record;
	struct buf bytes; /* of the record */
	char *url;
	struct webhook_queue queue;
	enum webhook_endpoint_state state;
	struct store_call *call;
	uint64_t stored_cursor, cursor; /* the latter is being stored */
	uint64_t retry_at;  /* when to store again what was refused; 0: nothing was */
	bool reads;         /* it has joined the feed */
	bool missed;        /* an event for which there was no room: it must resume */
	bool given_up;      /* the endpoint is to be disabled */
	const char *notice; /* for its owner, not stored yet; NULL: none */
	/* While its cursor stands: since when it is as it is (ms, monotonic), where, and whether events lie ahead of it. */
	uint64_t since_ms, stood_at;
	bool ahead;
	bool stands;       /* for WEBHOOK_STANDS_MS with events ahead */
	bool noted;        /* the stored notice says so */
	bool clear_notice; /* it must be cleared */
	bool listed;       /* webhooks.c's own */
};

/* Starts; record is the encoded WEBHOOK_RECORD. */
struct webhook_endpoint *webhook_endpoint_new(
    struct webhook_engine *engine, struct slice record);

/* Cancels everything. */
void webhook_endpoint_free(struct webhook_endpoint *e);

/* Sends and stores what can be at this time (ms since 1970). Returns when to call it again; 0: when the engine
 * wakes. */
uint64_t webhook_endpoint_work(struct webhook_endpoint *e, uint64_t now);

/* Stores the position in the feed of an endpoint without events, so that it is not forgotten. */
void webhook_endpoint_save_cursor(struct webhook_endpoint *e);

/* Whether it has nothing in flight and nothing to store. */
bool webhook_endpoint_is_idle(const struct webhook_endpoint *e);

/* webhook_send.c: sends a delivery that the queue has given out. webhook_endpoint_sent() gets the result. */
void webhook_send(struct webhook_endpoint *e, struct webhook_delivery *d);
void webhook_send_cancel(struct webhook_delivery *d);
void webhook_endpoint_sent(struct webhook_endpoint *e, struct webhook_delivery *d,
    const struct webhook_result *result);

/* Wakes the engine. */
void webhook_endpoint_wake(struct webhook_endpoint *e);

#endif
