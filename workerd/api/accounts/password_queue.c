/*
 * Two sorted lists. They are short, so that a place is found from the end.
 */
#include "workerd/api/accounts/password_queue.h"

#include <stddef.h>

void
password_queue_init(struct password_queue *q)
{
	TAILQ_INIT(&q->parts[false]);
	TAILQ_INIT(&q->parts[true]);
	q->turn = false;
}

void
password_queue_add(struct password_queue *q, struct password_place *place)
{
	struct password_places *part = &q->parts[place->owner.known];
	struct password_place *before = TAILQ_LAST(part, password_places);

	while (before != NULL && before->owner.attempts >= place->owner.attempts)
		before = TAILQ_PREV(before, password_places, link);
	if (before == NULL)
		TAILQ_INSERT_HEAD(part, place, link);
	else
		TAILQ_INSERT_AFTER(part, before, place, link);
	place->waits = true;
}

void
password_queue_remove(struct password_queue *q, struct password_place *place)
{
	TAILQ_REMOVE(&q->parts[place->owner.known], place, link);
	place->waits = false;
}

bool
password_queue_is_empty(const struct password_queue *q)
{
	return TAILQ_EMPTY(&q->parts[false]) && TAILQ_EMPTY(&q->parts[true]);
}

struct password_place *
password_queue_take(struct password_queue *q)
{
	bool known = TAILQ_EMPTY(&q->parts[q->turn]) ? !q->turn : q->turn;
	struct password_place *next = TAILQ_FIRST(&q->parts[known]);

	if (next == NULL)
		return NULL;
	password_queue_remove(q, next);
	q->turn = !known;
	return next;
}

struct password_place *
password_queue_displace(struct password_queue *q, const struct password_owner *owner)
{
	struct password_place *last = TAILQ_LAST(&q->parts[owner->known], password_places);

	if (last == NULL || last->owner.attempts < owner->attempts)
		return NULL;
	password_queue_remove(q, last);
	return last;
}
