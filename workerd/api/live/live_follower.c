#include "workerd/api/live/live_follower.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/room_id.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/live/live_follower_internal.h"
#include "workerd/api/request/api_reply.h"

/* Messages of a page; an event's id must have room for those of one page (LIVE_CURSOR_ITEMS). */
#define PAGE_MESSAGES 16

/* The newest messages that a stream without Last-Event-ID looks at, for replies that are being written. */
#define FRESH_MESSAGES 8

static const char missing[] = "Conversation not found";
static const struct id no_reply;

static bool
live_follower_is_owner(const struct live_follower *f)
{
	return f->viewer == VIEWER_OWNER;
}

static struct slice
live_follower_session(const struct live_follower *f)
{
	return (struct slice){f->session, f->session_len};
}

static void
live_follower_free(struct live_follower *f)
{
	if (f->call != NULL)
		store_call_forget(f->call);
	if (f->watch != NULL)
		guard_watch_free(f->watch);
	live_room_leave(&f->member);
	live_reply_drop_all(f);
	live_thread_clear(&f->thread);
	event_stream_clear(&f->stream);
	free(f->cursor);
	free(f);
}

/* Frees a follower whose answer has not begun. The caller must answer the exchange. */
static struct http_exchange *
live_follower_refuse(struct live_follower *f)
{
	struct http_exchange *x = f->stream.x;

	x->data = NULL;
	x->on_close = NULL;
	live_follower_free(f);
	return x;
}

static void
live_follower_on_client_gone(struct http_exchange *x)
{
	live_follower_free(x->data);
}

/* Ends the stream: the client reconnects. */
static void
live_follower_end(void *arg)
{
	struct live_follower *f = arg;

	event_stream_end(&f->stream);
	live_follower_free(f);
}

/* The login or key is no longer valid: a client that reconnects gets that error. */
static void
live_follower_on_caller_ended(void *arg)
{
	struct live_follower *f = arg;

	if (f->stream.begun)
		live_follower_end(f);
	else
		reply_json_error(live_follower_refuse(f), 401, "unauthorized", "Unauthorized");
}

void
live_follower_fail(struct live_follower *f, uint16_t type, const union msg *m)
{
	struct http_exchange *x;

	if (f->stream.begun && !event_stream_is_silent_poll(&f->stream)) {
		live_follower_end(f);
		return;
	}
	x = live_follower_refuse(f);
	if (store_refused(type, m, STORE_NOT_FOUND))
		reply_json_error(x, 404, "not_found", missing);
	else
		api_reply_store_failure(x, type, m);
}

static void
live_follower_ask(
    struct live_follower *f, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	f->call = store_call(f->stream.api->store, type, msg, STORE_TIMEOUT_MS, fn, f);
	if (f->call == NULL)
		live_follower_fail(f, 0, NULL);
}

/* The owner's conversation is gone. */
static void
live_follower_gone(struct live_follower *f)
{
	if (!f->stream.begun) {
		reply_json_error(live_follower_refuse(f), 404, "not_found", missing);
		return;
	}
	live_event_erased(f);
	live_follower_end(f);
}

/* The session's conversation was deleted; it may have another one. */
static void
live_follower_start_over(struct live_follower *f)
{
	if (f->call != NULL)
		store_call_forget(f->call);
	f->call = NULL;
	live_reply_drop_all(f);
	live_thread_reset(&f->thread);
	f->previous = (struct id){0};
	live_event_erased(f);
}

/* The head of the answer, when the store has granted the first request. False: there is nothing more to
 * send. */
static bool
live_follower_begin(struct live_follower *f)
{
	char text[LIVE_CURSOR_TEXT];

	if (f->stream.begun)
		return true;
	event_stream_begin_endless(&f->stream, live_follower_end, f);
	if (f->cursor != NULL)
		event_stream_continue(&f->stream, live_cursor_format(f->cursor, text));
	if (f->stream.x->method != HTTP_HEAD)
		return true;
	live_follower_end(f);
	return false;
}

static struct msg_conversation_record
live_follower_record(const struct msg_message_page *page)
{
	struct msg_conversation_record r;

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r;
}

/* Whether a listener delivers this message: the reply is being written, or its rest is missing. */
static bool
live_follower_is_live(
    struct live_follower *f, const struct id *message, const struct id *active)
{
	struct live_reply *r = live_reply_find(f, message);

	if (id_equal(message, active) || (r != NULL && (r->listener != NULL || r->units > 0)))
		return true;
	if (r != NULL)
		live_reply_drop(r);
	return false;
}

