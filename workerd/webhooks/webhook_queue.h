/*
 * The deliveries of one endpoint that are not done yet, in the order of their events.
 *
 * A delivery waits while an earlier one of the same conversation (or, without a conversation, of the same object) is
 * not done, so that a receiver gets the events of each in order; those of others go on. The queue is bounded. While
 * the receiver fails again and again, it is tried with one delivery at a time, and gets no new ones. When its answer has
 * Retry-After, it gets nothing for that time, at most WEBHOOK_RETRY_MAX_MS.
 *
 * What must be stored is marked: results, and deliveries that hold the endpoint's cursor back: those that wait for one
 * that is tried again, and those with WEBHOOK_AHEAD_MAX done ones behind them. So the cursor always moves on, and what is stored behind it is bounded.
 * Of a stored delivery that is done only the number is kept: it needs no room. No I/O; the endpoint (webhook_endpoint.h)
 * does it.
 */
#ifndef WORKERD_WEBHOOKS_WEBHOOK_QUEUE_H
#define WORKERD_WEBHOOKS_WEBHOOK_QUEUE_H

#include <sys/queue.h>

#include "proto/base/clock.h"
#include "proto/ipc/messages.h"
#include "workerd/webhooks/webhook_post.h"

#define WEBHOOK_QUEUE_MAX    500
#define WEBHOOK_WINDOW       8 /* deliveries of an endpoint at a time */
#define WEBHOOK_AHEAD_MAX    64
#define WEBHOOK_GIVE_UP_MS   (3 * CLOCK_DAY_MS)
#define WEBHOOK_RETRY_MIN_MS UINT64_C(2000)
#define WEBHOOK_RETRY_MAX_MS CLOCK_HOUR_MS

/* Failures in a row after which the endpoint is tried with one delivery at a time. */
#define WEBHOOK_FAILURES_MAX 5

struct webhook_delivery {
	TAILQ_ENTRY(webhook_delivery) link;
	struct msg_delivery_record record; /* its error lies in `error` */
	char error[WEBHOOK_ERROR_MAX];
	uint64_t before; /* number of the event before it: as a cursor, it leads to this one */
	bool in_flight;
	bool stored, storing; /* in some state */
	bool dirty;           /* it must be stored (again) */
	void *sending;        /* the endpoint's own */
};

TAILQ_HEAD(webhook_deliveries, webhook_delivery);

struct webhook_queue {
	struct webhook_deliveries list;
	size_t n, in_flight;
	unsigned failures;   /* in a row */
	uint64_t not_before; /* ms since 1970: until then the receiver wants no requests */
	uint64_t
	    read_to; /* number of the last event that was added, or that needed no delivery */
	/* Numbers of stored deliveries behind the cursor that are done, in order: the events of the feed from done_at on. */
	uint64_t *done;
	size_t n_done, done_at;
	uint64_t cursor; /* that was collected last */
	size_t ahead;    /* deliveries done since it has moved */
};

void webhook_queue_init(struct webhook_queue *q, uint64_t cursor);
void webhook_queue_clear(struct webhook_queue *q);

/* Adds a delivery that is stored already, pending or not, in the order of their numbers; before the first new event. */
void webhook_queue_restore(struct webhook_queue *q, const struct msg_delivery_record *record);

/* Adds a new event; one that is known already is ignored. */
void webhook_queue_add(struct webhook_queue *q, const struct msg_delivery_record *record);

/* Whether it takes a new event. */
bool webhook_queue_has_room(const struct webhook_queue *q);

/* The next delivery that may be sent at this time (ms since 1970), marked as in flight; NULL: none. */
struct webhook_delivery *webhook_queue_next(struct webhook_queue *q, uint64_t now);

/* When the first of those that are not in flight may be sent; 0: there is none, or not before the next result. */
uint64_t webhook_queue_due(const struct webhook_queue *q);

enum webhook_outcome {
	WEBHOOK_DELIVERED,
	WEBHOOK_SKIPPED,
	WEBHOOK_TRY_AGAIN,
	WEBHOOK_GIVEN_UP
};

/* The result of a delivery in flight. One that is skipped is freed, unless it is stored already. */
enum webhook_outcome webhook_queue_result(struct webhook_queue *q, struct webhook_delivery *d,
    const struct webhook_result *result, uint64_t now);

/* When the oldest event happened that the cursor has not passed (ms since 1970); 0: there is none in the queue. */
uint64_t webhook_queue_oldest_ahead(const struct webhook_queue *q);

/* Collects what must be stored in a list, with the cursor that is right once it is. Only one such list at a time. */
uint64_t webhook_queue_collect(struct webhook_queue *q, struct buf *list);

/* The list is stored, or it is not. */
void webhook_queue_stored(struct webhook_queue *q, bool is_stored);

#endif
