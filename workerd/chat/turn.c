/*
 * The turn's state machine. turn_enter() is the one place where the state changes.
 *
 *	BEGINNING  the message is on its way to the store
 *	LOADING    older history is fetched
 *	ASKING     the model was asked and has not begun to answer
 *	WAITING    the model refused for now; asked again when the timer ends
 *	STREAMING  the answer comes
 *	FINISHING  the reply is on its way to the store
 *	SAVING     the store would not take it; tried again when the timer ends
 *	OVER       nothing left to do; freed as soon as the transfer has ended too
 */
#include "workerd/chat/turn.h"

#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "proto/utf8.h"
#include "workerd/chat/history.h"
#include "workerd/chat/openai.h"
#include "workerd/chat/sse.h"

#define CHECKPOINT_MS    1000
#define CHECKPOINT_BYTES 4096
#define ATTEMPTS_MAX     3
#define BACKOFF_MS       500  /* doubles with each attempt; the wait is a random part of it */
#define RETRY_AFTER_MAX  5000 /* a longer wait is the visitor's to decide */
#define SAVE_AGAIN_MS    1000
#define SAVE_SOON_MS     30000 /* after so long it is tried less often */
#define SAVE_LATER_MS    10000
#define ERROR_BODY_MAX   4096 /* bytes of an error answer that are read for the log */

/* What a visitor reads when the model said nothing at all. */
#define APOLOGY "Sorry, I could not find an answer to that. Could you put it another way?"

enum turn_state {
	TURN_BEGINNING,
	TURN_LOADING,
	TURN_ASKING,
	TURN_WAITING,
	TURN_STREAMING,
	TURN_FINISHING,
	TURN_SAVING,
	TURN_OVER,
};

struct turn {
	struct chat *chat;
	enum turn_state state;
	struct turn_ids ids;
	const struct turn_sink *sink; /* NULL: nobody listens */
	void *sink_arg;
	struct store_call *call; /* begin, history or finish; never a checkpoint */
	struct upstream_transfer *transfer;
	struct event *timer; /* the next checkpoint, attempt or save */
	struct history history;
	struct id org;

	struct sse_reader reader;
	struct buf text;       /* the reply so far; then trimmed into reply */
	size_t kept;           /* bytes of it that checkpoints hold */
	unsigned checkpoints;  /* on their way */
	struct buf error_body; /* the start of an answer that is an error */
	int http_status;       /* of the model's answer */
	unsigned retry_after_ms;
	unsigned attempts;
	bool behind;    /* the last checkpoint was not kept */
	bool said_done; /* [DONE] or a finish_reason came */

	enum message_status status; /* of the reply as it is to be stored */
	bool failed;                /* what the listener hears, from FINISHING on */
	enum turn_failure failure;
	struct turn_reply reply;
	uint64_t began_ms, first_token_ms, save_soon_until_ms;
	LIST_ENTRY(turn) link;
};

static void turn_ask(struct turn *t);
static void turn_finish(struct turn *t);
static void on_timer(evutil_socket_t fd, short what, void *arg);

/* -- life -------------------------------------------------------------------------------- */

static void
turn_timer(struct turn *t, unsigned ms)
{
	struct timeval in = {ms / 1000, (ms % 1000) * 1000};

	evtimer_add(t->timer, &in);
}

static void
turn_free(struct turn *t)
{
	LIST_REMOVE(t, link);
	atomic_fetch_sub_explicit(&t->chat->board->turns_running, 1, memory_order_relaxed);
	event_free(t->timer);
	history_clear(&t->history);
	sse_clear(&t->reader);
	buf_clear(&t->text);
	buf_clear(&t->error_body);
	free(t);
}

/* The one place where the state changes. A turn that is over is freed once neither the model nor
 * the store will call it any more. */
static void
turn_enter(struct turn *t, enum turn_state state)
{
	t->state = state;
	if (state == TURN_OVER && t->transfer == NULL && t->checkpoints == 0)
		turn_free(t);
}

