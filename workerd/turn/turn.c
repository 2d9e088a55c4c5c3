/*
 * A turn's life: how it begins, the one place where its state changes, and how it ends. The states
 * are told in turn_internal.h, the story in turn.h.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/turn/resume.h"
#include "workerd/turn/turn_internal.h"

/* -- life -------------------------------------------------------------------------------- */

void
turn_timer(struct turn *t, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	evtimer_add(&t->timer, &in);
}

static void
turn_free(struct turn *t)
{
	LIST_REMOVE(t, link);
	turn_unwanted(t);
	audiences_remove(&t->audience);
	metric_sub(&t->chat->board->turns_running, 1);
	t->chat->trials -= t->trial;
	event_del(&t->timer);
	audience_clear(&t->audience);
	history_clear(&t->history);
	free(t->agent);
	sse_clear(&t->reader);
	buf_clear(&t->error_body);
	free(t->reference);
	free(t->name);
	free(t);
}

/* A turn that is over is freed once neither the model nor the store will call it any more. */
void
turn_enter(struct turn *t, enum turn_state state)
{
	t->state = state;
	if (state == TURN_OVER && t->transfer == NULL && t->checkpoints == 0)
		turn_free(t);
}

/* How a turn can end, for the log and for counting. */
static const struct {
	const char *name;
	enum metric_turn metric;
	bool expected; /* a rule's doing, however often: nothing to look after */
} endings[] = {
    [TURN_STORE_DOWN] = {"store_down", METRIC_TURN_STORE_DOWN, false},
    [TURN_STORE_FULL] = {"store_full", METRIC_TURN_STORE_FULL, false},
    [TURN_MODEL_DOWN] = {"model_down", METRIC_TURN_MODEL_DOWN, false},
    [TURN_MODEL_SLOW] = {"model_slow", METRIC_TURN_MODEL_SLOW, false},
    [TURN_MODEL_BUSY] = {"model_busy", METRIC_TURN_MODEL_BUSY, false},
    [TURN_MODEL_AWAY] = {"model_unavailable", METRIC_TURN_MODEL_AWAY, false},
    [TURN_TOO_LONG] = {"too_long", METRIC_TURN_TOO_LONG, false},
    [TURN_CUT] = {"cut", METRIC_TURN_CUT, false},
    [TURN_ERASED] = {"erased", METRIC_TURN_ERASED, false},
    [TURN_INTERRUPTED] = {"taken", METRIC_TURN_TAKEN, false},
    [TURN_CONFLICT] = {"conflict", METRIC_TURN_CONFLICT, false},
    [TURN_GONE] = {"gone", METRIC_TURN_GONE, true},
    [TURN_CONTACT_REQUIRED] = {"contact_required", METRIC_TURN_CONTACT_REQUIRED, true},
    [TURN_CAPPED] = {"capped", METRIC_TURN_CAPPED, true},
    [TURN_AGENT_DISABLED] = {"agent_disabled", METRIC_TURN_AGENT_DISABLED, true},
};

static void
turn_log_end(const struct turn *t)
{
	uint64_t now = clock_mono_ms();
	const char *ev = t->failed               ? "turn_failed"
	    : t->reply.status == MESSAGE_STOPPED ? "turn_stopped"
						 : "turn_done";

	log_event(t->failed && !endings[t->failure].expected ? LOG_WARN : LOG_INFO, ev,
	    L_STR("why", t->failed ? endings[t->failure].name : NULL),
	    L_STR("trial", t->trial ? "yes" : NULL), L_TURN(t),
	    L_ID("conversation", &t->audience.ids.conversation),
	    L_UINT("ms", now - t->began_ms),
	    L_UINT(
		"first_token_ms", t->first_token_ms == 0 ? 0 : t->first_token_ms - t->began_ms),
	    L_UINT("tokens", t->reply.completion_tokens), L_UINT("bytes", t->reply.text.len),
	    L_UINT("attempts", t->attempts));
}

static enum metric_turn
metric_of(const struct turn *t)
{
	if (t->trial)
		return METRIC_TURN_TRIAL;
	if (t->failed)
		return endings[t->failure].metric;
	return t->reply.status == MESSAGE_STOPPED ? METRIC_TURN_STOPPED : METRIC_TURN_COMPLETE;
}

static void
turn_count_end(const struct turn *t)
{
	struct scoreboard_worker *board = t->chat->board;

	metric_add(&board->turns[metric_of(t)], 1);
	metric_add(&board->tokens[METRIC_TOKENS_PROMPT], t->reply.prompt_tokens);
	metric_add(&board->tokens[METRIC_TOKENS_COMPLETION], t->reply.completion_tokens);
}

