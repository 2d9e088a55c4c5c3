/*
 * The replies that a visitor hears: each to a message of its own, or to one that it has sent over
 * another connection. One at a time: the first of the queue has a listener, the others wait.
 *
 * A look for what was missed (widget_history.c) waits among them. Behind it are only messages from here that
 * are not sent yet: what others say meanwhile it finds, or the next one does.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/request/request_context.h"
#include "workerd/api/widget/widget_socket.h"

/* Messages that may wait for the answers before them; and replies at all, beyond which they are looked
 * for later. */
#define WAITING_MAX 8
#define REPLIES_MAX 32

struct heard {
	struct widget_socket *s;
	struct turn_listener *listener; /* NULL: it waits */
	struct id reply;                /* set as soon as it is known */
	struct id message;              /* of an own one: what it is to */
	bool own;                       /* it is to a message from here */
	bool look, begun;               /* it is no reply: what was missed is looked for */
	bool typing;                    /* the client was told that it is being written */
	bool stopping;                  /* once it is heard; of a look: what it finds */
	struct id run;                  /* that is heard; zero: not known yet */
	struct id
	    newest; /* the run that was begun last, as far as others have told; zero: none */
	TAILQ_ENTRY(heard) link;
	/* Of an own one: the client's id for the message, and, behind it, the message. */
	size_t id_len, text_len;
	uint8_t bytes[];
};

static struct slice
client_id(const struct heard *h)
{
	return (struct slice){h->bytes, h->id_len};
}

static struct slice
text(const struct heard *h)
{
	return (struct slice){h->bytes + h->id_len, h->text_len};
}

/* Behind that one, or (NULL) behind all. */
static struct heard *
heard_new(struct widget_socket *s, struct heard *before, size_t bytes)
{
	struct heard *h = xcalloc(1, sizeof(*h) + bytes);

	h->s = s;
	if (before != NULL)
		TAILQ_INSERT_AFTER(&s->replies, before, h, link);
	else
		TAILQ_INSERT_TAIL(&s->replies, h, link);
	s->n_replies++;
	return h;
}

static void
heard_free(struct heard *h)
{
	struct widget_socket *s = h->s;

	TAILQ_REMOVE(&s->replies, h, link);
	s->n_replies--;
	if (h->own && h->listener == NULL)
		s->n_waiting--;
	free(h);
}

/* -- hearing -------------------------------------------------------------------------------- */

static void
begin_typing(struct heard *h)
{
	if (!h->typing)
		say_type(h->s, "typing_start");
	h->typing = true;
}

/* It is over: the next one may come. */
static void
finish(struct heard *h)
{
	struct widget_socket *s = h->s;

	if (h->typing)
		say_type(s, "typing_stop");
	heard_free(h);
	if (past_is_long(s))
		heard_look(s);
	heard_next(s);
}

/* The client has been told how it ended. */
static void
learn(const struct heard *h, bool broken)
{
	if (h->own)
		past_learn(h->s, &h->message, false);
	past_learn(h->s, &h->reply, broken);
}

void
heard_retry(struct widget_socket *s)
{
	s->failed = (struct id){0};
}

/* A message that was sent again may turn out to be one whose reply waits to be heard anyway. */
static void
drop_twin(struct heard *h)
{
	struct heard *other;

	TAILQ_FOREACH (other, &h->s->replies, link)
		if (other != h && other->listener == NULL && id_equal(&other->reply, &h->reply))
			break;
	if (other != NULL)
		heard_free(other);
}

/* What a message sent again is answered with has another id than we gave it: a stop by that has found
 * nothing. */
static void
give_name(struct heard *h, const struct id *reply)
{
	bool again = h->stopping && !id_equal(&h->reply, reply);

	h->reply = *reply;
	if (!again)
		return;
	h->stopping = false;
	heard_stop(h->s);
}

static void
on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct heard *h = arg;

	(void)position;
	/* Of one that has ended the store knows no more than it has told: that was the newest. */
	h->run = id_is_zero(&ids->run) ? h->newest : ids->run;
	give_name(h, &ids->message);
	drop_twin(h);
	begin_typing(h);
}

static void
on_token(void *arg, struct slice token)
{
	struct heard *h = arg;

	if (h->s->streams)
		say_token(h->s, token);
}

static void
on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct heard *h = arg;

	h->reply = ids->message;
	learn(h, false);
	heard_retry(h->s);
	begin_typing(h);
	say_message(h->s, MESSAGE_ASSISTANT, reply->text, &ids->message, reply->status);
	finish(h);
}