static void
turn_log_end(const struct turn *t)
{
	uint64_t now = clock_mono_ms();

	static const char *const why[] = {
	    [TURN_STORE_DOWN] = "store_down",
	    [TURN_STORE_FULL] = "store_full",
	    [TURN_MODEL_DOWN] = "model_down",
	    [TURN_MODEL_SLOW] = "model_slow",
	    [TURN_MODEL_BUSY] = "model_busy",
	    [TURN_TOO_LONG] = "too_long",
	    [TURN_CUT] = "cut",
	};

	log_event(t->failed ? LOG_WARN : LOG_INFO, t->failed ? "turn_failed" : "turn_done",
	    L_STR("why", t->failed ? why[t->failure] : NULL), L_ID("turn", &t->ids.message),
	    L_ID("conversation", &t->ids.conversation), L_UINT("ms", now - t->began_ms),
	    L_UINT(
		"first_token_ms", t->first_token_ms == 0 ? 0 : t->first_token_ms - t->began_ms),
	    L_UINT("tokens", t->reply.completion_tokens), L_UINT("bytes", t->reply.text.len),
	    L_UINT("attempts", t->attempts));
}

/* Tells the listener how it ended, and forgets it. */
static void
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

/* The end of a turn that is stored as well as it can be. */
static void
turn_end(struct turn *t)
{
	struct scoreboard_worker *board = t->chat->board;

	turn_log_end(t);
	atomic_fetch_add_explicit(
	    t->failed ? &board->turns_failed : &board->turns_done, 1, memory_order_relaxed);
	turn_tell(t);
	evtimer_del(t->timer);
	turn_enter(t, TURN_OVER);
}

/* The first failure is the one that is told. */
static void
turn_set_failure(struct turn *t, enum turn_failure failure)
{
	if (!t->failed)
		t->failure = failure;
	t->failed = true;
}

/* The model's answer will not come, or not whole. */
static void
turn_fail(struct turn *t, enum turn_failure failure)
{
	turn_set_failure(t, failure);
	t->status = MESSAGE_INTERRUPTED;
	turn_finish(t);
}

/* -- finishing --------------------------------------------------------------------------- */

/* Whoever listens need not wait for what may take long. The reply itself waits here until the
 * store takes it: nobody else would ever close the turn. */
static void
turn_not_saved(struct turn *t, enum turn_failure failure)
{
	turn_set_failure(t, failure);
	turn_tell(t);
	turn_enter(t, TURN_SAVING);
	turn_timer(t, clock_mono_ms() < t->save_soon_until_ms ? SAVE_AGAIN_MS : SAVE_LATER_MS);
}

static void
on_finished(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	t->call = NULL;
	if (type == MSG_OK) {
		turn_end(t);
		return;
	}
	log_event(LOG_ERROR, "turn_not_saved", L_ID("turn", &t->ids.message),
	    L_SLICE("detail", type == MSG_ERROR ? m->error.detail : slice_str("no answer")));
	/* A turn that the store does not know never began: its message is not there either. */
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		turn_set_failure(t, TURN_STORE_DOWN);
		turn_end(t);
		return;
	}
	turn_not_saved(
	    t, store_refused(type, m, STORE_FULL) ? TURN_STORE_FULL : TURN_STORE_DOWN);
}

static void
turn_save(struct turn *t)
{
	struct msg_turn_finish finish = {
	    .turn = t->ids.message,
	    .status = (uint8_t)t->status,
	    .text = t->reply.text,
	    .prompt_tokens = t->reply.prompt_tokens,
	    .completion_tokens = t->reply.completion_tokens,
	};

	turn_enter(t, TURN_FINISHING);
	t->call = store_call(
	    t->chat->store, MSG_TURN_FINISH, &finish, STORE_TIMEOUT_MS, on_finished, t);
	if (t->call == NULL)
		turn_not_saved(t, TURN_STORE_DOWN);
}

/* The model has said all it will: stores the reply. A transfer that has not ended yet goes on by
 * itself, so that its connection can be used again. */
static void
turn_finish(struct turn *t)
{
	evtimer_del(t->timer);
	t->save_soon_until_ms = clock_mono_ms() + SAVE_SOON_MS;
	t->reply.text = utf8_trim(buf_slice(&t->text));
	if (t->reply.text.len == 0 && t->status == MESSAGE_COMPLETE)
		t->reply.text = slice_str(APOLOGY);
	turn_save(t);
}

/* -- checkpoints ------------------------------------------------------------------------- */

/* A piece that was not kept, or perhaps not, is sent again with all before it; when the timer says
 * so, or a full store would get the whole text with every token. */
