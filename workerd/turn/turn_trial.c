/*
 * A trial is a turn that storaged does not know: neither its messages nor its reply are stored, and it
 * runs only as long as its listener.
 */
#include "workerd/turn/turn.h"
#include "workerd/turn/turn_internal.h"

static void
turn_trial_on_empty(struct reply_listeners *ls)
{
	turn_stop_here((struct turn *)ls);
}

void
turn_check_trial(struct turn *t)
{
	if (t->trial && reply_listeners_is_empty(&t->listeners))
		turn_stop_here(t);
}

struct turn_listener *
turn_try(struct turns *turns, const struct turn_trial *trial, const struct turn_sink *sink,
    void *arg)
{
	const struct turn_ids ids = {.message = id_new()};
	struct turn_listener *l;
	struct turn *t;

	if (!fair_slots_has(&turns->trials, &trial->agent->org))
		return NULL;
	t = turn_new(turns, &trial->agent->org, trial->name, &ids);
	t->trial = t->begun = true;
	fair_slots_take(&turns->trials, &t->org);
	t->listeners.on_empty = turn_trial_on_empty;
	turn_set_prompt(t, prompt_copy(trial->agent));
	history_add(&t->history, trial->messages, 0);
	/* The loop sends the request: no callback may run inside this call. */
	turn_enter(t, TURN_LOADING);
	turn_set_timer(t, 0);
	l = reply_listener_new(sink, arg);
	reply_listeners_add(&t->listeners, l, false);
	return l;
}