/* Whether others have begun it anew since: should this run break off, the other is heard. */
static bool
is_outdated(const struct heard *h)
{
	return !id_is_zero(&h->newest) && !id_equal(&h->newest, &h->run);
}

static void
fail(struct heard *h, enum turn_failure failure)
{
	say_error(
	    h->s, chat_failure_code(failure), chat_failure_message(failure), client_id(h));
	learn(h, true);
	if (failure != TURN_INTERRUPTED)
		h->s->failed = h->reply;
	else if (is_outdated(h))
		heard_new(h->s, h, 0)->reply = h->reply;
	finish(h);
}

static void
on_error(void *arg, enum turn_failure failure, unsigned retry_after_ms)
{
	(void)retry_after_ms;
	fail(arg, failure);
}

static const struct turn_sink sink = {on_start, on_token, on_done, on_error};

/* -- beginning ------------------------------------------------------------------------------ */

/* The log's name for what opened the connection; none once that has ended. */
static struct slice
request_name(const struct widget_socket *s)
{
	if (s->x == NULL)
		return (struct slice){0};
	return request_context_of(s->x)->request_id;
}

static struct turn_listener *
send_message(struct heard *h)
{
	struct widget_socket *s = h->s;
	const struct turn_request request = {
	    .org = s->org,
	    .widget = s->widget,
	    .session = socket_session(s),
	    .text = text(h),
	    .client_id = client_id(h),
	    .name = request_name(s),
	    .visitor = &s->token,
	    .message = id_new(),
	    .reply = id_new(),
	};

	h->message = request.message;
	h->reply = h->run = request.reply;
	return turn_begin(s->api->turns, &request, &sink, h);
}

static struct reply_ref
reference(const struct heard *h)
{
	return (struct reply_ref){
	    .org = h->s->org,
	    .widget = h->s->widget,
	    .session = socket_session(h->s),
	    .message = h->reply,
	};
}

static struct turn_listener *
join(struct heard *h)
{
	const struct reply_ref ref = reference(h);

	return turn_join(h->s->api->turns, &ref, 0, &sink, h);
}

/* Its own listener hears how it has ended; nobody else has to. */
static void
stop(struct heard *h)
{
	const struct reply_ref ref = reference(h);
	struct turn_listener *l = turn_stop(h->s->api->turns, &ref, &sink, h);

	h->stopping = l != NULL;
	if (l != NULL)
		turn_leave(l);
}

/* Begins to hear it; if too much is under way, that is told and it is gone. */
static void
begin(struct heard *h)
{
	h->listener = h->own ? send_message(h) : join(h);
	if (h->listener == NULL) {
		fail(h, TURN_STORE_DOWN);
		return;
	}
	h->s->n_waiting -= h->own;
	if (h->stopping)
		stop(h);
}

void
heard_next(struct widget_socket *s)
{
	struct heard *h = TAILQ_FIRST(&s->replies);

	if (h == NULL || h->listener != NULL)
		return;
	if (h->look) {
		h->begun = true;
		past_look(s);
	} else if (s->introduction == NULL) {
		begin(h);
	}
}

void
heard_send(struct widget_socket *s, const struct widget_frame *frame)
{
	struct heard *h;

	if (s->n_waiting == WAITING_MAX) {
		say_error(s, "too_many_waiting",
		    "Please wait until your last messages are answered", frame->id);
		return;
	}
	h = heard_new(s, NULL, frame->id.len + frame->content.len);
	h->own = true;
	h->id_len = frame->id.len;
	h->text_len = frame->content.len;
	if (h->id_len > 0)
		memcpy(h->bytes, frame->id.p, h->id_len);
	memcpy(h->bytes + h->id_len, frame->content.p, h->text_len);
	s->n_waiting++;
	heard_next(s);
}

void
heard_join(struct widget_socket *s, const struct id *reply)
{
	if (s->n_replies >= REPLIES_MAX) {
		heard_look(s);
		return;
	}
	heard_new(s, NULL, 0)->reply = *reply;
	heard_next(s);
}

/* -- looking --------------------------------------------------------------------------------- */

bool
heard_looks(const struct widget_socket *s)
{
	const struct heard *h;

	TAILQ_FOREACH (h, &s->replies, link)
		if (h->look)
			return true;
	return false;
}