void
turn_tell(struct turn *t)
{
	if (t->failed)
		audience_fail(&t->audience, t->failure, t->retry_after_ms);
	else
		audience_done(&t->audience, &t->reply);
}

void
turn_end(struct turn *t)
{
	turn_log_end(t);
	turn_count_end(t);
	turn_tell(t);
	turn_unwanted(t);
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
turn_give_up_calls(struct turn *t)
{
	if (t->call != NULL)
		store_call_forget(t->call);
	t->call = NULL;
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = NULL;
}

void
turn_lost(struct turn *t, enum turn_failure why)
{
	turn_give_up_calls(t);
	turn_set_failure(t, why);
	if (why == TURN_INTERRUPTED)
		audience_send_stops(&t->audience, t->chat);
	turn_end(t);
}

void
turn_forget(struct turn *t)
{
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	turn_free(t);
}

/* -- beginning --------------------------------------------------------------------------- */

static enum turn_failure
refusal(uint16_t type, const union msg *m)
{
	static const struct {
		enum store_error code;
		enum turn_failure failure;
	} refusals[] = {
	    {STORE_FULL, TURN_STORE_FULL},
	    {STORE_CONFLICT, TURN_CONFLICT},
	    {STORE_GONE, TURN_GONE},
	    {STORE_CONTACT_REQUIRED, TURN_CONTACT_REQUIRED},
	    {STORE_CAPPED, TURN_CAPPED},
	    {STORE_DISABLED, TURN_AGENT_DISABLED},
	};

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (store_refused(type, m, refusals[i].code))
			return refusals[i].failure;
	return TURN_STORE_DOWN;
}

/* The store refused the message, and there is nothing to finish; or it did not answer, and if it
 * has begun the turn all the same, that is to be closed. */
static void
turn_not_begun(struct turn *t, uint16_t type, const union msg *m)
{
	turn_set_failure(t, refusal(type, m));
	if (type == MSG_ERROR) {
		turn_end(t);
		return;
	}
	turn_tell(t);
	turn_fail(t, TURN_STORE_DOWN);
}

/* Only the store can say what an answer to a message with a client's id will be: a reply that is
 * begun anew has another id than we gave it. So whoever listens is told that it takes too long, and
 * the turn waits for it, to close what it has begun. */
static void
turn_begins_late(struct turn *t)
{
	turn_set_failure(t, TURN_STORE_DOWN);
	turn_tell(t);
}

/* The message was sent before, and its reply is over or somebody writes it: this is no turn, and who
 * listens is handed on. */
static void
turn_is_repeated(struct turn *t, const struct msg_turn_state *state)
{
	struct turn_listener *l = audience_take(&t->audience);
	struct reference *reference = t->reference;
	struct chat *chat = t->chat;

	if (t->failed) {
		turn_end(t);
		return;
	}
	log_event(LOG_INFO, "turn_repeated", L_ID("turn", &state->turn),
	    L_STR("request", t->name), L_STR("reply", state->open ? "running" : "over"));
	t->reference = NULL;
	evtimer_del(&t->timer);
	turn_enter(t, TURN_OVER);
	if (l == NULL)
		free(reference);
	else
		join_repeated(chat, l, reference, state);
}

/* The id of a reply that is begun anew is the one that it had. */
static void
turn_is_resumed(struct turn *t, const struct id *message)
{
	audiences_remove(&t->audience);
	t->audience.ids.message = *message;
	t->audience.anew = true;
	audiences_add(t->chat->turns_by_id, &t->audience);
	metric_add(&t->chat->board->turns_resumed, 1);
	log_event(LOG_INFO, "turn_resumed", L_TURN(t));
}

static void on_history(void *arg, uint16_t type, const union msg *m);

/* Fetches the next older page, or asks the model when there is enough. */
static void
turn_load(struct turn *t)
{
	struct msg_message_list list = {
	    .org = t->org,
	    .conversation = t->audience.ids.conversation,
	    .backwards = 1,
	    .from = t->history.older,
	    .limit = (uint32_t)history_wanted(&t->history),
	};

	if (list.limit == 0) {
		turn_ask(t);
		return;
	}
	turn_enter(t, TURN_LOADING);
	t->call = store_call(
	    t->chat->store, MSG_MESSAGE_LIST, &list, STORE_TIMEOUT_MS, on_history, t);
	if (t->call == NULL)
		turn_fail(t, TURN_STORE_DOWN);
}

static void
on_history(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		turn_lost(t, TURN_ERASED);
		return;
	}
	if (type != MSG_MESSAGE_PAGE) {
		turn_fail(t, TURN_STORE_DOWN);
		return;
	}
	history_add(&t->history, m->message_page.messages, m->message_page.next);
	turn_load(t);
}

