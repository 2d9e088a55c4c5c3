/*
 * The model's response: its text is sent to the listeners, collected and kept in checkpoints.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "proto/text/tokens.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/openai/openai_error.h"
#include "workerd/turn/turn_internal.h"

#define EXPLANATION_MAX 256 /* bytes of the sentence about a response without a reply */

/* Some servers put the tag that opens the thought into the prompt. What such a model writes is held back from the first
 * token on, once one of its replies has shown it. */
static void
turn_response_remember_inside(struct turn *t)
{
	struct model_habits *habits = model_memory_add(&t->turns->models, t->target_key);

	if (habits->begins_inside)
		return;
	log_event(LOG_NOTICE, "model_thinks_first", L_TURN(t), L_STR("server", t->server->name),
	    L_SLICE("model", t->target.model),
	    L_STR("detail", "its replies begin within a thought, without a tag that opens it"));
	habits->begins_inside = true;
}

/* A model whose name does not say that it thinks: its next replies get room for thoughts. */
static void
turn_response_remember_thoughts(struct turn *t)
{
	if (t->target.thinks)
		return;
	t->target.thinks = true;
	model_memory_add(&t->turns->models, t->target_key)->thinks = true;
	if (!tokens_model_reasons(t->target.model))
		log_event(LOG_NOTICE, "model_thinks", L_TURN(t),
		    L_STR("server", t->server->name), L_SLICE("model", t->target.model),
		    L_STR("detail", "its replies get room for thoughts"));
}

static void
turn_response_expect_thoughts(struct turn *t)
{
	const struct model_habits *habits = model_memory_find(&t->turns->models, t->target_key);

	thoughts_clear(&t->thoughts);
	thoughts_init(&t->thoughts);
	if (!t->keeps_thoughts && habits != NULL && habits->begins_inside)
		thoughts_begin_inside(&t->thoughts);
}

void
turn_response_reset(struct turn *t)
{
	sse_clear(&t->reader);
	sse_init(&t->reader);
	buf_clear(&t->whole);
	t->form = OPENAI_FORM_UNKNOWN;
	t->accepted = t->hopeless = t->peeked = t->has_item = t->end_received = false;
	t->reply.status = MESSAGE_COMPLETE;
	t->reassembly = (struct utf8_reassembly){0};
	turn_response_expect_thoughts(t);
	t->hand_over = (struct hand_over){0};
	turn_marks_reset(t);
	turn_tools_reset(t);
}

/* Nothing more is read of the response. */
static void
turn_response_leave(struct turn *t)
{
	if (t->transfer != NULL)
		upstream_cancel(t->transfer);
	t->transfer = NULL;
}

static void turn_response_complete(struct turn *t);

/* An invalid event, or a response without a reply. */
static void
turn_response_bad_event(struct turn *t, struct slice message)
{
	turn_log_model_error(t, message);
	metric_add(&t->turns->board->model_errors[METRIC_MODEL_ERROR_BAD_EVENT], 1);
	turn_response_leave(t);
	turn_fail(t, TURN_MODEL_DOWN);
}

/* The server reports an error in a response with status 200. Before the first token it is treated like a response with
 * the status that it stands for: 502 if it does not say one. */
static void
turn_response_error(struct turn *t, struct slice body, struct slice message)
{
	const struct openai_error error = openai_error_read(body, 200);

	t->http_status = error.status != 0 ? error.status : 502;
	if (t->transfer != NULL)
		upstream_judge(t->transfer, t->http_status);
	turn_response_leave(t);
	/* The reply is complete: what failed was behind it. */
	if (t->end_received && t->wrote) {
		turn_log_model_error(t, message);
		turn_response_complete(t);
		return;
	}
	if (error.kind == OPENAI_ERROR_FILTERED && t->wrote) {
		turn_response_filtered(t);
		return;
	}
	if (!t->wrote) {
		(void)!buf_append(&t->error_body, body.p,
		    body.len < ERROR_BODY_MAX ? body.len : ERROR_BODY_MAX);
		turn_request_failed(t, UPSTREAM_DONE, "");
		return;
	}
	turn_log_model_error(t, message);
	turn_count_model_error(t, UPSTREAM_DONE);
	turn_fail(t, turn_request_failure(UPSTREAM_DONE, t->http_status));
}

