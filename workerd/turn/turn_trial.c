/*
 * A trial is a turn without a beginning and an end in the store: it is asked and answered as any
 * other, and there is only for the one who listens.
 */
#include "workerd/turn/turn_internal.h"

/* So many of a worker's people who try agents at a time; visitors have the room otherwise. */
#define TRIALS_MAX 32

static void
on_deserted(struct audience *a)
{
	turn_halt((struct turn *)a);
}

void
turn_look_for_listeners(struct turn *t)
{
	if (audience_is_empty(&t->audience))
		turn_halt(t);
}

struct turn_listener *
turn_try(
    struct chat *chat, const struct turn_trial *trial, const struct turn_sink *sink, void *arg)
{
	const struct turn_ids ids = {.message = id_new()};
	struct turn_listener *l;
	struct turn *t;

	if (chat->trials >= TRIALS_MAX)
		return NULL;
	t = turn_new(chat, &trial->agent->org, trial->name, &ids);
	t->trial = true;
	chat->trials++;
	t->audience.deserted = on_deserted;
	turn_set_agent(t, agent_copy(trial->agent));
	history_add(&t->history, trial->messages, 0);
	/* Asked by the loop: nobody is called from within this. */
	turn_enter(t, TURN_WAITING);
	turn_timer(t, 0);
	l = listener_new(sink, arg);
	audience_add(&t->audience, l, false);
	return l;
}
