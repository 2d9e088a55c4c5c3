/*
 * A list in the order of the rows, which is that of the commits.
 */
#include "storaged/live/index_wait.h"

#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

void
index_wait_init(struct index_wait *w)
{
	*w = (struct index_wait){.searcher = NULL};
	TAILQ_INIT(&w->held);
}

static void
index_wait_remove(struct index_wait *w, struct held *held)
{
	TAILQ_REMOVE(&w->held, held, link);
	free(held);
}

void
index_wait_clear(struct index_wait *w)
{
	while (!TAILQ_EMPTY(&w->held))
		index_wait_remove(w, TAILQ_FIRST(&w->held));
}

static void
index_wait_send(const struct held *held)
{
	if (buf_append(held->client->out, held->frame, held->len) != 0)
		held->client->fault = "too far behind";
}

void
index_wait_answer(struct index_wait *w, const struct held *answer)
{
	struct held *held;

	if (w->searcher == NULL || w->position >= answer->seq) {
		index_wait_send(answer);
		return;
	}
	held = xcalloc(1, sizeof(*held));
	*held = *answer;
	held->since_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&w->held, held, link);
}

static void
index_wait_release(struct index_wait *w, uint64_t position)
{
	struct held *held;

	while ((held = TAILQ_FIRST(&w->held)) != NULL && held->seq <= position) {
		index_wait_send(held);
		index_wait_remove(w, held);
	}
}

void
index_wait_report(struct index_wait *w, struct client *client, uint64_t position)
{
	w->searcher = client;
	w->position = position;
	w->heard_ms = clock_mono_ms();
	index_wait_release(w, position);
}

void
index_wait_forget(struct index_wait *w, const struct client *client)
{
	struct held *held, *next;

	for (held = TAILQ_FIRST(&w->held); held != NULL; held = next) {
		next = TAILQ_NEXT(held, link);
		if (held->client == client)
			index_wait_remove(w, held);
	}
	if (w->searcher != client)
		return;
	w->searcher = NULL;
	index_wait_release(w, UINT64_MAX);
}

void
index_wait_expire(struct index_wait *w)
{
	const struct held *first = TAILQ_FIRST(&w->held);
	uint64_t since_ms;

	if (first == NULL)
		return;
	since_ms = first->since_ms > w->heard_ms ? first->since_ms : w->heard_ms;
	if (clock_mono_ms() - since_ms >= INDEX_WAIT_MS)
		w->searcher->fault = "its index did not erase in time";
}
