/*
 * The queue of a socket: replies to messages sent from here, replies that the visitor's other connections
 * started, and syncs of the history. Only the first entry is under way; the others wait.
 *
 * Behind a sync are only own messages that are not sent yet: replies that others start meanwhile are
 * found by this sync or the next one.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/live/live_failure.h"
#include "workerd/api/request/connection_limit.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/widget/widget_socket.h"

/* Messages that may wait in the queue. */
#define WAITING_MAX 8
/* Entries of the queue; a sync finds the replies beyond them. */
#define REPLIES_MAX 32

struct widget_reply {
	struct widget_socket *s;
	struct turn_listener *listener; /* NULL: it waits */
	struct id reply;                /* zero until known */
	struct id message;              /* of an own one: the message it replies to */
	bool own;                       /* to a message from here */
	bool asks_person;               /* of an own one: it asks for a person */
	bool sync, syncing;             /* not a reply but a sync; syncing: under way */
	bool typing;                    /* typing_start was sent */
	bool stopping;    /* stop it once it is delivered; of a sync: the reply that it finds */
	struct id run;    /* run that is delivered; zero: unknown */
	struct id newest; /* latest run, as far as the store said; zero: none */
	TAILQ_ENTRY(widget_reply) link;
	struct files_json_ids files; /* of an own one's message */
	/* Of an own one: the client's id of the message, then the message, or its answer (ANSWER_PARTs). */
	size_t id_len, text_len, answer_len;
	uint8_t bytes[];
};

static struct slice
widget_reply_client_id(const struct widget_reply *r)
{
	return (struct slice){r->bytes, r->id_len};
}

static struct slice
widget_reply_text(const struct widget_reply *r)
{
	return (struct slice){r->bytes + r->id_len, r->text_len};
}

static struct slice
widget_reply_answer(const struct widget_reply *r)
{
	return (struct slice){r->bytes + r->id_len + r->text_len, r->answer_len};
}

/* Inserts an entry after another one, or (NULL) at the end. bytes: of client id and message. */
static struct widget_reply *
widget_reply_new(struct widget_socket *s, struct widget_reply *after, size_t bytes)
{
	struct widget_reply *r = xcalloc(1, sizeof(*r) + bytes);

	r->s = s;
	if (after != NULL)
		TAILQ_INSERT_AFTER(&s->replies, after, r, link);
	else
		TAILQ_INSERT_TAIL(&s->replies, r, link);
	s->n_replies++;
	return r;
}

static void
widget_reply_free(struct widget_reply *r)
{
	struct widget_socket *s = r->s;

	TAILQ_REMOVE(&s->replies, r, link);
	s->n_replies--;
	if (r->own && r->listener == NULL)
		s->n_waiting--;
	free(r);
}

/* The typing of an operator becomes that of the reply: its end must not hide the reply's. */
static void
widget_reply_start_typing(struct widget_reply *r)
{
	bool typed = widget_operator_stop_typing(r->s);

	if (!r->typing && !typed)
		widget_send_type(&r->s->out, "typing_start");
	r->typing = true;
}

static void
widget_reply_finish(struct widget_reply *r)
{
	struct widget_socket *s = r->s;

	if (r->typing)
		widget_send_type(&s->out, "typing_stop");
	widget_reply_free(r);
	if (widget_history_is_long(s))
		widget_replies_sync(s);
	widget_replies_next(s);
}

/* Notes that the client has the message and its reply. */
static void
widget_reply_note(const struct widget_reply *r, bool interrupted)
{
	if (r->own)
		widget_history_add(r->s, &r->message, false);
	widget_history_add(r->s, &r->reply, interrupted);
}

/* A message that was sent again may have a reply that waits in the queue anyway. */
static void
widget_reply_drop_duplicate(struct widget_reply *r)
{
	struct widget_reply *other;

	TAILQ_FOREACH (other, &r->s->replies, link)
		if (other != r && other->listener == NULL && id_equal(&other->reply, &r->reply))
			break;
	if (other != NULL)
		widget_reply_free(other);
}

/* The reply to a message that was sent again has another id than the one chosen here, so a stop by that
 * id had no effect: stop again. */
static void
widget_reply_set_id(struct widget_reply *r, const struct id *reply)
{
	bool again = r->stopping && !id_equal(&r->reply, reply);

	r->reply = *reply;
	if (!again)
		return;
	r->stopping = false;
	widget_replies_stop(r->s);
}

