/*
 * The model's answer as it comes: relayed, gathered and kept.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai.h"
#include "workerd/model/openai_delta.h"
#include "workerd/turn/turn_internal.h"

/* -- the answer -------------------------------------------------------------------------- */

/* What came is nothing that a model should say. */
static void
bad_event(struct turn *t, struct slice words)
{
	turn_log_words(t, words);
	metric_add(&t->chat->board->model_errors[METRIC_MODEL_ERROR_BAD_EVENT], 1);
	upstream_cancel(t->transfer);
	t->transfer = NULL;
	turn_fail(t, TURN_MODEL_DOWN);
}

static void
first_token(struct turn *t)
{
	t->first_token_ms = clock_mono_ms();
	metric_observe(&t->chat->board->first_token,
	    (t->first_token_ms - t->began_ms) * UINT64_C(1000000), 1);
	/* From now on it is not asked again. */
	history_clear(&t->history);
	free(t->agent);
	t->agent = NULL;
}

/* Tokens are counted to the time of their relay only where somebody hears them. */
static void
count_relayed(struct turn *t)
{
	struct chat *chat = t->chat;

	if (audience_hears(&t->audience) && chat->relayed++ == 0)
		chat->relayed_since_ns = clock_mono_ns();
}

/* A reply is stored without the white space before it: it is never part of it, so that a place in
 * the text is the same then and now. */
static struct slice
without_lead(const struct turn *t, struct slice text)
{
	struct slice trimmed;

	if (buf_len(&t->audience.text) > 0)
		return text;
	trimmed = utf8_trim(text);
	if (trimmed.len == 0)
		return trimmed;
	return (struct slice){trimmed.p, text.len - (size_t)(trimmed.p - text.p)};
}

/* A piece of the text is kept now, or in a while. */
static void
keep_soon(struct turn *t)
{
	if (!t->behind && buf_len(&t->audience.text) - t->kept >= CHECKPOINT_BYTES)
		turn_checkpoint(t);
	else if (!evtimer_pending(&t->timer, NULL))
		turn_timer_checkpoint(t);
}

static void
turn_add_text(struct turn *t, struct slice text)
{
	if (t->first_token_ms == 0)
		first_token(t);
	text = without_lead(t, text);
	if (text.len == 0)
		return;
	count_relayed(t);
	if (audience_text(&t->audience, text) == -1) {
		if (t->transfer != NULL)
			upstream_cancel(t->transfer);
		t->transfer = NULL;
		turn_fail(t, TURN_TOO_LONG);
		return;
	}
	if (t->trial)
		turn_look_for_listeners(t);
	else
		keep_soon(t);
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
		bad_event(t,
		    d.kind == OPENAI_ERROR ? d.text
					   : slice_str("not an event of the expected form"));
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
	turn_admitted(t);
	turn_enter(t, TURN_STREAMING);
	audience_begin(&t->audience);
	if (t->trial)
		turn_look_for_listeners(t);
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
	if (sse_feed(&t->reader, piece, on_event, t) == -1 && t->state == TURN_STREAMING)
		bad_event(t, slice_str("an event of endless length"));
}

/* -- its end ---------------------------------------------------------------------------- */

/* Asked again, it would say something else than what has been shown already. */
static void
broke_off(struct turn *t, enum upstream_end how, const char *detail)
{
	log_event(LOG_ERROR, "model_broke_off", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", how == UPSTREAM_DONE ? "the stream ended early" : detail));
	turn_count_error(t, how);
	turn_fail(t, how == UPSTREAM_TIMEOUT ? TURN_MODEL_SLOW : TURN_MODEL_DOWN);
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
		if (t->said_done)
			turn_answered(t);
		else if (t->first_token_ms == 0)
			turn_refused(t, how, detail);
		else
			broke_off(t, how, detail);
		break;
	case TURN_OVER:
		turn_enter(t, TURN_OVER);
		break;
	default:
		break;
	}
}

const struct upstream_events turn_answer_events = {on_headers, on_data, on_end};
