/*
 * A visitor's message that came as a request. As over a WebSocket it is sent when the replies before it have ended, and
 * then answered with knowledge of them; the request waits meanwhile. 202 means that the message is on disk; a repetition
 * with the same id changes nothing.
 */
#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/chat/chat_failures.h"
#include "workerd/api/feed/feed_post.h"
#include "workerd/api/request/request_context.h"

/* How long it waits for the replies before it. */
#define WAIT_MS 20000

/* A reply that is still written after this time is not one that just breaks off. */
#define JOINED_MS 1000

/* Before it asks again about a reply that holds the message up, but of which nothing more is heard. */
#define PAUSE_MS 100

static void feed_message_begin(struct feed_post *p);

static void
feed_message_fail(struct feed_post *p, const struct turn_error *error)
{
	chat_failure_reply(store_query_done(&p->q), error);
}

/* Leaves the listener, whose turn goes on. */
static void
feed_message_leave(struct feed_post *p)
{
	if (p->listener != NULL)
		turn_leave(p->listener);
	p->listener = NULL;
}

void
feed_message_clear(struct feed_post *p)
{
	feed_message_leave(p);
	if (p->deadline != NULL)
		event_free(p->deadline);
	p->deadline = NULL;
	if (p->pause != NULL)
		event_free(p->pause);
	p->pause = NULL;
}

static void
feed_message_accept(struct feed_post *p, const struct id *reply)
{
	feed_message_leave(p);
	feed_post_accept(p, reply);
}

/* on_end does it. */
static void
feed_message_cancel(void *pending)
{
	(void)pending;
}

static void
feed_message_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct feed_post *p = arg;

	(void)fd;
	(void)what;
	p->q.cancel(p->q.pending);
	if (!id_is_zero(&p->joined))
		feed_message_accept(p, &p->joined);
	else
		feed_message_fail(p, &(struct turn_error){.failure = TURN_TOO_MANY});
}

static void
feed_message_set_deadline(struct feed_post *p, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	if (p->deadline == NULL)
		p->deadline = evtimer_new(p->out.api->turns->base, feed_message_on_deadline, p);
	must(p->deadline != NULL && evtimer_add(p->deadline, &in) == 0);
}

static void
feed_message_on_pause(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	feed_message_begin(arg);
}

/* The store counts the reply as open until it knows that it broke off: at once again would be a busy loop. */
static void
feed_message_begin_later(struct feed_post *p)
{
	struct timeval in = clock_timeval(PAUSE_MS);

	store_query_wait(&p->q, p, feed_message_cancel);
	if (p->pause == NULL)
		p->pause = evtimer_new(p->out.api->turns->base, feed_message_on_pause, p);
	must(p->pause != NULL && evtimer_add(p->pause, &in) == 0);
}

static void
feed_message_on_before_start(void *arg, const struct turn_ids *ids, size_t position)
{
	(void)arg;
	(void)ids;
	(void)position;
}

static void
feed_message_on_before_token(void *arg, struct slice token)
{
	(void)arg;
	(void)token;
}

static void
feed_message_on_before_done(
    void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct feed_post *p = arg;

	(void)ids;
	(void)reply;
	p->listener = NULL;
	feed_message_begin(p);
}

static void
feed_message_on_before_error(void *arg, const struct turn_error *error)
{
	struct feed_post *p = arg;

	p->listener = NULL;
	if (error->failure == TURN_STORE_DOWN || error->failure == TURN_SHUTDOWN)
		feed_message_fail(p, error);
	else
		feed_message_begin_later(p);
}

static struct reply_ref
feed_message_ref(const struct feed_post *p, const struct id *reply)
{
	return (struct reply_ref){.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .message = *reply};
}

/* Waits for the end of the reply that runs. */
static void
feed_message_wait(struct feed_post *p, const struct id *running)
{
	static const struct turn_sink sink = {.start = feed_message_on_before_start,
	    .token = feed_message_on_before_token,
	    .done = feed_message_on_before_done,
	    .error = feed_message_on_before_error};
	const struct reply_ref ref = feed_message_ref(p, running);

	store_query_wait(&p->q, p, feed_message_cancel);
	p->listener = turn_join(p->out.api->turns, &ref, 0, &sink, p);
	if (p->listener == NULL)
		feed_message_fail(p, &(struct turn_error){.failure = TURN_STORE_DOWN});
}

