#include "workerd/turn/turn.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/turn/turn_internal.h"

void
turn_set_timer(struct turn *t, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	evtimer_add(&t->timer, &in);
}

static void
turn_free(struct turn *t)
{
	LIST_REMOVE(t, link);
	t->turns->running_n--;
	turn_limits_leave(t);
	turn_unfollow(t);
	reply_listeners_index_remove(&t->listeners);
	metric_sub(&t->turns->board->turns_running, 1);
	if (t->trial)
		fair_slots_give(&t->turns->trials, &t->org);
	event_del(&t->timer);
	reply_listeners_clear(&t->listeners);
	history_clear(&t->history);
	finding_cancel(t->finding);
	found_passages_clear(&t->passages);
	free(t->prompt);
	free(t->model);
	free(t->waiting_text);
	free(t->user_id);
	turn_tools_free(t);
	sse_clear(&t->reader);
	buf_clear(&t->error_body);
	buf_clear(&t->whole);
	thoughts_clear(&t->thoughts);
	turn_fallback_clear(t);
	free(t->cause);
	free(t->ref);
	free(t->name);
	free(t);
}

/* A turn in TURN_OVER is freed once neither the model nor storaged will call it back. */
void
turn_enter(struct turn *t, enum turn_state state)
{
	t->state = state;
	if (state == TURN_OVER && t->transfer == NULL && t->checkpoints == 0)
		turn_free(t);
}

bool
turn_is_producing(const struct turn *t)
{
	return t->state >= TURN_LOADING && t->state <= TURN_STREAMING;
}

/* How each failure is logged and counted. */
static const struct {
	const char *name;
	enum metric_turn metric;
	bool expected; /* a configured rule: nothing for an operator to do */
} turn_endings[] = {
    [TURN_STORE_DOWN] = {"store_down", METRIC_TURN_STORE_DOWN, false},
    [TURN_STORE_FULL] = {"store_full", METRIC_TURN_STORE_FULL, false},
    [TURN_STORE_REFUSED] = {"store_refused", METRIC_TURN_STORE_REFUSED, false},
    [TURN_MODEL_DOWN] = {"model_down", METRIC_TURN_MODEL_DOWN, false},
    [TURN_MODEL_SLOW] = {"model_slow", METRIC_TURN_MODEL_SLOW, false},
    [TURN_MODEL_BUSY] = {"model_busy", METRIC_TURN_MODEL_BUSY, false},
    [TURN_MODEL_UNAVAILABLE] = {"model_unavailable", METRIC_TURN_MODEL_AWAY, false},
    [TURN_TOO_LONG] = {"too_long", METRIC_TURN_TOO_LONG, false},
    [TURN_SHUTDOWN] = {"cut", METRIC_TURN_CUT, false},
    [TURN_ERASED] = {"erased", METRIC_TURN_ERASED, false},
    [TURN_INTERRUPTED] = {"taken", METRIC_TURN_TAKEN, false},
    [TURN_CONFLICT] = {"conflict", METRIC_TURN_CONFLICT, false},
    [TURN_VISITOR_GONE] = {"gone", METRIC_TURN_GONE, true},
    [TURN_CONTACT_REQUIRED] = {"contact_required", METRIC_TURN_CONTACT_REQUIRED, true},
    [TURN_CAPPED] = {"capped", METRIC_TURN_CAPPED, true},
    [TURN_BUDGET] = {"budget", METRIC_TURN_BUDGET, true},
    [TURN_SHARE] = {"share", METRIC_TURN_SHARE, true},
    [TURN_SHARE_WAITS] = {"share_waits", METRIC_TURN_TOO_MANY, true},
    [TURN_NO_FILE] = {"no_file", METRIC_TURN_CONFLICT, true},
    [TURN_FILES_MANY] = {"files_many", METRIC_TURN_CONFLICT, true},
    [TURN_ANSWER_WRONG] = {"answer_wrong", METRIC_TURN_CONFLICT, true},
    [TURN_ANSWER_UNKNOWN] = {"answer_unknown", METRIC_TURN_CONFLICT, true},
    [TURN_AGENT_DISABLED] = {"agent_disabled", METRIC_TURN_AGENT_DISABLED, true},
    [TURN_BLOCKED] = {"blocked", METRIC_TURN_BLOCKED, true},
    [TURN_TOO_MANY] = {"too_many", METRIC_TURN_TOO_MANY, true},
    [TURN_OVERLOADED] = {"overloaded", METRIC_TURN_OVERLOADED, false},
    [TURN_ABANDONED] = {"abandoned", METRIC_TURN_ABANDONED, true},
    [TURN_MESSAGE_LONG] = {"message_too_long", METRIC_TURN_MESSAGE_LONG, false},
};