/* A complete reply need not be joined any more. sends: else the client is not to get the messages. */
static void
live_follower_take_messages(
    struct live_follower *f, const struct msg_message_page *page, bool sends)
{
	struct slice list = page->messages, item;
	struct msg_message_record r;

	live_thread_begin_page(&f->thread);
	while (wire_list_next(&list, &item)) {
		bool is_new;

		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		live_thread_note(&f->thread, &r);
		if (live_follower_is_live(f, &r.id, &page->active))
			continue;
		is_new = live_thread_is_new(&f->thread, &r);
		live_thread_take(&f->thread, &r);
		if (sends && is_new)
			live_event_message(f, &r, page->people);
	}
}

/* The sync is over. */
static void
live_follower_finish(struct live_follower *f, const struct id *active)
{
	bool again = f->again;

	(void)live_thread_finish(&f->thread);
	f->resumed = true;
	f->again = false;
	if (!id_is_zero(active) && !id_equal(active, &f->failed))
		(void)live_reply_add(f, active, 0);
	live_reply_join_waiting(f);
	if (again)
		live_follower_sync(f);
}

static void live_follower_ask_page(struct live_follower *f, uint64_t from);
static void live_follower_ask_session(struct live_follower *f);

static void
live_follower_take_page(struct live_follower *f, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = live_follower_record(page);
	bool is_last = page->next == 0;

	if (!live_follower_begin(f))
		return;
	live_event_state(f, &conversation, page->people);
	live_follower_take_messages(f, page, true);
	(void)live_thread_end_page(
	    &f->thread, &page->active, is_last, is_last ? conversation.next_seq : page->next);
	if (is_last)
		live_follower_finish(f, &page->active);
	else if (!event_stream_is_full(&f->stream))
		live_follower_ask_page(f, page->next);
}

static void
live_follower_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct live_follower *f = arg;

	f->call = NULL;
	if (type == MSG_MESSAGE_PAGE && m->message_page.conversation.len > 0) {
		live_follower_take_page(f, &m->message_page);
	} else if (!store_refused(type, m, STORE_NOT_FOUND)) {
		live_follower_fail(f, type, m);
	} else if (live_follower_is_owner(f)) {
		live_follower_gone(f);
	} else {
		live_follower_start_over(f);
		live_follower_ask_session(f);
	}
}

static void
live_follower_ask_page(struct live_follower *f, uint64_t from)
{
	const struct msg_message_list ask = {
	    .org = f->org,
	    .conversation = f->thread.conversation,
	    .from = from,
	    .limit = PAGE_MESSAGES,
	};

	live_follower_ask(f, MSG_MESSAGE_LIST, &ask, live_follower_on_page);
}

/* The newest messages, which the client is not to get: it asks for the history itself. */
static void
live_follower_take_newest(struct live_follower *f, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = live_follower_record(page);
	struct live_thread *thread = &f->thread;

	if (!live_follower_begin(f))
		return;
	thread->conversation = conversation.id;
	live_follower_take_messages(f, page, false);
	if (!live_thread_end_page(thread, &page->active, true, conversation.next_seq))
		thread->settled =
		    page->next; /* read backwards: the position of the first message */
	live_event_state(f, &conversation, page->people);
	live_follower_finish(f, &page->active);
}

static void
live_follower_take_nothing(struct live_follower *f)
{
	if (!live_follower_begin(f))
		return;
	live_event_state(f, NULL, (struct slice){0});
	live_follower_finish(f, &no_reply);
}

/* The session's conversation is known; it may be another one than that of Last-Event-ID. */
static void
live_follower_take_conversation(struct live_follower *f, const struct id *conversation)
{
	bool other = !id_is_zero(&f->previous) && !id_equal(&f->previous, conversation);

	if (!live_follower_begin(f))
		return;
	if (other)
		live_follower_start_over(f);
	f->thread.conversation = *conversation;
	if (id_is_zero(conversation))
		live_follower_take_nothing(f);
	else
		live_follower_ask_page(f, f->thread.settled);
}

static void
live_follower_on_session(void *arg, uint16_t type, const union msg *m)
{
	struct live_follower *f = arg;
	bool none = store_refused(type, m, STORE_NOT_FOUND);
	struct id conversation = {0};

	f->call = NULL;
	if (!none && (type != MSG_MESSAGE_PAGE || m->message_page.conversation.len == 0)) {
		live_follower_fail(f, type, m);
		return;
	}
	if (!none)
		conversation = live_follower_record(&m->message_page).id;
	if (f->resumed)
		live_follower_take_conversation(f, &conversation);
	else if (none)
		live_follower_take_nothing(f);
	else
		live_follower_take_newest(f, &m->message_page);
}