static void
widget_reply_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct widget_reply *r = arg;

	(void)position;
	/* The store does not know the run of a reply that has ended: it was the newest. */
	r->run = id_is_zero(&ids->run) ? r->newest : ids->run;
	widget_reply_set_id(r, &ids->message);
	widget_reply_drop_duplicate(r);
	widget_reply_start_typing(r);
}

static void
widget_reply_on_token(void *arg, struct slice token)
{
	struct widget_reply *r = arg;

	if (r->s->out.streams)
		widget_send_token(&r->s->out, token);
}

static void
widget_reply_on_source(void *arg, const struct turn_source *source)
{
	struct widget_reply *r = arg;

	widget_send_source(&r->s->out, source);
}

/* A person answers the message. A client that does not know people gets the agent's text as the reply; it is
 * not stored, so it has no id. */
static void
widget_reply_hand_over(struct widget_reply *r, const struct turn_reply *reply)
{
	if (r->s->out.operators) {
		widget_send_handover(&r->s->out, reply);
	} else {
		widget_reply_start_typing(r);
		widget_send_message(&r->s->out,
		    &(struct msg_message_record){
			.role = MESSAGE_ASSISTANT, .text = reply->text});
	}
	widget_reply_finish(r);
}

static void
widget_reply_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct widget_reply *r = arg;

	r->reply = ids->message;
	widget_reply_note(r, false);
	live_core_forgive(&r->s->core);
	if (reply->handover == STATE_PERSON) {
		widget_reply_hand_over(r, reply);
		return;
	}
	widget_reply_start_typing(r);
	widget_send_message(&r->s->out,
	    &(struct msg_message_record){
		.id = ids->message,
		.role = MESSAGE_ASSISTANT,
		.status = (uint8_t)reply->status,
		.text = reply->text,
		.sources = reply->sources,
	    });
	widget_reply_finish(r);
}

/* Whether another connection has started a newer run than the one that is delivered. */
static bool
widget_reply_is_outdated(const struct widget_reply *r)
{
	return !id_is_zero(&r->newest) && !id_equal(&r->newest, &r->run);
}

/* A reply of another connection: its visitor need not know that this one lost it, since the client reconnects. A worker
 * that shuts down closes the connection itself. */
static bool
widget_reply_is_lost(const struct widget_reply *r, const struct turn_error *error)
{
	return !r->own && error->failure != TURN_SHUTDOWN &&
	    live_failure_of(error) == LIVE_LOST;
}

static void
widget_reply_fail(struct widget_reply *r, const struct turn_error *error)
{
	if (widget_reply_is_lost(r, error)) {
		widget_socket_give_up(r->s);
		widget_reply_free(r);
		return;
	}
	widget_send_failure(&r->s->out, error, widget_reply_client_id(r));
	widget_reply_note(r, true);
	if (live_failure_of(error) != LIVE_BROKE_OFF)
		r->s->core.failed = r->reply;
	else if (widget_reply_is_outdated(r))
		widget_reply_new(r->s, r, 0)->reply = r->reply;
	widget_reply_finish(r);
}

static void
widget_reply_on_error(void *arg, const struct turn_error *error)
{
	widget_reply_fail(arg, error);
}

static const struct turn_sink sink = {.start = widget_reply_on_start,
    .token = widget_reply_on_token,
    .source = widget_reply_on_source,
    .done = widget_reply_on_done,
    .error = widget_reply_on_error};

/* For the log; empty after the connection has ended. */
static struct slice
widget_reply_request_id(const struct widget_socket *s)
{
	if (s->x == NULL)
		return (struct slice){0};
	return request_context_of(s->x)->request_id;
}

/* Of the client's address; after the connection has ended, there is no limit. */
static uint64_t
widget_reply_source(const struct widget_socket *s)
{
	return s->x == NULL
	    ? 0
	    : connection_limit_key(s->core.api, &request_context_of(s->x)->client.address);
}

/* Messages that wait when the connection ends were accepted before: no limit refuses them. */
static struct turn_listener *
widget_reply_send_message(struct widget_reply *r, bool accepted, enum turn_failure *why)
{
	struct widget_socket *s = r->s;
	const struct turn_request request = {
	    .org = s->core.org,
	    .widget = s->core.widget,
	    .session = s->core.session,
	    .text = widget_reply_text(r),
	    .files = files_json_slice(&r->files),
	    .answer = widget_reply_answer(r),
	    .client_id = widget_reply_client_id(r),
	    .page = buf_slice(&s->page),
	    .context = buf_slice(&s->context),
	    .user_id = buf_slice(&s->user_id),
	    .name = widget_reply_request_id(s),
	    .visitor = &s->token,
	    .vouched = widget_socket_vouched(s),
	    .message = id_new(),
	    .reply = id_new(),
	    .source = widget_reply_source(s),
	    .client = s->client,
	    .sender = s->sender,
	    .accepted = accepted,
	    .asks_person = r->asks_person,
	};

	r->message = request.message;
	r->reply = r->run = request.reply;
	return turn_begin(s->core.api->turns, &request, &sink, r, why);
}