/* Queues a look, as heard_new() does, unless one waits that has not begun. */
static void
queue_look(struct widget_socket *s, struct heard *before)
{
	const struct heard *h;

	TAILQ_FOREACH (h, &s->replies, link)
		if (h->look && !h->begun)
			return;
	heard_new(s, before, 0)->look = true;
}

void
heard_look(struct widget_socket *s)
{
	queue_look(s, NULL);
	heard_next(s);
}

/* Replies that were waited for are gone; a look that waits would come too late. */
static void
forget_others(struct widget_socket *s)
{
	struct heard *h, *next;

	for (h = TAILQ_FIRST(&s->replies); h != NULL; h = next) {
		next = TAILQ_NEXT(h, link);
		if (!h->own && !h->begun && h->listener == NULL)
			heard_free(h);
	}
}

void
heard_erased(struct widget_socket *s)
{
	struct heard *first, *look;

	s->past.erased = true;
	forget_others(s);
	first = TAILQ_FIRST(&s->replies);
	if (first != NULL && (first->begun || first->listener != NULL)) {
		look = heard_new(s, first, 0);
	} else {
		look = heard_new(s, NULL, 0);
		TAILQ_REMOVE(&s->replies, look, link);
		TAILQ_INSERT_HEAD(&s->replies, look, link);
	}
	look->look = true;
	heard_next(s);
}

void
heard_looked(struct widget_socket *s, const struct id *active, bool open)
{
	struct heard *look = TAILQ_FIRST(&s->replies), *h;

	must(look->begun);
	if (!id_is_zero(active) && !id_equal(active, &s->failed)) {
		h = heard_new(s, look, 0);
		h->reply = *active;
		h->stopping = look->stopping;
		if (open)
			queue_look(s, h);
	}
	heard_free(look);
	heard_next(s);
}

/* -- what others say of it ------------------------------------------------------------------- */

static struct heard *
find(struct widget_socket *s, const struct id *reply)
{
	struct heard *h;

	TAILQ_FOREACH (h, &s->replies, link)
		if (id_equal(&h->reply, reply))
			return h;
	return NULL;
}

bool
heard_has(struct widget_socket *s, const struct id *reply)
{
	struct heard *h = find(s, reply);

	if (h != NULL && h->listener != NULL)
		begin_typing(h);
	return h != NULL;
}

/* Whether it is the message with the client's id, sent again from here, that has begun a reply anew. */
static bool
resumes(const struct heard *h, struct slice id)
{
	return h != NULL && h->own && h->listener != NULL && slice_eq(client_id(h), id);
}

/* Who hears the run before does not know yet that it has broken off. */
bool
heard_anew(struct widget_socket *s, const struct msg_live_turn *turn)
{
	struct heard *h = find(s, &turn->turn), *first = TAILQ_FIRST(&s->replies);

	heard_retry(s);
	if (h == NULL && resumes(first, turn->client_id)) {
		h = first;
		give_name(h, &turn->turn);
		begin_typing(h);
	}
	if (h != NULL)
		h->newest = turn->run;
	return h != NULL;
}

bool
heard_sends(struct widget_socket *s, struct slice id, struct slice message)
{
	struct heard *h;

	TAILQ_FOREACH (h, &s->replies, link)
		if (h->own && id.len > 0 && slice_eq(client_id(h), id) &&
		    slice_eq(text(h), message))
			return true;
	return false;
}

/* -- stopping -------------------------------------------------------------------------------- */

void
heard_stop(struct widget_socket *s)
{
	struct heard *h = TAILQ_FIRST(&s->replies);

	if (h == NULL || h->stopping)
		return;
	if (h->listener != NULL)
		stop(h);
	else
		h->stopping = !h->own; /* a message that still waits has no reply */
}

/* -- the end --------------------------------------------------------------------------------- */

void
heard_leave(struct widget_socket *s)
{
	struct heard *h = TAILQ_FIRST(&s->replies);

	if (h == NULL || h->listener == NULL)
		return;
	turn_leave(h->listener);
	heard_free(h);
}

/* A message that still waits was sent all the same: it is answered, and stored, for whoever comes
 * back. */
void
heard_end(struct widget_socket *s, bool sends)
{
	struct turn_listener *l;
	struct heard *h;

	while ((h = TAILQ_FIRST(&s->replies)) != NULL) {
		l = sends && h->own ? send_message(h) : NULL;
		if (l != NULL)
			turn_leave(l);
		heard_free(h);
	}
}