void
turn_response_filtered(struct turn *t)
{
	buf_clear(&t->error_body);
	t->reply.status = MESSAGE_FILTERED;
	turn_finish(t);
}

/* The first event, if it is not an error: only now is it certain that the server has accepted the request. */
static void
turn_response_accept(struct turn *t)
{
	if (t->accepted)
		return;
	t->accepted = true;
	if (t->transfer != NULL)
		upstream_judge(t->transfer, 200);
	turn_request_accepted(t);
	reply_listeners_start(&t->listeners);
	turn_check_trial(t);
}

/* The model writes or thinks: no other server is asked any more because of the time. */
static void
turn_response_has_begun(struct turn *t)
{
	if (t->first_token_due_ms != 0)
		evtimer_del(&t->timer);
	t->first_token_due_ms = 0;
}

/* There is no retry after the first token, so the request's data is not needed any more, unless the model may call tools. */
static void
turn_response_first_token(struct turn *t)
{
	t->wrote = true;
	turn_response_has_begun(t);
	if (t->first_token_ms != 0)
		return;
	t->first_token_ms = clock_mono_ms();
	metric_observe(&t->turns->board->first_token,
	    (t->first_token_ms - t->began_ms) * UINT64_C(1000000), 1);
	t->model = slice_strdup(t->target.model);
	t->target.model = slice_str(t->model);
	turn_fallback_clear(t);
	if (t->tools != NULL)
		return;
	history_clear(&t->history);
	found_passages_clear(&t->passages);
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

	if (buf_len(&t->listeners.text) > 0 && !t->gap)
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
	turn_response_leave(t);
	t->reply.status = MESSAGE_LENGTH;
	turn_finish(t);
}