static struct turn_listener *
widget_reply_join(struct widget_reply *r)
{
	const struct reply_ref reference = live_core_reply(&r->s->core, &r->reply);

	return turn_join(r->s->core.api->turns, &reference, 0, &sink, r);
}

/* The listener that delivers the reply sees how it ends; the one of the stop is not needed. */
static void
widget_reply_stop(struct widget_reply *r)
{
	const struct reply_ref reference = live_core_reply(&r->s->core, &r->reply);
	struct turn_listener *l = turn_stop(r->s->core.api->turns, &reference, &sink, r);

	r->stopping = l != NULL;
	if (l != NULL)
		turn_leave(l);
}

static void
widget_reply_begin(struct widget_reply *r)
{
	enum turn_failure why = TURN_STORE_DOWN;

	r->listener = r->own ? widget_reply_send_message(r, false, &why) : widget_reply_join(r);
	if (r->listener == NULL) {
		widget_reply_fail(r, &(struct turn_error){.failure = why});
		return;
	}
	r->s->n_waiting -= r->own;
	if (r->stopping)
		widget_reply_stop(r);
}

void
widget_replies_next(struct widget_socket *s)
{
	struct widget_reply *r = TAILQ_FIRST(&s->replies);

	if (r == NULL || r->listener != NULL || r->syncing)
		return;
	if (r->sync) {
		r->syncing = true;
		widget_history_sync(s);
	} else if (s->identification == NULL) {
		widget_reply_begin(r);
	}
}

/* Moves a message that waits before all others that wait. */
static void
widget_reply_overtake(struct widget_reply *r)
{
	struct widget_reply *other;

	TAILQ_FOREACH (other, &r->s->replies, link)
		if (other->own && other->listener == NULL)
			break;
	if (other == r)
		return;
	TAILQ_REMOVE(&r->s->replies, r, link);
	TAILQ_INSERT_BEFORE(other, r, link);
}

void
widget_replies_send(struct widget_socket *s, const struct widget_frame *frame)
{
	const struct slice answer = buf_slice(&frame->answer);
	struct widget_reply *r;

	if (s->n_waiting == WAITING_MAX) {
		widget_send_error_for_now(&s->out, "too_many_waiting",
		    "Please wait until your last messages are answered", frame->id,
		    chat_failure_retry_after_ms(
			&(struct turn_error){.failure = TURN_TOO_MANY}));
		return;
	}
	r = widget_reply_new(s, NULL, frame->id.len + frame->content.len + answer.len);
	r->own = true;
	r->asks_person = frame->asks_person;
	r->files = frame->files;
	r->id_len = frame->id.len;
	r->text_len = frame->content.len;
	r->answer_len = answer.len;
	must(slice_copy(frame->id, r->bytes, r->id_len));
	must(slice_copy(frame->content, r->bytes + r->id_len, r->text_len));
	must(slice_copy(answer, r->bytes + r->id_len + r->text_len, r->answer_len));
	s->n_waiting++;
	/* A visitor who wants a person need not wait for the model. */
	if (frame->asks_person) {
		widget_reply_overtake(r);
		widget_replies_stop(s);
	}
	widget_replies_next(s);
}

void
widget_replies_join(struct widget_socket *s, const struct id *reply)
{
	if (s->n_replies >= REPLIES_MAX) {
		widget_replies_sync(s);
		return;
	}
	widget_reply_new(s, NULL, 0)->reply = *reply;
	widget_replies_next(s);
}

bool
widget_replies_is_syncing(const struct widget_socket *s)
{
	const struct widget_reply *r;

	TAILQ_FOREACH (r, &s->replies, link)
		if (r->sync)
			return true;
	return false;
}

/* Inserts a sync after an entry, or (NULL) at the end, unless one waits already. */
static void
widget_replies_queue_sync(struct widget_socket *s, struct widget_reply *after)
{
	const struct widget_reply *r;

	TAILQ_FOREACH (r, &s->replies, link)
		if (r->sync && !r->syncing)
			return;
	widget_reply_new(s, after, 0)->sync = true;
}

void
widget_replies_sync(struct widget_socket *s)
{
	widget_replies_queue_sync(s, NULL);
	widget_replies_next(s);
}