static void
turn_log_end(const struct turn *t)
{
	uint64_t now = clock_mono_ms();
	const char *ev = t->failed               ? "turn_failed"
	    : t->reply.handover == STATE_PERSON  ? "turn_handed"
	    : t->reply.status == MESSAGE_STOPPED ? "turn_stopped"
						 : "turn_done";

	log_event(t->failed && !turn_endings[t->failure].expected ? LOG_WARN : LOG_INFO, ev,
	    L_STR("why", t->failed ? turn_endings[t->failure].name : NULL),
	    L_STR("trial", t->trial ? "yes" : NULL),
	    L_STR("hand_over", t->hand_over.found ? "yes" : NULL), L_TURN(t),
	    L_ID("conversation", &t->listeners.ids.conversation),
	    L_UINT("ms", now - t->began_ms),
	    L_UINT(
		"first_token_ms", t->first_token_ms == 0 ? 0 : t->first_token_ms - t->began_ms),
	    L_UINT("tokens", t->reply.completion_tokens), L_UINT("bytes", t->reply.text.len),
	    L_UINT("attempts", t->attempts));
}

static enum metric_turn
turn_metric_of(const struct turn *t)
{
	if (t->trial)
		return METRIC_TURN_TRIAL;
	if (t->failed)
		return turn_endings[t->failure].metric;
	if (t->reply.handover == STATE_PERSON)
		return METRIC_TURN_HANDED;
	if (t->reply.status == MESSAGE_LENGTH)
		return METRIC_TURN_LENGTH;
	if (t->reply.status == MESSAGE_FILTERED)
		return METRIC_TURN_FILTERED;
	return t->reply.status == MESSAGE_STOPPED ? METRIC_TURN_STOPPED : METRIC_TURN_COMPLETE;
}

void
turn_count_refusal(struct turns *turns, enum turn_failure failure)
{
	metric_add(&turns->board->turns[turn_endings[failure].metric], 1);
}

static void
turn_count_end(const struct turn *t)
{
	struct scoreboard_worker *board = t->turns->board;

	metric_add(&board->turns[turn_metric_of(t)], 1);
	metric_add(&board->tokens[METRIC_TOKENS_PROMPT], t->reply.prompt_tokens);
	metric_add(&board->tokens[METRIC_TOKENS_COMPLETION], t->reply.completion_tokens);
}

static void
turn_report_done(struct turn *t)
{
	struct buf sources;

	buf_init(&sources, WIRE_FRAME_MAX);
	reply_listeners_write_sources(&t->listeners, t->reply.text.len, &sources);
	t->reply.sources = buf_slice(&sources);
	t->reply.waiting = turn_tools_waiting(t);
	reply_listeners_done(&t->listeners, &t->reply);
	t->reply.sources = (struct slice){0};
	buf_clear(&sources);
}

void
turn_note_cause(struct turn *t, const char *detail)
{
	free(t->cause);
	t->cause = xstrdup(detail);
}

/* The owner who tries an agent is the one who can mend the cause; visitors need not know it. */
static struct slice
turn_error_text(const struct turn *t)
{
	return t->trial && t->cause != NULL ? slice_str(t->cause) : t->refusal_text;
}

void
turn_report_end(struct turn *t)
{
	if (t->failed)
		reply_listeners_error(&t->listeners,
		    &(struct turn_error){
			t->failure, t->retry_after_ms, turn_error_text(t), t->unsaved});
	else
		turn_report_done(t);
}