void
turn_response_add_text(struct turn *t, struct slice text)
{
	struct slice part;

	if (t->state != TURN_STREAMING)
		return;
	if (!t->wrote)
		turn_response_first_token(t);
	text = turn_response_trim_start(t, text);
	if (text.len == 0)
		return;
	turn_response_count_relayed(t);
	if (t->gap && turn_response_fit(t, slice_str("\n\n")).len == 2)
		must(reply_listeners_append(&t->listeners, slice_str("\n\n")) == 0);
	t->gap = false;
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

/* A part of the model's text without thoughts, which may ask for a person. */
static void
turn_response_add_answer(struct turn *t, struct slice text)
{
	struct buf cut;

	if (t->waiting_text == NULL && t->listeners.sources == NULL) {
		turn_response_add_text(t, text);
		return;
	}
	buf_init(&cut, HAND_OVER_ROOM(text.len));
	turn_marks_cut(t, turn_hand_over_cut(t, text, &cut));
	buf_clear(&cut);
}

/* All text so far was a thought, which nothing has said at its beginning. Listeners have it already; done has the true
 * text, and so has the store. */
static void
turn_response_restart(struct turn *t)
{
	t->thoughts.restarted = false;
	t->hand_over.held = 0;
	turn_marks_reset(t);
	buf_truncate(&t->listeners.text, t->round_start);
	t->gap = t->round_start > 0;
	t->checkpointed = t->published = 0;
}

static void
turn_response_add_model_text(struct turn *t, struct slice text)
{
	struct buf cut;

	if (t->keeps_thoughts) {
		turn_response_add_answer(t, text);
		return;
	}
	buf_init(&cut, THOUGHTS_ROOM(text.len));
	text = thoughts_cut(&t->thoughts, text, &cut);
	if (t->thoughts.began_inside)
		turn_response_remember_inside(t);
	if (t->thoughts.seen || t->thoughts.place == THOUGHTS_CHANNEL)
		turn_response_remember_thoughts(t);
	if (t->thoughts.restarted)
		turn_response_restart(t);
	t->hand_over.found |= t->thoughts.called && t->waiting_text != NULL;
	if (text.len > 0)
		turn_response_add_answer(t, text);
	buf_clear(&cut);
}

/* What still waits is text. A reply without a tag that closes a thought had none. */
static void
turn_response_end_thoughts(struct turn *t)
{
	struct model_habits *habits = model_memory_find(&t->turns->models, t->target_key);
	struct slice text;
	struct buf rest;

	if (habits != NULL && t->thoughts.is_inside)
		habits->begins_inside = false;
	buf_init(&rest, THOUGHTS_ROOM(0));
	text = thoughts_end(&t->thoughts, &rest);
	if (text.len > 0 && t->state == TURN_STREAMING)
		turn_response_add_answer(t, text);
	buf_clear(&rest);
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
	turn_response_end_thoughts(t);
	turn_marks_end(t, turn_hand_over_rest(t));
	buf_init(&notice, TURN_REPLY_MAX);
	turn_response_add_last(t, turn_hand_over_notice(t, &notice));
	buf_clear(&notice);
	if (t->state == TURN_STREAMING && !turn_tools_run(t))
		turn_finish(t);
}

/* Notes why the model has ended its reply. */
static void
turn_response_note_finish(struct turn *t, enum openai_finish finish)
{
	if (finish == OPENAI_GOES_ON)
		return;
	t->end_received = true;
	if (finish == OPENAI_LENGTH)
		t->reply.status = MESSAGE_LENGTH;
	if (finish == OPENAI_FILTERED)
		t->reply.status = MESSAGE_FILTERED;
}

/* Whether an event's text belongs to the reply: that of another item, or of a message that repeats the whole text behind
 * its deltas, does not. */
static bool
turn_response_follows(struct turn *t, const struct openai_delta *d)
{
	if (d->kind != OPENAI_TEXT || (t->has_item && (d->whole || d->item != t->item)))
		return false;
	t->has_item = true;
	t->item = d->item;
	return true;
}

/* An error may report a usage, too. */
static void
turn_response_note_usage(struct turn *t, const struct openai_delta *d)
{
	if (!d->has_usage)
		return;
	t->reply.prompt_tokens = d->prompt_tokens;
	t->reply.completion_tokens = d->completion_tokens;
}

/* An event other than an error. */
static void
turn_response_take(struct turn *t, const struct openai_delta *d)
{
	turn_response_accept(t);
	if (t->waiting_text != NULL)
		hand_over_read_tool(&t->hand_over, d);
	if (t->tools != NULL)
		turn_tools_read(t, d);
	/* The server separates thoughts from the text itself. */
	if (d->thinks && t->thoughts.is_inside)
		thoughts_begin_outside(&t->thoughts);
	if (d->thinks)
		turn_response_remember_thoughts(t);
	if (d->thinks || d->kind == OPENAI_TEXT)
		turn_response_has_begun(t);
	if (turn_response_follows(t, d)) {
		if (!turn_cost_count(t, d->text.len)) {
			turn_response_cut(t);
			return;
		}
		turn_response_add_model_text(t, d->text);
	}
	if (t->state != TURN_STREAMING)
		return;
	turn_response_note_finish(t, d->finish);
	if (d->kind == OPENAI_DONE || d->ends) {
		t->end_received = true;
		turn_response_complete(t);
	}
}

/* An event of the stream. -1 stops the reader: the turn has left TURN_STREAMING. */
static int
turn_response_on_event(void *arg, struct slice data)
{
	struct turn *t = arg;
	struct openai_delta d;

	if (t->reader.kind == SSE_PING)
		return 0;
	openai_delta_read(&t->reassembly, data, &d);
	turn_response_note_usage(t, &d);
	if (t->reader.kind == SSE_DONE && d.kind != OPENAI_ERROR)
		d.ends = true;
	if (t->reader.kind == SSE_DONE && d.kind == OPENAI_BAD)
		d.kind = OPENAI_NOTHING;
	if (d.kind == OPENAI_ERROR || (t->reader.kind == SSE_ERROR && d.kind != OPENAI_DONE))
		turn_response_error(t, data, d.kind == OPENAI_ERROR ? d.text : data);
	else if (d.kind == OPENAI_BAD)
		turn_response_bad_event(t, slice_str("not an event of the expected form"));
	else if (d.finish == OPENAI_FAILED)
		turn_response_error(t, data,
		    slice_str("the server could not complete the reply (finish_reason)"));
	else
		turn_response_take(t, &d);
	openai_delta_clear(&d);
	return t->state == TURN_STREAMING ? 0 : -1;
}

static void
turn_response_on_headers(void *arg, const struct upstream_head *head, unsigned retry_after_ms)
{
	struct turn *t = arg;

	/* Some frameworks answer each POST with 201. */
	t->http_status = head->status / 100 == 2 ? 200 : head->status;
	t->retry_after_ms = retry_after_ms;
	memcpy(t->type, head->type, sizeof(t->type));
	if (t->http_status != 200)
		return;
	turn_enter(t, TURN_STREAMING);
	if (!openai_form_is_stream(t->type))
		return;
	reply_listeners_start(&t->listeners);
	turn_check_trial(t);
}

/* The response has no reply: asking again would cost another call, with the same result. */
static void
turn_response_is_other(struct turn *t, struct slice start)
{
	char why[EXPLANATION_MAX];

	openai_form_explain(t->type, start, why, sizeof(why));
	turn_response_bad_event(t, slice_str(why));
}

/* A response of several lines of JSON, each of which would be an event. */
static bool
turn_response_read_lines(struct turn *t)
{
	struct slice rest = buf_slice(&t->whole);
	struct openai_delta d;
	const uint8_t *end = memchr(rest.p, '\n', rest.len);
	bool is_event;

	if (end == NULL)
		return false;
	openai_delta_read(&t->reassembly, (struct slice){rest.p, (size_t)(end - rest.p)}, &d);
	is_event = d.kind == OPENAI_TEXT || d.kind == OPENAI_ERROR ||
	    json_object_get(d.json, "choices") != NULL;
	openai_delta_clear(&d);
	if (!is_event)
		return false;
	t->reassembly = (struct utf8_reassembly){0};
	for (; end != NULL; end = memchr(rest.p, '\n', rest.len)) {
		if (turn_response_on_event(t, (struct slice){rest.p, (size_t)(end - rest.p)}) ==
		    -1)
			return true;
		rest = (struct slice){end + 1, rest.len - (size_t)(end + 1 - rest.p)};
	}
	if (turn_response_on_event(t, rest) == -1)
		return true;
	if (t->end_received)
		turn_response_complete(t);
	else
		turn_response_bad_event(t, slice_str("the lines ended early"));
	return true;
}

/* A response in one piece is complete. */
static void
turn_response_read_whole(struct turn *t)
{
	struct slice body = buf_slice(&t->whole);
	struct openai_delta d;

	openai_delta_read_tree(&t->reassembly, body, &d);
	if (d.kind == OPENAI_BAD && turn_response_read_lines(t)) {
		openai_delta_clear(&d);
		return;
	}
	turn_response_note_usage(t, &d);
	if (d.kind == OPENAI_ERROR) {
		t->hopeless = true;
		turn_response_error(t, body, d.text);
	} else if (!d.whole && d.kind != OPENAI_TEXT && d.finish == OPENAI_GOES_ON) {
		turn_response_is_other(t, body);
	} else {
		turn_response_take(t, &d);
		if (t->state == TURN_STREAMING)
			turn_response_complete(t);
	}
	openai_delta_clear(&d);
}

/* What turn_response_peek() reads ahead. */
struct turn_peek {
	struct sse_reader reader;
	struct utf8_reassembly reassembly;
	struct thoughts thoughts;
};

static int
turn_response_peek_event(void *arg, struct slice data)
{
	struct turn_peek *p = arg;
	struct openai_delta d;
	struct buf cut;

	openai_delta_read(&p->reassembly, data, &d);
	buf_init(&cut, THOUGHTS_ROOM(d.text.len));
	if (d.kind == OPENAI_TEXT)
		(void)thoughts_cut(&p->thoughts, d.text, &cut);
	buf_clear(&cut);
	openai_delta_clear(&d);
	return p->thoughts.began_inside ? -1 : 0;
}

/* A thought without a tag at its beginning may be complete in the first piece of a fast server: looks for its end
 * before the visitor gets any of it. */
static void
turn_response_peek(struct turn *t, struct slice piece)
{
	struct turn_peek p = {.reassembly = {.len = 0}};

	t->peeked = true;
	if (t->keeps_thoughts || thoughts_is_open(&t->thoughts) ||
	    (memchr(piece.p, '<', piece.len) == NULL &&
		memmem(piece.p, piece.len, "u003c", 5) == NULL))
		return;
	sse_init(&p.reader);
	thoughts_init(&p.thoughts);
	(void)!sse_feed(&p.reader, piece, turn_response_peek_event, &p);
	if (p.thoughts.began_inside)
		thoughts_begin_inside(&t->thoughts);
	sse_clear(&p.reader);
	thoughts_clear(&p.thoughts);
}

static void
turn_response_add_events(struct turn *t, struct slice piece)
{
	if (!t->peeked)
		turn_response_peek(t, piece);
	if (sse_feed(&t->reader, piece, turn_response_on_event, t) == -1 &&
	    t->state == TURN_STREAMING)
		turn_response_bad_event(t, slice_str("an event is too long"));
}

/* Until it is known what the response is, and if it is not a stream, its body is collected. */
static void
turn_response_collect(struct turn *t, struct slice piece)
{
	if (buf_append(&t->whole, piece.p, piece.len) == -1) {
		turn_response_bad_event(t, slice_str("the response is too long"));
		return;
	}
	turn_limits_hold(t);
	if (t->form == OPENAI_FORM_UNKNOWN)
		t->form = openai_form_of(t->type, buf_slice(&t->whole));
	if (t->form == OPENAI_FORM_EVENTS)
		turn_response_add_events(t, buf_slice(&t->whole));
	else if (t->form == OPENAI_FORM_OTHER)
		turn_response_is_other(t, buf_slice(&t->whole));
	if (t->state == TURN_STREAMING && t->form == OPENAI_FORM_EVENTS)
		buf_clear(&t->whole);
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
	/* The first piece of a stream usually says what it is, and is then used in place. */
	if (t->form == OPENAI_FORM_UNKNOWN && buf_len(&t->whole) == 0)
		t->form = openai_form_of(t->type, piece);
	if (t->form == OPENAI_FORM_EVENTS)
		turn_response_add_events(t, piece);
	else
		turn_response_collect(t, piece);
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

/* The response ended while the reply was written. */
static void
turn_response_end(struct turn *t, enum upstream_end how, const char *detail)
{
	if (how == UPSTREAM_DONE && t->form == OPENAI_FORM_JSON) {
		turn_response_read_whole(t);
		return;
	}
	if (how == UPSTREAM_DONE && sse_end(&t->reader, turn_response_on_event, t) == -1 &&
	    t->state == TURN_STREAMING)
		turn_response_bad_event(t, slice_str("an event is too long"));
	if (t->state != TURN_STREAMING)
		return;
	if (t->end_received)
		turn_response_complete(t);
	else if (!t->wrote)
		turn_request_failed(t, how, detail);
	else
		turn_response_broke_off(t, how, detail);
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
		turn_response_end(t, how, detail);
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