/* Drops the waiting entries that are not own messages: their replies were deleted, and a waiting sync
 * would run too late. */
static void
widget_replies_drop_others(struct widget_socket *s)
{
	struct widget_reply *r, *next;

	for (r = TAILQ_FIRST(&s->replies); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (!r->own && !r->syncing && r->listener == NULL)
			widget_reply_free(r);
	}
}

bool
widget_replies_run(const struct widget_socket *s)
{
	const struct widget_reply *r;

	TAILQ_FOREACH (r, &s->replies, link)
		if (r->typing || r->listener != NULL)
			return true;
	return false;
}

void
widget_replies_erased(struct widget_socket *s)
{
	struct widget_reply *first, *sync;

	s->history.erased = true;
	widget_replies_drop_others(s);
	first = TAILQ_FIRST(&s->replies);
	if (first != NULL && (first->syncing || first->listener != NULL)) {
		sync = widget_reply_new(s, first, 0);
	} else {
		sync = widget_reply_new(s, NULL, 0);
		TAILQ_REMOVE(&s->replies, sync, link);
		TAILQ_INSERT_HEAD(&s->replies, sync, link);
	}
	sync->sync = true;
	widget_replies_next(s);
}

void
widget_replies_synced(struct widget_socket *s, const struct id *active, bool open)
{
	struct widget_reply *sync = TAILQ_FIRST(&s->replies), *r;

	must(sync->syncing);
	if (live_core_may_join(&s->core, active)) {
		r = widget_reply_new(s, sync, 0);
		r->reply = *active;
		r->stopping = sync->stopping;
		if (open)
			widget_replies_queue_sync(s, r);
	}
	widget_reply_free(sync);
	widget_replies_next(s);
}

static struct widget_reply *
widget_replies_find(struct widget_socket *s, const struct id *reply)
{
	struct widget_reply *r;

	TAILQ_FOREACH (r, &s->replies, link)
		if (id_equal(&r->reply, reply))
			return r;
	return NULL;
}

bool
widget_replies_has(struct widget_socket *s, const struct id *reply)
{
	struct widget_reply *r = widget_replies_find(s, reply);

	if (r != NULL && r->listener != NULL)
		widget_reply_start_typing(r);
	return r != NULL;
}

/* Whether r sent the message with this client id again, and so started a new run of its reply. */
static bool
widget_reply_is_resend(const struct widget_reply *r, struct slice id)
{
	return r != NULL && r->own && r->listener != NULL &&
	    slice_eq(widget_reply_client_id(r), id);
}

/* The listener of the earlier run does not know yet that it broke off. */
bool
widget_replies_rerun(struct widget_socket *s, const struct msg_live_turn *turn)
{
	struct widget_reply *r = widget_replies_find(s, &turn->turn);
	struct widget_reply *first = TAILQ_FIRST(&s->replies);

	if (r == NULL && widget_reply_is_resend(first, turn->client_id)) {
		r = first;
		widget_reply_set_id(r, &turn->turn);
		widget_reply_start_typing(r);
	}
	if (r != NULL)
		r->newest = turn->run;
	return r != NULL;
}

bool
widget_replies_is_sending(struct widget_socket *s, struct slice id, struct slice message)
{
	struct widget_reply *r;

	TAILQ_FOREACH (r, &s->replies, link)
		if (r->own && id.len > 0 && slice_eq(widget_reply_client_id(r), id) &&
		    slice_eq(widget_reply_text(r), message))
			return true;
	return false;
}

void
widget_replies_stop(struct widget_socket *s)
{
	struct widget_reply *r = TAILQ_FIRST(&s->replies);

	if (r == NULL || r->stopping)
		return;
	if (r->listener != NULL)
		widget_reply_stop(r);
	else
		r->stopping = !r->own; /* a message that waits has no reply yet */
}

void
widget_replies_leave(struct widget_socket *s)
{
	struct widget_reply *r = TAILQ_FIRST(&s->replies);

	if (r == NULL || r->listener == NULL)
		return;
	turn_leave(r->listener);
	widget_reply_free(r);
}

void
widget_replies_end(struct widget_socket *s, bool sends)
{
	enum turn_failure unused;
	struct turn_listener *l;
	struct widget_reply *r;

	while ((r = TAILQ_FIRST(&s->replies)) != NULL) {
		l = sends && r->own ? widget_reply_send_message(r, true, &unused) : NULL;
		if (l != NULL)
			turn_leave(l);
		widget_reply_free(r);
	}
}
