/*
 * A turn's life: how it begins, the one place where its state changes, and how it ends. The states
 * are told in turn_internal.h, the story in turn.h.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "workerd/chat/turn_internal.h"

/* -- life -------------------------------------------------------------------------------- */

void
turn_timer(struct turn *t, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	evtimer_add(t->timer, &in);
}

static void
turn_free(struct turn *t)
{
	LIST_REMOVE(t, link);
	metric_sub(&t->chat->board->turns_running, 1);
	event_free(t->timer);
	history_clear(&t->history);
	sse_clear(&t->reader);
	buf_clear(&t->text);
	buf_clear(&t->error_body);
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
} endings[] = {
    [TURN_STORE_DOWN] = {"store_down", METRIC_TURN_STORE_DOWN},
    [TURN_STORE_FULL] = {"store_full", METRIC_TURN_STORE_FULL},
    [TURN_MODEL_DOWN] = {"model_down", METRIC_TURN_MODEL_DOWN},
    [TURN_MODEL_SLOW] = {"model_slow", METRIC_TURN_MODEL_SLOW},
    [TURN_MODEL_BUSY] = {"model_busy", METRIC_TURN_MODEL_BUSY},
    [TURN_MODEL_AWAY] = {"model_unavailable", METRIC_TURN_MODEL_AWAY},
    [TURN_TOO_LONG] = {"too_long", METRIC_TURN_TOO_LONG},
    [TURN_CUT] = {"cut", METRIC_TURN_CUT},
    [TURN_ERASED] = {"erased", METRIC_TURN_ERASED},
};

static void
turn_log_end(const struct turn *t)
{
	uint64_t now = clock_mono_ms();

	log_event(t->failed ? LOG_WARN : LOG_INFO, t->failed ? "turn_failed" : "turn_done",
	    L_STR("why", t->failed ? endings[t->failure].name : NULL), L_TURN(t),
	    L_ID("conversation", &t->ids.conversation), L_UINT("ms", now - t->began_ms),
	    L_UINT(
		"first_token_ms", t->first_token_ms == 0 ? 0 : t->first_token_ms - t->began_ms),
	    L_UINT("tokens", t->reply.completion_tokens), L_UINT("bytes", t->reply.text.len),
	    L_UINT("attempts", t->attempts));
}

static void
turn_count_end(const struct turn *t)
{
	struct scoreboard_worker *board = t->chat->board;

	metric_add(
	    &board->turns[t->failed ? endings[t->failure].metric : METRIC_TURN_COMPLETE], 1);
	metric_add(&board->tokens[METRIC_TOKENS_PROMPT], t->reply.prompt_tokens);
	metric_add(&board->tokens[METRIC_TOKENS_COMPLETION], t->reply.completion_tokens);
}

void
turn_tell(struct turn *t)
{
	const struct turn_sink *sink = t->sink;

	t->sink = NULL;
	if (sink == NULL)
		return;
	if (t->failed)
		sink->error(t->sink_arg, t->failure, t->retry_after_ms);
	else
		sink->done(t->sink_arg, &t->ids, &t->reply);
}

void
turn_end(struct turn *t)
{
	turn_log_end(t);
	turn_count_end(t);
	turn_tell(t);
	evtimer_del(t->timer);
	turn_enter(t, TURN_OVER);
}

void
turn_set_failure(struct turn *t, enum turn_failure failure)
{
	if (!t->failed)
		t->failure = failure;
	t->failed = true;
}

/* Neither the store nor the model will call it back; a checkpoint that is on its way still does. */
static void
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
turn_erased(struct turn *t)
{
	turn_give_up_calls(t);
	turn_set_failure(t, TURN_ERASED);
	turn_end(t);
}

/* -- beginning --------------------------------------------------------------------------- */

/* The store refused the message, and there is nothing to finish; or it did not answer, and if it
 * has begun the turn all the same, that is to be closed. */
static void
turn_not_begun(struct turn *t, uint16_t type, const union msg *m)
{
	turn_set_failure(
	    t, store_refused(type, m, STORE_FULL) ? TURN_STORE_FULL : TURN_STORE_DOWN);
	if (type == MSG_ERROR) {
		turn_end(t);
		return;
	}
	turn_tell(t);
	turn_fail(t, TURN_STORE_DOWN);
}

static void on_history(void *arg, uint16_t type, const union msg *m);

/* Fetches the next older page, or asks the model when there is enough. */
static void
turn_load(struct turn *t)
{
	struct msg_message_list list = {
	    .org = t->org,
	    .conversation = t->ids.conversation,
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
		turn_erased(t);
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
on_begun(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (type != MSG_TURN_BEGUN) {
		turn_not_begun(t, type, m);
		return;
	}
	t->ids.conversation = m->turn_begun.conversation;
	history_add(&t->history, m->turn_begun.history, m->turn_begun.older);
	turn_load(t);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct turn *t = arg;

	(void)fd;
	(void)what;
	switch (t->state) {
	case TURN_STREAMING:
		turn_checkpoint(t);
		break;
	case TURN_WAITING:
		turn_ask(t);
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

struct turn *
turn_begin(struct chat *chat, const struct turn_request *request, const struct turn_sink *sink,
    void *arg)
{
	struct turn *t = xcalloc(1, sizeof(*t));
	struct msg_turn_begin begin = {
	    .org = request->org,
	    .widget = request->widget,
	    .session = request->session,
	    .conversation = id_new(),
	    .message = id_new(),
	    .turn = id_new(),
	    .text = request->text,
	    .history = chat->max_history,
	};

	t->call =
	    store_call(chat->store, MSG_TURN_BEGIN, &begin, STORE_TIMEOUT_MS, on_begun, t);
	if (t->call == NULL) {
		free(t);
		return NULL;
	}
	t->chat = chat;
	t->org = request->org;
	t->ids.message = begin.turn;
	t->ids.conversation = begin.conversation;
	t->name = copy_name(request->name);
	t->sink = sink;
	t->sink_arg = arg;
	t->began_ms = clock_mono_ms();
	t->timer = evtimer_new(chat->base, on_timer, t);
	must(t->timer != NULL);
	history_init(&t->history, chat->max_history);
	sse_init(&t->reader);
	buf_init(&t->text, TURN_REPLY_MAX);
	buf_init(&t->error_body, ERROR_BODY_MAX);
	LIST_INSERT_HEAD(&chat->turns, t, link);
	metric_add(&chat->board->turns_running, 1);
	turn_enter(t, TURN_BEGINNING);
	return t;
}

void
turn_detach(struct turn *t)
{
	t->sink = NULL;
}

/* -- all turns --------------------------------------------------------------------------- */

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
void
chat_turn_end(struct chat *chat)
{
	if (chat->relayed == 0)
		return;
	metric_observe(
	    &chat->board->relay, clock_mono_ns() - chat->relayed_since_ns, chat->relayed);
	chat->relayed = 0;
}

void
chat_claim(struct chat *chat)
{
	struct turn *t;

	LIST_FOREACH (t, &chat->turns, link) {
		t->kept = 0;
		if (t->state >= TURN_LOADING && t->state <= TURN_STREAMING)
			turn_checkpoint(t);
	}
}

void
chat_clear(struct chat *chat)
{
	struct turn *t;

	while ((t = LIST_FIRST(&chat->turns)) != NULL) {
		if (t->transfer != NULL)
			upstream_cancel(t->transfer);
		turn_free(t);
	}
}

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
}
