/*
 * Turns as in start-time fair queueing: a request's round is behind those of its organization that wait, and none before
 * the last turn. There are few requests, so the lists are searched.
 */
#include "storaged/request/long_reads.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

void
long_reads_init(struct long_reads *r)
{
	*r = (struct long_reads){.round = 0};
	TAILQ_INIT(&r->all);
}

static void
long_reads_remove(struct long_reads *r, struct long_read *q)
{
	TAILQ_REMOVE(&r->all, q, link);
	q->from->long_reads--;
}

void
long_reads_clear(struct long_reads *r)
{
	struct long_read *q;

	while ((q = TAILQ_FIRST(&r->all)) != NULL) {
		long_reads_remove(r, q);
		free(q);
	}
}

bool
long_reads_add(struct long_reads *r, struct client *from, const struct id *org,
    uint64_t request, uint16_t type, struct slice payload)
{
	struct long_read *q, *other;

	if (from->long_reads >= LONG_READS_MAX)
		return false;
	q = xcalloc(1, sizeof(*q) + payload.len);
	q->from = from;
	q->org = *org;
	q->round = r->round + 1;
	q->request = request;
	q->type = type;
	q->len = payload.len;
	must(slice_copy(payload, q->payload, payload.len));
	TAILQ_FOREACH (other, &r->all, link)
		if (id_equal(&other->org, org) && other->round >= q->round)
			q->round = other->round + 1;
	TAILQ_INSERT_TAIL(&r->all, q, link);
	from->long_reads++;
	return true;
}

struct long_read *
long_reads_take(struct long_reads *r)
{
	struct long_read *q, *first = NULL;

	TAILQ_FOREACH (q, &r->all, link)
		if (buf_len(q->from->out) <= LONG_READS_UNSENT &&
		    (first == NULL || q->round < first->round))
			first = q;
	if (first == NULL)
		return NULL;
	r->round = first->round;
	long_reads_remove(r, first);
	return first;
}

void
long_reads_forget(struct long_reads *r, struct client *from)
{
	struct long_read *q = TAILQ_FIRST(&r->all), *next;

	for (; q != NULL && from->long_reads > 0; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q->from == from) {
			long_reads_remove(r, q);
			free(q);
		}
	}
}
