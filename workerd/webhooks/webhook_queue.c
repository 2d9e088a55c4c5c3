/*
 * Linear walks: the queue is short.
 */
#include "workerd/webhooks/webhook_queue.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

#define WEBHOOK_RECORD_MAX 1024 /* bytes of a DELIVERY_RECORD */

#define EACH(d, q) TAILQ_FOREACH (d, &(q)->list, link)

void
webhook_queue_init(struct webhook_queue *q, uint64_t cursor)
{
	*q = (struct webhook_queue){.read_to = cursor, .cursor = cursor};
	TAILQ_INIT(&q->list);
}

static void
webhook_queue_remove(struct webhook_queue *q, struct webhook_delivery *d)
{
	TAILQ_REMOVE(&q->list, d, link);
	q->n--;
	free(d);
}

void
webhook_queue_clear(struct webhook_queue *q)
{
	while (!TAILQ_EMPTY(&q->list))
		webhook_queue_remove(q, TAILQ_FIRST(&q->list));
	free(q->done);
	q->done = NULL;
	q->n_done = q->done_at = 0;
}

static bool
webhook_queue_is_pending(const struct webhook_delivery *d)
{
	return d->record.state == DELIVERY_PENDING;
}

/* What must be delivered in order. */
static const struct id *
webhook_queue_thread(const struct webhook_delivery *d)
{
	return id_is_zero(&d->record.conversation) ? &d->record.object
						   : &d->record.conversation;
}

/* The delivery that this one waits for; NULL: none. */
static struct webhook_delivery *
webhook_queue_earlier(const struct webhook_delivery *d)
{
	struct webhook_delivery *e = TAILQ_PREV(d, webhook_deliveries, link);

	while (e != NULL &&
	    (!webhook_queue_is_pending(e) ||
		!id_equal(webhook_queue_thread(e), webhook_queue_thread(d))))
		e = TAILQ_PREV(e, webhook_deliveries, link);
	return e;
}

/* Whether it is tried again, or waits for one that is. */
static bool
webhook_queue_may_take_long(const struct webhook_delivery *d)
{
	return d->record.attempts > 0 || d->stored || d->storing || d->dirty;
}

static struct webhook_delivery *
webhook_queue_insert(struct webhook_queue *q, const struct msg_delivery_record *record)
{
	struct webhook_delivery *d = xcalloc(1, sizeof(*d));

	d->record = *record;
	if (!slice_copy_text(record->error, d->error, sizeof(d->error)))
		d->error[0] = '\0';
	d->record.error = slice_str(d->error);
	TAILQ_INSERT_TAIL(&q->list, d, link);
	q->n++;
	return d;
}

static void
webhook_queue_restore_done(struct webhook_queue *q, uint64_t n)
{
	/* The size of the array is the power of two at or above the count. */
	if ((q->n_done & (q->n_done - 1)) == 0) {
		size_t size = q->n_done == 0 ? 1 : 2 * q->n_done;

		q->done = reallocarray(q->done, size, sizeof(*q->done));
		must(q->done != NULL);
	}
	q->done[q->n_done++] = n;
}

void
webhook_queue_restore(struct webhook_queue *q, const struct msg_delivery_record *record)
{
	if (record->state == DELIVERY_PENDING)
		webhook_queue_insert(q, record)->stored = true;
	else if (record->n > q->read_to)
		webhook_queue_restore_done(q, record->n);
}

/* Whether an event was done before this worker read it. Events come in the order of their numbers. */
static bool
webhook_queue_was_done(struct webhook_queue *q, uint64_t n)
{
	while (q->done_at < q->n_done && q->done[q->done_at] < n)
		q->done_at++;
	return q->done_at < q->n_done && q->done[q->done_at] == n;
}

static struct webhook_delivery *
webhook_queue_find(const struct webhook_queue *q, uint64_t n)
{
	struct webhook_delivery *d;

	EACH(d, q)
	if (d->record.n == n)
		return d;
	return NULL;
}

void
webhook_queue_add(struct webhook_queue *q, const struct msg_delivery_record *record)
{
	const struct webhook_delivery *earlier;
	struct webhook_delivery *d;
	uint64_t before = q->read_to;

	q->read_to = record->n;
	if (webhook_queue_was_done(q, record->n) || webhook_queue_find(q, record->n) != NULL)
		return;
	d = webhook_queue_insert(q, record);
	d->before = before;
	earlier = webhook_queue_earlier(d);
	d->dirty = earlier != NULL && webhook_queue_may_take_long(earlier);
}