static void
turn_has_begun(struct turn *t, const struct msg_turn_begun *begun)
{
	t->audience.ids.conversation = begun->conversation;
	if (!id_equal(&begun->turn, &t->audience.ids.message))
		turn_is_resumed(t, &begun->turn);
	evtimer_del(&t->timer);
	free(t->reference);
	t->reference = NULL;
	if (t->failed) {
		turn_fail(t, TURN_STORE_DOWN);
	} else if (t->stop) {
		t->reply.status = MESSAGE_STOPPED;
		turn_finish(t);
	} else {
		turn_set_agent(t, agent_new(begun->agent));
		history_add(&t->history, begun->history, begun->older);
		turn_load(t);
	}
}

static void
on_begun(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (type == MSG_TURN_BEGUN)
		turn_has_begun(t, &m->turn_begun);
	else if (type == MSG_TURN_STATE && t->reference != NULL)
		turn_is_repeated(t, &m->turn_state);
	else
		turn_not_begun(t, type, m);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct turn *t = arg;

	(void)fd;
	(void)what;
	switch (t->state) {
	case TURN_BEGINNING:
		turn_begins_late(t);
		break;
	case TURN_STREAMING:
		turn_checkpoint(t);
		break;
	case TURN_WAITING:
		turn_ask(t);
		break;
	case TURN_FINISHING: /* of a trial: there is nothing to wait for */
		turn_end(t);
		break;
	case TURN_SAVING:
		turn_save(t);
		break;
	default:
		break;
	}
}

/* NULL for an empty one, which the log then leaves out. */
static char *
copy_name(struct slice name)
{
	char *copy;

	must(name.len <= TURN_NAME_MAX);
	if (name.len == 0)
		return NULL;
	copy = strndup((const char *)name.p, name.len);
	must(copy != NULL);
	return copy;
}

/* What is needed to find the reply should the message have been sent before. */
static struct reference *
reference_of(const struct turn_request *request)
{
	return reference_new(&(struct turn_reference){
	    .org = request->org, .widget = request->widget, .session = request->session});
}

struct turn *
turn_new(struct chat *chat, const struct id *org, struct slice name, const struct turn_ids *ids)
{
	struct turn *t = xcalloc(1, sizeof(*t));

	t->chat = chat;
	t->org = *org;
	t->name = copy_name(name);
	t->began_ms = clock_mono_ms();
	must(evtimer_assign(&t->timer, chat->base, on_timer, t) == 0);
	audience_init(&t->audience, NULL);
	t->audience.ids = *ids;
	t->audience.ids.run = ids->message;
	history_init(&t->history, chat->max_history);
	sse_init(&t->reader);
	buf_init(&t->error_body, ERROR_BODY_MAX);
	LIST_INSERT_HEAD(&chat->turns, t, link);
	audiences_add(chat->turns_by_id, &t->audience);
	metric_add(&chat->board->turns_running, 1);
	turn_enter(t, TURN_BEGINNING);
	return t;
}

void
turn_set_agent(struct turn *t, struct agent *agent)
{
	t->agent = agent;
	t->server = model_servers_find(&t->chat->servers, agent_server_name(agent));
}

/* Asks the store to begin it. 0, or -1 when too much waits for the store. */
static int
turn_send_begin(struct turn *t, const struct msg_turn_begin *begin)
{
	bool named = begin->client_id.len > 0;

	t->call = store_call(
	    t->chat->store, MSG_TURN_BEGIN, begin, named ? 0 : STORE_TIMEOUT_MS, on_begun, t);
	if (t->call == NULL)
		return -1;
	if (named)
		turn_timer(t, STORE_TIMEOUT_MS);
	return 0;
}

static struct id
id_or_new(const struct id *given)
{
	return id_is_zero(given) ? id_new() : *given;
}

struct turn_listener *
turn_begin(struct chat *chat, const struct turn_request *request, const struct turn_sink *sink,
    void *arg)
{
	struct msg_turn_begin begin = {
	    .org = request->org,
	    .widget = request->widget,
	    .session = request->session,
	    .conversation = id_new(),
	    .message = id_or_new(&request->message),
	    .turn = id_or_new(&request->reply),
	    .text = request->text,
	    .client_id = request->client_id,
	    .history = chat->max_history,
	};
	const struct turn_ids ids = {.conversation = begin.conversation, .message = begin.turn};
	struct turn *t = turn_new(chat, &request->org, request->name, &ids);
	struct turn_listener *l;

	if (request->visitor != NULL)
		begin.visitor = *request->visitor;
	if (turn_send_begin(t, &begin) == -1) {
		turn_enter(t, TURN_OVER);
		return NULL;
	}
	if (request->client_id.len > 0)
		t->reference = reference_of(request);
	l = listener_new(sink, arg);
	audience_add(&t->audience, l, false);
	return l;
}
