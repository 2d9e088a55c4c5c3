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

/* The end of the model's response. */
static inline void
model_end(struct stage *s)
{
	model_send(s, "data: [DONE]\n\n");
}

#endif