static void
live_follower_ask_session(struct live_follower *f)
{
	const struct msg_session_history ask = {
	    .org = f->org,
	    .widget = f->widget,
	    .session = live_follower_session(f),
	    .limit = f->resumed ? 1 : FRESH_MESSAGES,
	};

	live_follower_ask(f, MSG_SESSION_HISTORY, &ask, live_follower_on_session);
}

static void
live_follower_on_newest(void *arg, uint16_t type, const union msg *m)
{
	struct live_follower *f = arg;

	f->call = NULL;
	if (type == MSG_MESSAGE_PAGE && m->message_page.conversation.len > 0)
		live_follower_take_newest(f, &m->message_page);
	else
		live_follower_fail(f, type, m);
}

static void
live_follower_ask_newest(struct live_follower *f)
{
	const struct msg_message_list ask = {
	    .org = f->org, .conversation = f->owned, .backwards = 1, .limit = FRESH_MESSAGES};

	live_follower_ask(f, MSG_MESSAGE_LIST, &ask, live_follower_on_newest);
}

void
live_follower_sync(struct live_follower *f)
{
	if (f->call != NULL) {
		f->again = true;
		return;
	}
	live_thread_begin(&f->thread);
	if (!live_follower_is_owner(f) && (!f->resumed || id_is_zero(&f->thread.conversation)))
		live_follower_ask_session(f);
	else if (f->resumed)
		live_follower_ask_page(f, f->thread.settled);
	else
		live_follower_ask_newest(f);
}

/* The visitor has sent a message, or the reply to a known one is written again. */
static void
live_follower_on_turn(struct live_follower *f, const struct msg_live_turn *turn)
{
	struct live_reply *r = NULL;

	f->failed = (struct id){0};
	if (!id_is_zero(&turn->turn))
		r = live_reply_add(f, &turn->turn, 0);
	/* A message of a conversation that is not known yet is in the answer to a sync. */
	if (f->call != NULL || !id_equal(&turn->conversation, &f->thread.conversation)) {
		live_follower_sync(f);
		return;
	}
	if (!id_is_zero(&turn->message) && !live_thread_has(&f->thread, &turn->message)) {
		live_thread_add(&f->thread, &turn->message, false);
		live_event_question(f, turn);
	}
	if (r != NULL)
		live_reply_join(r);
	else
		live_follower_sync(f);
}

static void
live_follower_on_missed(struct live_follower *f, bool erased)
{
	f->failed = (struct id){0};
	if (erased)
		live_follower_start_over(f);
	live_follower_sync(f);
}

/* Before the first answer of the store, the client is not known to be allowed here: such events lead to
 * another sync. */
static void
live_follower_on_early_event(struct live_follower *f, const struct live_room_event *event)
{
	if (event->type == ROOM_UNAVAILABLE)
		live_follower_fail(f, 0, NULL);
	else if (event->type == ROOM_GONE)
		live_follower_gone(f);
	else
		f->again = true;
}

static void
live_follower_on_event(struct live_room_member *member, const struct live_room_event *event)
{
	struct live_follower *f = (struct live_follower *)member;

	if (!f->stream.begun) {
		live_follower_on_early_event(f, event);
		return;
	}
	switch (event->type) {
	case ROOM_TURN:
		live_follower_on_turn(f, event->turn);
		break;
	case ROOM_CHANGED:
		live_follower_sync(f);
		break;
	case ROOM_TYPING:
		live_event_typing(f);
		break;
	case ROOM_PRESENCE:
		if (live_follower_is_owner(f))
			live_event_presence(f, event->operator);
		break;
	case ROOM_CONTACT:
		break;
	case ROOM_MISSED:
		live_follower_on_missed(f, event->erased);
		break;
	case ROOM_UNAVAILABLE:
		live_follower_end(f);
		break;
	case ROOM_GONE:
		live_follower_gone(f);
		break;
	}
}

static void
live_follower_enter(struct live_follower *f)
{
	struct live_room_topic topic = {.room = f->owned, .org = f->org};

	if (!live_follower_is_owner(f)) {
		topic.widget = f->widget;
		topic.session = live_follower_session(f);
		topic.room = room_id_of_session(&f->org, &f->widget, topic.session);
	}
	if (live_room_enter(f->stream.api->rooms, &f->member, &topic) == -1)
		live_follower_fail(f, 0, NULL);
	else
		live_follower_sync(f);
}