static void
on_checkpoint(void *arg, uint16_t type, const union msg *m)
{
	struct turn *t = arg;

	(void)m;
	t->checkpoints--;
	t->behind = type != MSG_OK;
	if (t->behind)
		t->kept = 0;
	if (t->behind && t->state == TURN_STREAMING)
		turn_timer(t, CHECKPOINT_MS);
	if (t->state == TURN_OVER)
		turn_enter(t, TURN_OVER);
}

/* Keeps the text that no checkpoint holds yet; an empty one only claims the turn. One is on its
 * way at a time, so that a lost one leaves no gap. */
static void
turn_checkpoint(struct turn *t)
{
	struct slice text = buf_slice(&t->text);
	struct msg_turn_checkpoint piece = {
	    .turn = t->ids.message,
	    .offset = (uint32_t)t->kept,
	    .text = {text.p + t->kept, text.len - t->kept},
	};

	if (t->checkpoints == 0 &&
	    store_call(t->chat->store, MSG_TURN_CHECKPOINT, &piece, STORE_TIMEOUT_MS,
		on_checkpoint, t) != NULL) {
		t->checkpoints++;
		t->kept = text.len;
	}
	/* In other states the timer is another's: a claim leaves it alone. */
	if (t->state != TURN_STREAMING)
		return;
	if (t->kept == text.len)
		evtimer_del(t->timer);
	else
		turn_timer(t, CHECKPOINT_MS);
}

/* -- the answer -------------------------------------------------------------------------- */

static void
turn_add_text(struct turn *t, struct slice text)
{
	if (t->first_token_ms == 0)
		t->first_token_ms = clock_mono_ms();
	if (buf_append(&t->text, text.p, text.len) == -1) {
		upstream_cancel(t->transfer);
		t->transfer = NULL;
		turn_fail(t, TURN_TOO_LONG);
		return;
	}
	if (t->sink != NULL)
		t->sink->token(t->sink_arg, text);
	if (!t->behind && buf_len(&t->text) - t->kept >= CHECKPOINT_BYTES)
		turn_checkpoint(t);
	else if (!evtimer_pending(t->timer, NULL))
		turn_timer(t, CHECKPOINT_MS);
}

/* One event of the model's stream. -1 ends the reading: the turn has moved on. */
static int
on_event(void *arg, struct slice data)
{
	struct turn *t = arg;
	struct openai_delta d;

	openai_delta_read(data, &d);
	if (d.has_usage) {
		t->reply.prompt_tokens = d.prompt_tokens;
		t->reply.completion_tokens = d.completion_tokens;
	}
	t->said_done = t->said_done || d.has_finish || d.kind == OPENAI_DONE;
	switch (d.kind) {
	case OPENAI_NOTHING:
		break;
	case OPENAI_TEXT:
		turn_add_text(t, d.text);
		break;
	case OPENAI_DONE:
		turn_finish(t);
		break;
	case OPENAI_ERROR:
	case OPENAI_BAD:
		log_event(LOG_ERROR, "model_error", L_ID("turn", &t->ids.message),
		    L_SLICE("detail",
			d.kind == OPENAI_ERROR ? d.text
					       : slice_str("not an event of the "
							   "expected form")));
		upstream_cancel(t->transfer);
		t->transfer = NULL;
		turn_fail(t, TURN_MODEL_DOWN);
		break;
	}
	openai_delta_clear(&d);
	return t->state == TURN_STREAMING ? 0 : -1;
}

static void
on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct turn *t = arg;

	t->http_status = status;
	t->retry_after_ms = retry_after_ms;
	if (status != 200)
		return;
	turn_enter(t, TURN_STREAMING);
	history_clear(&t->history);
	if (t->sink != NULL)
		t->sink->start(t->sink_arg, &t->ids);
}

static void
on_data(void *arg, struct slice piece)
{
	struct turn *t = arg;

	if (t->state == TURN_ASKING) {
		size_t room = buf_room(&t->error_body);

		(void)!buf_append(&t->error_body, piece.p, piece.len < room ? piece.len : room);
		return;
	}
	if (t->state != TURN_STREAMING)
		return;
	if (sse_feed(&t->reader, piece, on_event, t) == -1 && t->state == TURN_STREAMING) {
		log_event(LOG_ERROR, "model_error", L_ID("turn", &t->ids.message),
		    L_STR("detail", "an event of endless length"));
		upstream_cancel(t->transfer);
		t->transfer = NULL;
		turn_fail(t, TURN_MODEL_DOWN);
	}
}