static bool
webhook_queue_is_down(const struct webhook_queue *q)
{
	return q->failures >= WEBHOOK_FAILURES_MAX;
}

bool
webhook_queue_has_room(const struct webhook_queue *q)
{
	return q->n < WEBHOOK_QUEUE_MAX && (!webhook_queue_is_down(q) || q->n == 0);
}

static bool
webhook_queue_may_go(const struct webhook_delivery *d)
{
	return webhook_queue_is_pending(d) && !d->in_flight && webhook_queue_earlier(d) == NULL;
}

/* A time beyond the longest pause is of a clock that was set back since. */
static bool
webhook_queue_has_come(uint64_t at, uint64_t now)
{
	return at <= now || at - now > WEBHOOK_RETRY_MAX_MS + WEBHOOK_RETRY_MAX_MS / 4;
}

/* Whether as many are in flight as may be: the next result makes room. */
static bool
webhook_queue_is_busy(const struct webhook_queue *q)
{
	return q->in_flight >= (webhook_queue_is_down(q) ? 1 : WEBHOOK_WINDOW);
}

struct webhook_delivery *
webhook_queue_next(struct webhook_queue *q, uint64_t now)
{
	struct webhook_delivery *d;

	if (webhook_queue_is_busy(q) || !webhook_queue_has_come(q->not_before, now))
		return NULL;
	EACH(d, q)
	{
		if (!webhook_queue_has_come(d->record.next_at, now) || !webhook_queue_may_go(d))
			continue;
		d->in_flight = true;
		q->in_flight++;
		return d;
	}
	return NULL;
}

uint64_t
webhook_queue_due(const struct webhook_queue *q)
{
	struct webhook_delivery *d;
	uint64_t due = 0;

	if (webhook_queue_is_busy(q))
		return 0;
	EACH(d, q)
	{
		uint64_t at = d->record.next_at == 0 ? 1 : d->record.next_at;

		if ((due == 0 || at < due) && webhook_queue_may_go(d))
			due = at;
	}
	return due != 0 && due < q->not_before ? q->not_before : due;
}

/* How long the receiver wants no requests. */
static uint64_t
webhook_queue_retry_after(const struct webhook_result *result)
{
	return result->retry_after_ms < WEBHOOK_RETRY_MAX_MS ? result->retry_after_ms
							     : WEBHOOK_RETRY_MAX_MS;
}

/* 2 s, doubled by each attempt, up to an hour; up to a quarter longer, so that many do not come at once. */
static uint64_t
webhook_queue_backoff(uint32_t attempts)
{
	uint64_t ms =
	    attempts > 20 ? WEBHOOK_RETRY_MAX_MS : WEBHOOK_RETRY_MIN_MS << (attempts - 1);
	uint32_t random;

	if (ms > WEBHOOK_RETRY_MAX_MS)
		ms = WEBHOOK_RETRY_MAX_MS;
	secret_random(&random, sizeof(random));
	return ms + random % (ms / 4);
}

/* Those that wait for this one must not hold the cursor back for days. */
static void
webhook_queue_mark_waiting(struct webhook_delivery *d)
{
	struct webhook_delivery *e = d;

	while ((e = TAILQ_NEXT(e, link)) != NULL)
		if (!e->stored && id_equal(webhook_queue_thread(e), webhook_queue_thread(d)))
			e->dirty = true;
}

static void
webhook_queue_keep_result(
    struct webhook_delivery *d, const struct webhook_result *result, uint64_t now)
{
	struct msg_delivery_record *r = &d->record;

	memcpy(d->error, result->error, sizeof(d->error));
	r->error = slice_str(d->error);
	r->status = (uint16_t)result->status;
	r->ms = result->ms;
	r->last_at = now;
	if (r->first_at == 0)
		r->first_at = now;
	r->attempts++;
	d->dirty = true;
}

