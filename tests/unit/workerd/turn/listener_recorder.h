/*
 * Listeners that record their callbacks, and may leave, or make another one leave, during one.
 */
#ifndef TESTS_UNIT_WORKERD_TURN_LISTENER_RECORDER_H
#define TESTS_UNIT_WORKERD_TURN_LISTENER_RECORDER_H

#include "tests/unit/workerd/turn/turn_stage.h"

enum recorder_call { AT_NOTHING, AT_START, AT_TOKEN, AT_END };

struct recorder {
	struct turn_listener *listener; /* NULL: ended, or not begun */
	unsigned starts, ends, tokens;
	size_t position;
	struct turn_ids ids;
	struct buf text; /* the tokens' text */
	bool done;       /* if not, after the end: failure */
	enum turn_failure failure;
	struct turn_reply reply;
	struct buf message; /* the reply's text */
	enum recorder_call drops_at;
	struct recorder *drops; /* the one that leaves at drops_at */
};

static inline void
recorder_leave(struct recorder *e)
{
	struct turn_listener *l = e->listener;

	e->listener = NULL;
	if (l != NULL)
		turn_leave(l);
}

static inline void
recorder_called(struct recorder *e, enum recorder_call call)
{
	if (e->drops_at == call)
		recorder_leave(e->drops);
}

static inline void
recorder_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	assert_int_equal(e->tokens, 0);
	e->starts++;
	e->ids = *ids;
	e->position = position;
	recorder_called(e, AT_START);
}

static inline void
recorder_token(void *arg, struct slice text)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	assert_int_equal(e->starts, 1);
	assert_true(text.len > 0 && utf8_valid(text));
	assert_int_equal(buf_append(&e->text, text.p, text.len), 0);
	e->tokens++;
	recorder_called(e, AT_TOKEN);
}

static inline void
recorder_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct recorder *e = arg;

	assert_non_null(e->listener);
	e->listener = NULL;
	e->ends++;
	e->done = true;
	e->ids = *ids;
	e->reply = *reply;
	assert_int_equal(buf_append(&e->message, reply->text.p, reply->text.len), 0);
	recorder_called(e, AT_END);
}

static inline void
recorder_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	struct recorder *e = arg;

	(void)retry_after_ms;
	assert_non_null(e->listener);
	e->listener = NULL;
	e->ends++;
	e->failure = failure;
	recorder_called(e, AT_END);
}

static const struct turn_sink recorder_sink = {
    recorder_start, recorder_token, recorder_done, recorder_error};

/* Frees the recording; leaves if it still listens. */
static inline void
recorder_clear(struct recorder *e)
{
	recorder_leave(e);
	buf_clear(&e->text);
	buf_clear(&e->message);
}

static inline struct recorder
recorder_new(void)
{
	struct recorder e = {0};

	buf_init(&e.text, TURN_REPLY_MAX);
	buf_init(&e.message, TURN_REPLY_MAX);
	return e;
}

static inline struct reply_ref
reference_to(const struct id *message)
{
	return (struct reply_ref){
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("visitor"),
	    .message = *message,
	};
}

/* client_id NULL: without. */
static inline void
recorder_begin(struct stage *s, struct recorder *e, const char *client_id)
{
	struct turn_request request = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("visitor"),
	    .text = slice_str("hello"),
	    .client_id = slice_str(client_id == NULL ? "" : client_id),
	};

	*e = recorder_new();
	e->listener = turn_begin(&s->turns, &request, &recorder_sink, e);
	assert_non_null(e->listener);
}

static inline void
recorder_join(struct stage *s, struct recorder *e, const struct id *message, size_t after)
{
	struct reply_ref reference = reference_to(message);

	*e = recorder_new();
	e->listener = turn_join(&s->turns, &reference, after, &recorder_sink, e);
	assert_non_null(e->listener);
}

static inline void
recorder_stop(struct stage *s, struct recorder *e, const struct id *message)
{
	struct reply_ref reference = reference_to(message);

	*e = recorder_new();
	e->listener = turn_stop(&s->turns, &reference, &recorder_sink, e);
	assert_non_null(e->listener);
}

static inline void
expect_text(const struct buf *heard, const char *text)
{
	assert_int_equal(buf_len(heard), strlen(text));
	assert_memory_equal(buf_data(heard), text, strlen(text));
}

/* Waits for the end, which must be this failure. */
static inline void
expect_failure(struct stage *s, struct recorder *e, enum turn_failure failure)
{
	STAGE_UNTIL(s, e->ends > 0);
	assert_false(e->done);
	assert_int_equal(e->failure, failure);
	assert_int_equal(e->ends, 1);
}

static inline void
expect_done(struct stage *s, struct recorder *e, enum message_status status, const char *text)
{
	STAGE_UNTIL(s, e->ends > 0);
	assert_true(e->done);
	assert_int_equal(e->reply.status, status);
	expect_text(&e->message, text);
	assert_int_equal(e->ends, 1);
}

/* A turn of e whose response has begun. */
static inline struct turn_ids
stage_stream(struct stage *s, struct recorder *e)
{
	struct turn_ids ids;

	recorder_begin(s, e, NULL);
	if (s->store.fd == -1)
		store_accept(s);
	ids = store_take_begin(s, 0);
	model_expect(s);
	model_answer(s);
	STAGE_UNTIL(s, e->starts == 1);
	return ids;
}

static inline struct msg_turn_state
state_open(const struct turn_ids *ids, const struct id *run, bool own)
{
	return (struct msg_turn_state){
	    .conversation = ids->conversation,
	    .turn = ids->message,
	    .open = 1,
	    .own = own,
	    .run = *run,
	};
}

static inline struct msg_turn_state
state_over(const struct turn_ids *ids, enum message_status status, const char *text)
{
	return (struct msg_turn_state){
	    .conversation = ids->conversation,
	    .turn = ids->message,
	    .status = (uint8_t)status,
	    .text = slice_str(text),
	    .prompt_tokens = 7,
	    .completion_tokens = 9,
	};
}

/* Answers the request for a reply, which must be this one; returns the offset from which its
 * text is requested. */
static inline uint32_t
store_take_join(struct stage *s, const struct msg_turn_state *state)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_TURN_JOIN, &m);
	uint32_t from = m.turn_join.from;

	assert_true(slice_eq_str(m.turn_join.session, "visitor"));
	assert_true(id_equal(&m.turn_join.org, &id_default_org));
	assert_true(id_equal(&m.turn_join.widget, &id_default_widget));
	assert_true(id_equal(&m.turn_join.turn, &state->turn));
	store_answer(s, request, MSG_TURN_STATE, state);
	return from;
}

/* Takes the end of a turn and stores it. */
static inline void
store_take_finish(struct stage *s, enum message_status status, const char *text)
{
	union msg m;
	uint64_t request = store_expect(s, MSG_TURN_FINISH, &m);

	assert_int_equal(m.turn_finish.status, status);
	assert_int_equal(m.turn_finish.text.len, strlen(text));
	assert_memory_equal(m.turn_finish.text.p, text, strlen(text));
	store_answer(s, request, MSG_OK, &(struct msg_ok){});
}

/* The end of the model's response. */
static inline void
model_end(struct stage *s)
{
	model_send(s, "data: [DONE]\n\n");
}

#endif