static void
live_follower_on_allowed(void *arg, uint16_t type, const union msg *m)
{
	struct live_follower *f = arg;

	f->call = NULL;
	if (type == MSG_MESSAGE_PAGE)
		live_follower_enter(f);
	else
		live_follower_fail(f, type, m);
}

/* Only an owner of the conversation may enter its room, which all its followers in this worker share. */
static void
live_follower_ask_allowed(struct live_follower *f)
{
	const struct msg_message_list ask = {
	    .org = f->org, .conversation = f->owned, .backwards = 1, .limit = 1};

	live_follower_ask(f, MSG_MESSAGE_LIST, &ask, live_follower_on_allowed);
}

/* A poll that gets no events answers where the client was. */
static void
live_follower_keep_cursor(struct live_follower *f, const struct live_cursor *cursor)
{
	if (!f->stream.poll)
		return;
	f->cursor = xcalloc(1, sizeof(*cursor));
	*f->cursor = *cursor;
}

/* What the client has from an earlier stream. */
static void
live_follower_resume(struct live_follower *f, const struct live_cursor *cursor)
{
	f->resumed = true;
	f->previous = cursor->conversation;
	f->thread.settled = cursor->settled;
	f->told_state = cursor->has_state;
	f->conversation = cursor->conversation;
	f->state = cursor->state;
	f->operator= cursor->operator;
	for (size_t i = 0; i < cursor->n; i++) {
		const struct live_cursor_item *item = &cursor->items[i];

		if (item->writing)
			(void)live_reply_add(f, &item->message, item->units);
		else
			live_thread_add(&f->thread, &item->message, item->interrupted);
	}
}

static struct live_follower *
live_follower_new(const struct api_call *c, const struct live_follow *follow)
{
	struct live_follower *f = xcalloc(1, sizeof(*f) + follow->session.len);

	f->member.on_event = live_follower_on_event;
	f->stream = (struct event_stream){
	    .api = c->api, .x = c->x, .sse = follow->sse, .poll = follow->poll};
	f->org = c->org;
	f->widget = c->widget;
	f->owned = f->thread.conversation = follow->conversation;
	f->viewer = follow->viewer;
	f->sources = follow->sources;
	f->thread.waits_for_newest = true;
	LIST_INIT(&f->replies);
	f->session_len = follow->session.len;
	must(slice_copy(follow->session, f->session, f->session_len));
	c->x->data = f;
	c->x->on_close = live_follower_on_client_gone;
	c->x->eof_is_end = true;
	return f;
}

/* The id of the last event that the client has; p is NULL: none. */
static struct slice
live_follower_last(
    const struct api_call *c, const struct live_follow *follow, uint8_t text[LIVE_CURSOR_TEXT])
{
	if (!follow->poll)
		return http_header(c->x->req, "last-event-id");
	return parameter_read_long(c->x->req->query, "after", text, LIVE_CURSOR_TEXT);
}

/* Reads that id. False: it is not one of ours, or of another conversation. */
static bool
live_follower_read_cursor(const struct api_call *c, const struct live_follow *follow,
    struct live_cursor *cursor, bool *given)
{
	uint8_t text[LIVE_CURSOR_TEXT];
	struct slice last = live_follower_last(c, follow, text);

	*given = last.p != NULL;
	if (!*given)
		return true;
	return live_cursor_parse(last, cursor) &&
	    (id_is_zero(&follow->conversation) ||
		id_equal(&follow->conversation, &cursor->conversation));
}

void
live_follower_start(const struct api_call *c, const struct live_follow *follow)
{
	struct live_cursor cursor;
	struct live_follower *f;
	bool resumes;

	if (!live_follower_read_cursor(c, follow, &cursor, &resumes)) {
		api_reply_invalid_query(c,
		    follow->poll ? "after must be next of an earlier answer"
				 : "Last-Event-ID must be the id of an event of this stream");
		return;
	}
	f = live_follower_new(c, follow);
	if (resumes) {
		live_follower_resume(f, &cursor);
		live_follower_keep_cursor(f, &cursor);
	}
	if (!live_follower_is_owner(f)) {
		live_follower_enter(f);
		return;
	}
	f->watch = guard_watch_new(c, live_follower_on_caller_ended, f);
	live_follower_ask_allowed(f);
}