/* Its owner need not see it. */
static enum webhook_outcome
webhook_queue_skip(struct webhook_queue *q, struct webhook_delivery *d)
{
	if (!d->stored && !d->storing) {
		webhook_queue_remove(q, d);
	} else {
		d->record.state = DELIVERY_DONE;
		d->dirty = true;
	}
	return WEBHOOK_SKIPPED;
}

enum webhook_outcome
webhook_queue_result(struct webhook_queue *q, struct webhook_delivery *d,
    const struct webhook_result *result, uint64_t now)
{
	struct msg_delivery_record *r = &d->record;
	const uint64_t wanted = now + webhook_queue_retry_after(result);

	must(d->in_flight);
	d->in_flight = false;
	q->in_flight--;
	if (result->skipped)
		return webhook_queue_skip(q, d);
	webhook_queue_keep_result(d, result, now);
	if (result->error[0] == '\0') {
		q->failures = 0;
		q->not_before = 0;
		r->state = DELIVERY_DONE;
		return WEBHOOK_DELIVERED;
	}
	q->failures++;
	if (now >= r->first_at + WEBHOOK_GIVE_UP_MS) {
		r->state = DELIVERY_FAILED;
		return WEBHOOK_GIVEN_UP;
	}
	q->not_before = wanted > now ? wanted : 0;
	r->next_at = now + webhook_queue_backoff(r->attempts);
	if (r->next_at < wanted)
		r->next_at = wanted;
	webhook_queue_mark_waiting(d);
	return WEBHOOK_TRY_AGAIN;
}

/* The first delivery that is neither stored nor about to be; the cursor stays before it. NULL: none. */
static struct webhook_delivery *
webhook_queue_first_ahead(const struct webhook_queue *q)
{
	struct webhook_delivery *d;

	EACH(d, q)
	if (!d->stored && !d->storing && !d->dirty)
		return d;
	return NULL;
}

/* Counts the deliveries that are done while the cursor stands still. When they are too many, those that hold it back
 * are stored, too, as pending. */
static void
webhook_queue_move_cursor(struct webhook_queue *q)
{
	struct webhook_delivery *d = webhook_queue_first_ahead(q), *last;

	if (d == NULL || d->before != q->cursor)
		q->ahead = 0;
	EACH(last, q)
	q->ahead += last->dirty && !webhook_queue_is_pending(last);
	if (q->ahead < WEBHOOK_AHEAD_MAX)
		return;
	q->ahead = 0;
	last = TAILQ_LAST(&q->list, webhook_deliveries);
	while (!last->dirty)
		last = TAILQ_PREV(last, webhook_deliveries, link);
	for (; d != NULL && d != last; d = TAILQ_NEXT(d, link))
		if (!d->stored && !d->storing)
			d->dirty = true;
}

static uint64_t
webhook_queue_next_cursor(const struct webhook_queue *q)
{
	const struct webhook_delivery *d = webhook_queue_first_ahead(q);

	return d == NULL ? q->read_to : d->before;
}

uint64_t
webhook_queue_oldest_ahead(const struct webhook_queue *q)
{
	const struct webhook_delivery *d;

	EACH(d, q)
	if (!d->stored)
		return d->record.at;
	return 0;
}

uint64_t
webhook_queue_collect(struct webhook_queue *q, struct buf *list)
{
	struct webhook_delivery *d;
	struct buf record;

	webhook_queue_move_cursor(q);
	q->cursor = webhook_queue_next_cursor(q);
	buf_init(&record, WEBHOOK_RECORD_MAX);
	EACH(d, q)
	{
		if (!d->dirty)
			continue;
		buf_reset(&record);
		must(record_encode(&record, MSG_DELIVERY_RECORD, &d->record) == 0 &&
		    wire_list_add(list, buf_slice(&record)) == 0);
		d->dirty = false;
		d->storing = true;
	}
	buf_clear(&record);
	return q->cursor;
}

void
webhook_queue_stored(struct webhook_queue *q, bool is_stored)
{
	struct webhook_delivery *d, *next;

	for (d = TAILQ_FIRST(&q->list); d != NULL; d = next) {
		next = TAILQ_NEXT(d, link);
		if (!d->storing)
			continue;
		d->storing = false;
		if (!is_stored)
			d->dirty = true;
		else
			d->stored = true;
		if (is_stored && !d->dirty && !webhook_queue_is_pending(d))
			webhook_queue_remove(q, d);
	}
}
