/*
 * The model's response: its text is sent to the listeners, collected and kept in checkpoints.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/turn/turn_internal.h"

/* An error event, or an invalid one. */
static void
turn_response_bad_event(struct turn *t, struct slice message)
{
	turn_log_model_error(t, message);
	metric_add(&t->turns->board->model_errors[METRIC_MODEL_ERROR_BAD_EVENT], 1);
	upstream_cancel(t->transfer);
	t->transfer = NULL;
	turn_fail(t, TURN_MODEL_DOWN);
}

/* There is no retry after the first token, so the request's data is not needed any more. */
static void
turn_response_first_token(struct turn *t)
{
	t->first_token_ms = clock_mono_ms();
	metric_observe(&t->turns->board->first_token,
	    (t->first_token_ms - t->began_ms) * UINT64_C(1000000), 1);
	history_clear(&t->history);
	found_passages_clear(&t->passages);
	t->model = prompt_copy_model(t->prompt);
	free(t->prompt);
	t->prompt = NULL;
}

/* The relay time is measured only for tokens that a listener receives. */
static void
turn_response_count_relayed(struct turn *t)
{
	struct turns *turns = t->turns;

	if (reply_listeners_has_started(&t->listeners) && turns->relayed++ == 0)
		turns->relayed_since_ns = clock_mono_ns();
}

/* White space before the reply is dropped at once, because the stored reply is trimmed: a position must
 * mean the same in both. */
static struct slice
turn_response_trim_start(const struct turn *t, struct slice text)
{
	struct slice trimmed;

	if (buf_len(&t->listeners.text) > 0)
		return text;
	trimmed = utf8_trim(text);
	if (trimmed.len == 0)
		return trimmed;
	return (struct slice){trimmed.p, text.len - (size_t)(trimmed.p - text.p)};
}

static void
turn_response_checkpoint(struct turn *t)
{
	if (!t->checkpoint_failed &&
	    buf_len(&t->listeners.text) - t->checkpointed >= CHECKPOINT_BYTES)
		turn_checkpoint(t);
	else if (!evtimer_pending(&t->timer, NULL))
		turn_set_checkpoint_timer(t);
}

/* The part of a token that fits into the longest reply, in whole characters. */
static struct slice
turn_response_fit(const struct turn *t, struct slice text)
{
	size_t max = t->turns->limits.text > 0 ? t->turns->limits.text : TURN_REPLY_MAX;
	size_t room = max - buf_len(&t->listeners.text);
	struct slice part = {text.p, room};

	if (text.len <= room)
		return text;
	part.len -= utf8_incomplete_tail(part);
	return part;
}

/* The reply has reached its longest length: it ends here. */
static void
turn_response_cut(struct turn *t)
{
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = NULL;
	t->reply.status = MESSAGE_LENGTH;
	turn_finish(t);
}

static void
turn_response_add_text(struct turn *t, struct slice text)
{
	struct slice part;

	if (t->state != TURN_STREAMING)
		return;
	if (t->first_token_ms == 0)
		turn_response_first_token(t);
	text = turn_response_trim_start(t, text);
	if (text.len == 0)
		return;
	turn_response_count_relayed(t);
	part = turn_response_fit(t, text);
	if (part.len > 0)
		must(reply_listeners_append(&t->listeners, part) == 0);
	/* Marks before the first token. */
	if (buf_len(&t->listeners.text) == part.len)
		reply_listeners_cite(&t->listeners);
	turn_limits_hold(t);
	if (part.len < text.len) {
		turn_response_cut(t);
		return;
	}
	if (t->trial)
		turn_check_trial(t);
	else
		turn_response_checkpoint(t);
}

/* A part of the model's text, which may ask for a person. */
static void
turn_response_add_model_text(struct turn *t, struct slice text)
{
	struct buf cut;

	buf_init(&cut, HAND_OVER_ROOM(text.len));
	turn_marks_cut(t, turn_hand_over_cut(t, text, &cut), turn_response_add_text);
	buf_clear(&cut);
}

/* Text that belongs to the end of the reply. */
static void
turn_response_add_last(struct turn *t, struct slice text)
{
	if (text.len > 0 && t->state == TURN_STREAMING)
		turn_response_add_text(t, text);
}