void
turn_end(struct turn *t)
{
	turn_log_end(t);
	turn_count_end(t);
	t->unsaved = false;
	turn_report_end(t);
	turn_unfollow(t);
	evtimer_del(&t->timer);
	turn_enter(t, TURN_OVER);
}

void
turn_set_failure(struct turn *t, enum turn_failure failure)
{
	if (!t->failed)
		t->failure = failure;
	t->failed = true;
}

void
turn_cancel_calls(struct turn *t)
{
	if (t->call != NULL)
		store_call_forget(t->call);
	t->call = NULL;
	finding_cancel(t->finding);
	t->finding = NULL;
	turn_tools_cancel(t);
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = NULL;
}

void
turn_lost(struct turn *t, enum turn_failure why)
{
	turn_cancel_calls(t);
	turn_set_failure(t, why);
	if (why == TURN_INTERRUPTED)
		reply_listeners_take_stops(&t->listeners, t->turns->resume_stop, t->turns);
	turn_end(t);
}

void
turn_discard(struct turn *t)
{
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	turn_free(t);
}

static void
turn_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct turn *t = arg;

	(void)fd;
	(void)what;
	switch (t->state) {
	case TURN_BEGINNING:
		turn_begin_timed_out(t);
		break;
	case TURN_LOADING: /* a trial */
		turn_look_up(t);
		break;
	case TURN_REQUESTING:
		if (turn_fallback_is_due(t))
			turn_request_is_late(t);
		break;
	case TURN_STREAMING:
		if (turn_fallback_is_due(t))
			turn_request_is_late(t);
		else if (t->first_token_due_ms == 0)
			turn_checkpoint(t);
		break;
	case TURN_CALLING:
		turn_checkpoint(t);
		break;
	case TURN_BACKOFF:
		turn_send_request(t);
		break;
	case TURN_STORING:
		must(t->trial);
		turn_end(t);
		break;
	case TURN_STORE_RETRY:
		turn_store_reply(t);
		break;
	default:
		break;
	}
}

/* NULL for an empty name: the log then leaves it out. */
static char *
turn_copy_name(struct slice name)
{
	char *copy;

	must(name.len <= TURN_NAME_MAX);
	if (name.len == 0)
		return NULL;
	copy = strndup((const char *)name.p, name.len);
	must(copy != NULL);
	return copy;
}

struct turn *
turn_new(
    struct turns *turns, const struct id *org, struct slice name, const struct turn_ids *ids)
{
	struct turn *t = xcalloc(1, sizeof(*t));

	t->turns = turns;
	t->org = *org;
	t->name = turn_copy_name(name);
	t->began_ms = clock_mono_ms();
	must(evtimer_assign(&t->timer, turns->base, turn_on_timer, t) == 0);
	reply_listeners_init(&t->listeners, NULL);
	t->listeners.ids = *ids;
	t->listeners.ids.run = ids->message;
	history_init(&t->history, turns->max_history, turns->max_history_tokens);
	found_passages_init(&t->passages);
	sse_init(&t->reader);
	buf_init(&t->error_body, ERROR_BODY_MAX);
	buf_init(&t->whole, WHOLE_BODY_MAX);
	thoughts_init(&t->thoughts);
	LIST_INSERT_HEAD(&turns->running, t, link);
	turns->running_n++;
	turn_limits_enter_org(t);
	reply_listeners_index_add(turns->running_by_id, &t->listeners);
	metric_add(&turns->board->turns_running, 1);
	turn_enter(t, TURN_BEGINNING);
	return t;
}

void
turn_set_prompt(struct turn *t, struct prompt *prompt)
{
	t->prompt = prompt;
	t->server = model_servers_find(&t->turns->servers, prompt_server_name(prompt));
	t->keeps_thoughts = prompt_keeps_thoughts(prompt);
	turn_fallback_start(t);
	turn_hand_over_allow(t);
}

void
turn_leave(struct turn_listener *listener)
{
	reply_listener_leave(listener);
}