static void
feed_message_on_running(void *arg, uint16_t type, const union msg *m)
{
	struct feed_post *p = arg;

	/* The conversation may have been deleted meanwhile. */
	if (store_refused(type, m, STORE_NOT_FOUND) ||
	    (type == MSG_MESSAGE_PAGE && id_is_zero(&m->message_page.active)))
		feed_message_begin_later(p);
	else if (type == MSG_MESSAGE_PAGE)
		feed_message_wait(p, &m->message_page.active);
	else
		store_query_fail(&p->q, type, m);
}

static void
feed_message_find_running(struct feed_post *p)
{
	const struct msg_session_history ask = {.org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .limit = 1};

	if (!p->waits)
		feed_message_set_deadline(p, WAIT_MS);
	p->waits = true;
	store_query_ask(&p->q, MSG_SESSION_HISTORY, &ask, feed_message_on_running);
}

static void
feed_message_on_stored(void *arg, const struct turn_ids *ids)
{
	feed_message_accept(arg, &ids->message);
}

/* The message was sent before, and its reply is being written; or it breaks off just now, which other workers do not
 * know yet. */
static void
feed_message_on_start(void *arg, const struct turn_ids *ids, size_t position)
{
	struct feed_post *p = arg;

	(void)position;
	p->joined = ids->message;
	p->waits = false;
	feed_message_set_deadline(p, JOINED_MS);
}

static void
feed_message_on_token(void *arg, struct slice token)
{
	(void)arg;
	(void)token;
}

/* A person answers the message. A client that does not know people gets the agent's text; it is not stored. */
static void
feed_message_hand_over(struct feed_post *p, const struct turn_reply *reply)
{
	const struct id none = {0};

	if (p->out.operators) {
		widget_send_handover(&p->out, reply);
	} else {
		widget_send_type(&p->out, "typing_start");
		widget_send_message(&p->out,
		    &(struct msg_message_record){
			.role = MESSAGE_ASSISTANT, .text = reply->text});
		widget_send_type(&p->out, "typing_stop");
	}
	feed_post_accept(p, &none);
}

static void
feed_message_on_done(void *arg, const struct turn_ids *ids, const struct turn_reply *reply)
{
	struct feed_post *p = arg;

	p->listener = NULL;
	if (reply->handover == STATE_PERSON)
		feed_message_hand_over(p, reply);
	else
		feed_post_accept(p, &ids->message);
}

static void
feed_message_on_error(void *arg, const struct turn_error *error)
{
	struct feed_post *p = arg;

	bool broke_off = !id_is_zero(&p->joined) && chat_failure_is_kept(error->failure);

	p->listener = NULL;
	p->joined = (struct id){0};
	if (error->failure == TURN_TOO_MANY) {
		feed_message_find_running(p);
	} else if (broke_off) {
		/* That of the reply that was joined; the new attempt has none. */
		(void)evtimer_del(p->deadline);
		feed_message_begin(p);
	} else {
		feed_message_fail(p, error);
	}
}

static void
feed_message_begin(struct feed_post *p)
{
	static const struct turn_sink sink = {.start = feed_message_on_start,
	    .token = feed_message_on_token,
	    .done = feed_message_on_done,
	    .error = feed_message_on_error,
	    .stored = feed_message_on_stored};
	const struct turn_request request = {
	    .org = p->visit.org,
	    .widget = p->visit.widget,
	    .session = slice_str(p->visit.session),
	    .text = p->frame.content,
	    .files = files_json_slice(&p->frame.files),
	    .answer = buf_slice(&p->frame.answer),
	    .client_id = p->frame.id,
	    .page = buf_slice(&p->page),
	    .context = buf_slice(&p->context),
	    .user_id = p->visit.by_key ? p->frame.who.user_id : (struct slice){0},
	    .name = request_context_of(p->q.x)->request_id,
	    .visitor = &p->visit.token,
	    .vouched = p->visit.vouched,
	    .message = p->message,
	    .source = p->source,
	    .client = p->client,
	    .sender = request_context_of(p->q.x)->client.address,
	    /* A visitor who wants a person need not wait for the model. */
	    .alone = !p->frame.asks_person,
	    .asks_person = p->frame.asks_person,
	};
	enum turn_failure why = TURN_STORE_DOWN;

	store_query_wait(&p->q, p, feed_message_cancel);
	p->listener = turn_begin(p->out.api->turns, &request, &sink, p, &why);
	if (p->listener == NULL)
		feed_message_fail(p, &(struct turn_error){.failure = why});
}

void
feed_message_send(struct feed_post *p)
{
	p->message = id_new();
	feed_message_begin(p);
}
