#include "workerd/turn/turn_service.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/turn/remote_reply.h"
#include "workerd/turn/reply_listeners.h"
#include "workerd/turn/turn.h"
#include "workerd/turn/turn_internal.h"
#include "workerd/turn/turn_resume.h"

#define TRIALS_MAX 32 /* at a time and worker, so that visitors have the rest */

/* Claims the running turns on the new connection, so that storaged does not close them as orphans. It
 * then sends again which of them other workers follow. */
static void
turn_service_on_connected(void *arg)
{
	struct turns *turns = arg;
	struct turn *t;

	LIST_FOREACH (t, &turns->running, link) {
		turn_unfollow(t);
		t->checkpointed = t->checkpointed_marks = 0;
		turn_claim(t);
	}
}

static void
turn_service_on_lost(void *arg)
{
	remote_reply_resync(arg);
}

static void
turn_service_on_message(void *arg, uint16_t type, const union msg *m)
{
	struct turns *turns = arg;

	switch (type) {
	case MSG_LIVE_WANTED:
		turn_live_wanted(turns, &m->live_wanted);
		break;
	case MSG_LIVE_UNWANTED:
		turn_live_unwanted(turns, &m->live_unwanted.turn);
		break;
	case MSG_LIVE_STOP:
		turn_live_stop(turns, &m->live_stop.turn);
		break;
	case MSG_LIVE_TEXT:
		remote_reply_text(turns, &m->live_text);
		break;
	case MSG_LIVE_END:
		remote_reply_end(turns, &m->live_end.turn);
		turn_live_end(turns, &m->live_end.turn);
		break;
	case MSG_LIVE_UNSAVED:
		remote_reply_unsaved(turns, &m->live_unsaved);
		break;
	case MSG_LIVE_LEFT:
		turn_begin_left(turns, &m->live_left);
		break;
	default: /* messages about visitors */
		break;
	}
}

void
turn_service_start(struct turns *turns)
{
	static const struct store_events events = {
	    .connected = turn_service_on_connected,
	    .lost = turn_service_on_lost,
	    .notification = turn_service_on_message,
	};

	turns->resume_repeated = turn_resume_repeated;
	turns->resume_stop = turn_resume_stop;
	LIST_INIT(&turns->running);
	turns->trials.most = TRIALS_MAX;
	LIST_INIT(&turns->followed);
	TAILQ_INIT(&turns->remote);
	LIST_INIT(&turns->lookups);
	turns->running_by_id = reply_listeners_index_new();
	turns->remote_by_id = reply_listeners_index_new();
	turn_limits_start(turns);
	store_client_listen(turns->store, &events, turns);
}

/* If the begin had no answer, the listener has the error already, and a turn that storaged has begun becomes interrupted
 * when this worker's connection ends. */
static bool
turn_service_is_needed(const struct turn *t)
{
	return t->state != TURN_OVER && (t->begun || !t->failed);
}

size_t
turn_service_running(const struct turns *turns)
{
	const struct turn *t;
	size_t n = 0;

	LIST_FOREACH (t, &turns->running, link)
		n += turn_service_is_needed(t);
	return n;
}

/* Reads the clock twice per loop iteration, not per token: each token counts as if it had arrived with
 * the first. */
static void
turn_service_observe_relay(struct turns *turns)
{
	if (turns->relayed == 0)
		return;
	metric_observe(
	    &turns->board->relay, clock_mono_ns() - turns->relayed_since_ns, turns->relayed);
	turns->relayed = 0;
}

void
turn_service_flush(struct turns *turns)
{
	struct turn *t;

	turn_service_observe_relay(turns);
	LIST_FOREACH (t, &turns->followed, followed_link)
		turn_publish(t);
}

/* A turn that storaged has not begun yet, or whose reply is on its way to storaged, continues. */
static void
turn_service_interrupt_one(struct turn *t)
{
	if (t->state == TURN_STORE_RETRY)
		turn_store_reply(t);
	if (!turn_is_producing(t))
		return;
	turn_cancel_calls(t);
	turn_fail(t, TURN_SHUTDOWN);
}

void
turn_service_interrupt(struct turns *turns)
{
	struct turn *t, *next;

	for (t = LIST_FIRST(&turns->running); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		turn_service_interrupt_one(t);
	}
	turn_resume_shutdown(turns);
	remote_reply_shutdown(turns);
}

void
turn_service_report_shutdown(struct turns *turns)
{
	struct turn *t;

	LIST_FOREACH (t, &turns->running, link) {
		turn_set_failure(t, TURN_SHUTDOWN);
		turn_report_end(t);
	}
}

void
turn_service_clear(struct turns *turns)
{
	struct turn *t;

	while ((t = LIST_FIRST(&turns->running)) != NULL)
		turn_discard(t);
	turn_limits_clear(turns);
	turn_resume_clear(turns);
	remote_reply_clear(turns);
	reply_listeners_index_free(turns->running_by_id);
	reply_listeners_index_free(turns->remote_by_id);
}