/* -- asking, and asking again ------------------------------------------------------------ */

static enum turn_failure
failure_of(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT || status == 504)
		return TURN_MODEL_SLOW;
	return status == 429 || status == 503 ? TURN_MODEL_BUSY : TURN_MODEL_DOWN;
}

/* Whether asking again may help: it was refused or broke before it began to answer. */
static bool
worth_a_retry(const struct turn *t, enum upstream_end how)
{
	if (t->attempts >= ATTEMPTS_MAX || t->retry_after_ms > RETRY_AFTER_MAX)
		return false;
	if (t->http_status != 0)
		return t->http_status == 429 || t->http_status >= 500;
	return how != UPSTREAM_TIMEOUT;
}

/* A random part of the backoff ("full jitter"), but no less than what the server asked for. */
static unsigned
retry_wait_ms(const struct turn *t)
{
	uint32_t random;

	secret_random(&random, sizeof(random));
	random %= (uint32_t)BACKOFF_MS << (t->attempts - 1);
	return random > t->retry_after_ms ? random : t->retry_after_ms;
}

static bool
within_limit(const struct turn *t, unsigned wait_ms)
{
	return clock_mono_ms() + wait_ms < t->began_ms + t->chat->total_ms;
}

/* The model's answer ended before it was one. */
static void
turn_refused(struct turn *t, enum upstream_end how, const char *detail)
{
	const char *why = detail;
	char message[256];
	unsigned wait_ms = retry_wait_ms(t);
	bool again = worth_a_retry(t, how) && within_limit(t, wait_ms);

	openai_error_message(buf_slice(&t->error_body), message, sizeof(message));
	if (*message != '\0')
		why = message;
	else if (how == UPSTREAM_DONE)
		why = "an error without a message";
	log_event(again ? LOG_WARN : LOG_ERROR, "model_refused", L_ID("turn", &t->ids.message),
	    L_INT("status", t->http_status), L_STR("detail", why),
	    L_UINT("attempt", t->attempts), L_STR("next", again ? "retry" : "give up"));
	buf_clear(&t->error_body);
	if (!again) {
		turn_fail(t, failure_of(how, t->http_status));
		return;
	}
	turn_enter(t, TURN_WAITING);
	turn_timer(t, wait_ms);
}

static void
on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct turn *t = arg;

	t->transfer = NULL;
	switch (t->state) {
	case TURN_ASKING:
		turn_refused(t, how, detail);
		break;
	case TURN_STREAMING:
		if (t->said_done) {
			turn_finish(t);
			break;
		}
		log_event(LOG_ERROR, "model_broke_off", L_ID("turn", &t->ids.message),
		    L_STR("detail", how == UPSTREAM_DONE ? "the stream ended early" : detail));
		turn_fail(t, how == UPSTREAM_TIMEOUT ? TURN_MODEL_SLOW : TURN_MODEL_DOWN);
		break;
	case TURN_OVER:
		turn_enter(t, TURN_OVER);
		break;
	default:
		break;
	}
}

static void
turn_ask(struct turn *t)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	struct chat *chat = t->chat;
	uint64_t spent = clock_mono_ms() - t->began_ms;
	struct buf body;

	buf_init(&body, OPENAI_BODY_MAX);
	if (openai_begin(&body, slice_str(chat->model), slice_str(chat->system_prompt)) == -1 ||
	    history_write(&t->history, &body) == -1 || openai_end(&body) == -1) {
		log_event(LOG_ERROR, "question_too_long", L_ID("turn", &t->ids.message));
		buf_clear(&body);
		turn_fail(t, TURN_MODEL_DOWN);
		return;
	}
	t->attempts++;
	t->http_status = 0;
	t->retry_after_ms = 0;
	turn_enter(t, TURN_ASKING);
	t->transfer = upstream_post(chat->upstream, &body,
	    spent + 1 < chat->total_ms ? (unsigned)(chat->total_ms - spent) : 1, &events, t);
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
	atomic_fetch_add_explicit(&chat->board->turns_running, 1, memory_order_relaxed);
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
	if (t->call != NULL)
		store_call_forget(t->call);
	t->call = NULL;
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = NULL;
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