static void
turn_response_complete(struct turn *t)
{
	struct slice rest = utf8_reassembly_end(&t->reassembly);
	struct buf notice;

	if (rest.len > 0)
		turn_response_add_model_text(t, rest);
	turn_marks_cut(t, turn_hand_over_rest(t), turn_response_add_last);
	turn_marks_rest(t, turn_response_add_last);
	buf_init(&notice, TURN_REPLY_MAX);
	turn_response_add_last(t, turn_hand_over_notice(t, &notice));
	buf_clear(&notice);
	if (t->state == TURN_STREAMING)
		turn_finish(t);
}

/* An event of the stream. -1 stops the reader: the turn has left TURN_STREAMING. */
static int
turn_response_on_event(void *arg, struct slice data)
{
	struct turn *t = arg;
	struct openai_delta d;

	openai_delta_read(&t->reassembly, data, &d);
	if (d.has_usage) {
		t->reply.prompt_tokens = d.prompt_tokens;
		t->reply.completion_tokens = d.completion_tokens;
	}
	if (t->waiting_text != NULL)
		hand_over_read_tool(&t->hand_over, &d);
	t->end_received = t->end_received || d.has_finish || d.kind == OPENAI_DONE;
	switch (d.kind) {
	case OPENAI_NOTHING:
		break;
	case OPENAI_TEXT:
		turn_response_add_model_text(t, d.text);
		break;
	case OPENAI_DONE:
		turn_response_complete(t);
		break;
	case OPENAI_ERROR:
		turn_response_bad_event(t, d.text);
		break;
	case OPENAI_BAD:
		turn_response_bad_event(t, slice_str("not an event of the expected form"));
		break;
	}
	openai_delta_clear(&d);
	return t->state == TURN_STREAMING ? 0 : -1;
}

static void
turn_response_on_headers(void *arg, int status, unsigned retry_after_ms)
{
	struct turn *t = arg;

	t->http_status = status;
	t->retry_after_ms = retry_after_ms;
	if (status != 200)
		return;
	turn_request_accepted(t);
	turn_enter(t, TURN_STREAMING);
	reply_listeners_start(&t->listeners);
	turn_check_trial(t);
}

static void
turn_response_on_data(void *arg, struct slice piece)
{
	struct turn *t = arg;

	if (t->state == TURN_REQUESTING) {
		size_t room = buf_room(&t->error_body);

		(void)!buf_append(&t->error_body, piece.p, piece.len < room ? piece.len : room);
		return;
	}
	if (t->state != TURN_STREAMING)
		return;
	if (sse_feed(&t->reader, piece, turn_response_on_event, t) == -1 &&
	    t->state == TURN_STREAMING)
		turn_response_bad_event(t, slice_str("an event is too long"));
}

/* Not retried: another response would differ from the text that the listeners have. */
static void
turn_response_broke_off(struct turn *t, enum upstream_end how, const char *detail)
{
	log_event(LOG_ERROR, "model_broke_off", L_TURN(t), L_STR("server", t->server->name),
	    L_STR("detail", how == UPSTREAM_DONE ? "the stream ended early" : detail));
	turn_count_model_error(t, how);
	turn_fail(t, how == UPSTREAM_TIMEOUT ? TURN_MODEL_SLOW : TURN_MODEL_DOWN);
}

static void
turn_response_on_end(void *arg, enum upstream_end how, const char *detail)
{
	struct turn *t = arg;

	t->transfer = NULL;
	switch (t->state) {
	case TURN_REQUESTING:
		turn_request_failed(t, how, detail);
		break;
	case TURN_STREAMING:
		if (t->end_received)
			turn_response_complete(t);
		else if (t->first_token_ms == 0)
			turn_request_failed(t, how, detail);
		else
			turn_response_broke_off(t, how, detail);
		break;
	case TURN_OVER:
		turn_enter(t, TURN_OVER);
		break;
	default:
		break;
	}
}

const struct upstream_events turn_response_events = {
    turn_response_on_headers, turn_response_on_data, turn_response_on_end};
