/*
 * All replies of a worker together, and what the store says of them by itself.
 */
#include "workerd/turn/turns.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/turn/remote_reply.h"
#include "workerd/turn/resume.h"
#include "workerd/turn/turn_internal.h"

/* -- the line to the store --------------------------------------------------------------- */

/* Claims the running turns again, so that storaged does not take them for orphans; who follows them
 * it then says anew. */
static void
on_connected(void *arg, int fd)
{
	struct chat *chat = arg;
	struct turn *t;

	model_servers_fd_is_new(&chat->servers, fd);
	LIST_FOREACH (t, &chat->turns, link) {
		turn_unwanted(t);
		t->kept = 0;
		turn_claim(t);
	}
}

static void
on_lost(void *arg)
{
	follows_ask(arg);
}

static void
on_news(void *arg, uint16_t type, const union msg *m)
{
	struct chat *chat = arg;

	switch (type) {
	case MSG_LIVE_WANTED:
		turn_live_wanted(chat, &m->live_wanted);
		break;
	case MSG_LIVE_UNWANTED:
		turn_live_unwanted(chat, &m->live_unwanted.turn);
		break;
	case MSG_LIVE_STOP:
		turn_live_stop(chat, &m->live_stop.turn);
		break;
	case MSG_LIVE_TEXT:
		follow_text(chat, &m->live_text);
		break;
	case MSG_LIVE_END:
		follow_end(chat, &m->live_end.turn);
		turn_live_end(chat, &m->live_end.turn);
		break;
	case MSG_LIVE_UNSAVED:
		follow_unsaved(chat, &m->live_unsaved);
		break;
	default: /* of visitors: not a reply's */
		break;
	}
}

/* -- beginning --------------------------------------------------------------------------- */

void
chat_start(struct chat *chat)
{
	static const struct store_events events = {on_connected, on_lost, on_news};

	LIST_INIT(&chat->turns);
	LIST_INIT(&chat->wanted);
	TAILQ_INIT(&chat->follows);
	LIST_INIT(&chat->joins);
	chat->turns_by_id = audiences_new();
	chat->follows_by_id = audiences_new();
	store_client_listen(chat->store, &events, chat);
}

/* -- going on ---------------------------------------------------------------------------- */

size_t
chat_running(const struct chat *chat)
{
	const struct turn *t;
	size_t n = 0;

	LIST_FOREACH (t, &chat->turns, link)
		n += t->state != TURN_OVER;
	return n;
}

/* Two readings of the clock for all tokens of a loop turn: each counts as if it had come first. */
static void
count_relayed(struct chat *chat)
{
	if (chat->relayed == 0)
		return;
	metric_observe(
	    &chat->board->relay, clock_mono_ns() - chat->relayed_since_ns, chat->relayed);
	chat->relayed = 0;
}

void
chat_turn_end(struct chat *chat)
{
	struct turn *t;

	count_relayed(chat);
	LIST_FOREACH (t, &chat->wanted, wanted_link)
		turn_publish(t);
}

/* -- the end ----------------------------------------------------------------------------- */

/* One running turn, cut where it is. A turn that only waits for the store is left to it. */
static void
turn_cut(struct turn *t)
{
	if (t->state == TURN_SAVING)
		turn_save(t);
	if (t->state < TURN_LOADING || t->state > TURN_STREAMING)
		return;
	turn_give_up_calls(t);
	turn_fail(t, TURN_CUT);
}

void
chat_cut(struct chat *chat)
{
	struct turn *t, *next;

	for (t = LIST_FIRST(&chat->turns); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		turn_cut(t);
	}
	joins_cut(chat);
	follows_cut(chat);
}

void
chat_tell_cut(struct chat *chat)
{
	struct turn *t;

	LIST_FOREACH (t, &chat->turns, link) {
		turn_set_failure(t, TURN_CUT);
		turn_tell(t);
	}
}

void
chat_clear(struct chat *chat)
{
	struct turn *t;

	while ((t = LIST_FIRST(&chat->turns)) != NULL)
		turn_forget(t);
	joins_clear(chat);
	follows_clear(chat);
	audiences_free(chat->turns_by_id);
	audiences_free(chat->follows_by_id);
}
