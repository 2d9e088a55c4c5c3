/*
 * The model's part of a turn: the question, the answer as it comes, and asking again when the
 * model refused before it began to answer.
 */
#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"
#include "workerd/chat/openai.h"
#include "workerd/chat/openai_delta.h"
#include "workerd/chat/turn_internal.h"

#define ATTEMPTS_MAX    3
#define BACKOFF_MS      500  /* doubles with each attempt; the wait is a random part of it */
#define RETRY_AFTER_MAX 5000 /* a longer wait is the visitor's to decide */

/* -- the answer -------------------------------------------------------------------------- */

static void
count_error(const struct turn *t, enum metric_model_error what)
{
	metric_add(&t->chat->board->model_errors[what], 1);
}

static void
first_token(struct turn *t)
{
	t->first_token_ms = clock_mono_ms();
	metric_observe(&t->chat->board->first_token,
	    (t->first_token_ms - t->began_ms) * UINT64_C(1000000), 1);
}

static void
relay(struct turn *t, struct slice text)
{
	struct chat *chat = t->chat;

	if (t->sink == NULL)
		return;
	if (chat->relayed++ == 0)
		chat->relayed_since_ns = clock_mono_ns();
	t->sink->token(t->sink_arg, text);
}

static void
turn_add_text(struct turn *t, struct slice text)
{
	if (t->first_token_ms == 0)
		first_token(t);
	if (buf_append(&t->text, text.p, text.len) == -1) {
		if (t->transfer != NULL)
			upstream_cancel(t->transfer);
		t->transfer = NULL;
		turn_fail(t, TURN_TOO_LONG);
		return;
	}
	relay(t, text);
	if (!t->behind && buf_len(&t->text) - t->kept >= CHECKPOINT_BYTES)
		turn_checkpoint(t);
	else if (!evtimer_pending(t->timer, NULL))
		turn_timer(t, CHECKPOINT_MS);
}

/* The model has said all it will. */
static void
turn_answered(struct turn *t)
{
	struct slice rest = joiner_end(&t->halves);

	if (rest.len > 0)
		turn_add_text(t, rest);
	if (t->state == TURN_STREAMING)
		turn_finish(t);
}

/* One event of the model's stream. -1 ends the reading: the turn has moved on. */
static int
on_event(void *arg, struct slice data)
{
	struct turn *t = arg;
	struct openai_delta d;

	openai_delta_read(&t->halves, data, &d);
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
		turn_answered(t);
		break;
	case OPENAI_ERROR:
	case OPENAI_BAD:
		log_event(LOG_ERROR, "model_error", L_TURN(t),
		    L_SLICE("detail",
			d.kind == OPENAI_ERROR ? d.text
					       : slice_str("not an event of the "
							   "expected form")));
		count_error(t, METRIC_MODEL_ERROR_BAD_EVENT);
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
		log_event(LOG_ERROR, "model_error", L_TURN(t),
		    L_STR("detail", "an event of endless length"));
		count_error(t, METRIC_MODEL_ERROR_BAD_EVENT);
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

static enum metric_model_error
error_of(enum upstream_end how, int status)
{
	if (how == UPSTREAM_TIMEOUT)
		return METRIC_MODEL_ERROR_TIMEOUT;
	if (how == UPSTREAM_CONNECT)
		return METRIC_MODEL_ERROR_CONNECT;
	if (how == UPSTREAM_BROKEN)
		return METRIC_MODEL_ERROR_BROKEN;
	if (status == 200)
		return METRIC_MODEL_ERROR_BAD_EVENT;
	if (status == 429)
		return METRIC_MODEL_ERROR_BUSY;
	return status >= 500 ? METRIC_MODEL_ERROR_FAILED : METRIC_MODEL_ERROR_REFUSED;
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

	count_error(t, error_of(how, t->http_status));
	openai_error_message(buf_slice(&t->error_body), message, sizeof(message));
	if (*message != '\0')
		why = message;
	else if (how == UPSTREAM_DONE)
		why = "an error without a message";
	log_event(again ? LOG_WARN : LOG_ERROR, "model_refused", L_TURN(t),
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
			turn_answered(t);
			break;
		}
		log_event(LOG_ERROR, "model_broke_off", L_TURN(t),
		    L_STR("detail", how == UPSTREAM_DONE ? "the stream ended early" : detail));
		count_error(t, error_of(how, t->http_status));
		turn_fail(t, how == UPSTREAM_TIMEOUT ? TURN_MODEL_SLOW : TURN_MODEL_DOWN);
		break;
	case TURN_OVER:
		turn_enter(t, TURN_OVER);
		break;
	default:
		break;
	}
}

void
turn_ask(struct turn *t)
{
	static const struct upstream_events events = {on_headers, on_data, on_end};
	struct chat *chat = t->chat;
	uint64_t spent = clock_mono_ms() - t->began_ms;
	struct buf body;

	buf_init(&body, OPENAI_BODY_MAX);
	if (openai_begin(&body, slice_str(chat->model), slice_str(chat->system_prompt)) == -1 ||
	    history_write(&t->history, &body) == -1 || openai_end(&body) == -1) {
		log_event(LOG_ERROR, "question_too_long", L_TURN(t));
		buf_clear(&body);
		turn_fail(t, TURN_MODEL_DOWN);
		return;
	}
	t->attempts++;
	metric_add(&chat->board->model_requests, 1);
	t->http_status = 0;
	t->retry_after_ms = 0;
	turn_enter(t, TURN_ASKING);
	t->transfer = upstream_post(chat->upstream, &body,
	    spent + 1 < chat->total_ms ? (unsigned)(chat->total_ms - spent) : 1, &events, t);
}
