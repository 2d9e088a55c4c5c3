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

static bool
live_follower_is_owner(const struct live_follower *f)
{
	return f->viewer == VIEWER_OWNER;
}

static void
live_follower_free(struct live_follower *f)
{
	live_core_leave(&f->core);
	if (f->watch != NULL)
		guard_watch_free(f->watch);
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
live_follower_fail(struct live_core *core, uint16_t type, const union msg *m)
{
	struct live_follower *f = (struct live_follower *)core;
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

/* The owner's conversation is gone. */
static void
live_follower_on_gone(struct live_core *core)
{
	struct live_follower *f = (struct live_follower *)core;

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
	live_core_cancel(&f->core);
	live_reply_drop_all(f);
	live_thread_reset(&f->thread);
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
	f->core.early = false;
	event_stream_begin_endless(&f->stream, live_follower_end, f);
	if (f->cursor != NULL)
		event_stream_continue(&f->stream, live_cursor_format(f->cursor, text));
	if (f->stream.x->method != HTTP_HEAD)
		return true;
	live_follower_end(f);
	return false;
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
	struct live_page walk = live_page_of(page);
	struct live_message m;

	live_thread_begin_page(&f->thread);
	while (live_page_next(&walk, &m)) {
		live_thread_note(&f->thread, &m.r);
		if (!live_follower_is_live(f, &m.r.id, &page->active) &&
		    live_thread_take(&f->thread, &m.r) && sends)
			live_event_message(f, &m.r, page->people);
	}
}

/* The sync is over. active: the reply that is being written, or zero. */
static void
live_follower_finish(struct live_follower *f, const struct id *active)
{
	(void)live_thread_finish(&f->thread);
	f->resumed = true;
	if (live_core_may_join(&f->core, active))
		(void)live_reply_add(f, active, 0);
	live_reply_join_waiting(f);
	if (f->core.again)
		live_follower_sync(f);
}

static void
live_follower_on_end(struct live_core *core, const struct msg_message_page *page)
{
	live_follower_finish((struct live_follower *)core, &page->active);
}

/* The newest messages, which the client is not to get: it asks for the history itself. */
static void
live_follower_take_newest(struct live_follower *f, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	f->thread.conversation = conversation->id;
	live_follower_take_messages(f, page, false);
	live_thread_end_page(&f->thread, page, conversation->next_seq, true);
	live_event_state(f, conversation, page->people);
}

static enum live_sync_next
live_follower_on_page(struct live_core *core, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	struct live_follower *f = (struct live_follower *)core;

	if (!live_follower_begin(f))
		return LIVE_SYNC_STOP;
	if (!f->resumed) {
		live_follower_take_newest(f, page, conversation);
		return LIVE_SYNC_ON;
	}
	if (!id_is_zero(&f->thread.conversation) &&
	    !id_equal(&f->thread.conversation, &conversation->id)) {
		live_follower_start_over(f);
		core->from = live_thread_first(&f->thread);
		return LIVE_SYNC_AGAIN;
	}
	f->thread.conversation = conversation->id;
	live_event_state(f, conversation, page->people);
	live_follower_take_messages(f, page, true);
	live_thread_end_page(&f->thread, page, conversation->next_seq, false);
	return page->next != 0 && event_stream_is_full(&f->stream) ? LIVE_SYNC_STOP
								   : LIVE_SYNC_ON;
}

/* The owner's conversation is gone, or the session has none (any more). */
static void
live_follower_on_none(struct live_core *core)
{
	static const struct id no_reply;
	struct live_follower *f = (struct live_follower *)core;

	if (live_follower_is_owner(f)) {
		live_follower_on_gone(core);
		return;
	}
	if (!live_follower_begin(f))
		return;
	if (!id_is_zero(&f->thread.conversation))
		live_follower_start_over(f);
	live_event_state(f, NULL, (struct slice){0});
	live_follower_finish(f, &no_reply);
}

void
live_follower_sync(struct live_follower *f)
{
	if (f->core.call == NULL)
		live_thread_begin(&f->thread);
	live_core_sync(&f->core, f->resumed ? live_thread_first(&f->thread) : 0);
}

/* The visitor has sent a message, or the reply to a known one is written again. */
static void
live_follower_on_turn(struct live_core *core, const struct msg_live_turn *turn)
{
	struct live_follower *f = (struct live_follower *)core;
	struct live_reply *r = NULL;

	live_core_forgive(core);
	if (!id_is_zero(&turn->turn))
		r = live_reply_add(f, &turn->turn, 0);
	/* A message of a conversation that is not known yet is in the answer to a sync. */
	if (core->call != NULL || !id_equal(&turn->conversation, &f->thread.conversation)) {
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
live_follower_on_missed(struct live_core *core, const struct live_room_event *event)
{
	struct live_follower *f = (struct live_follower *)core;

	if (event->erased)
		live_follower_start_over(f);
	live_follower_sync(f);
}

static void
live_follower_on_changed(struct live_core *core)
{
	live_follower_sync((struct live_follower *)core);
}

static void
live_follower_on_typing(struct live_core *core)
{
	live_event_typing((struct live_follower *)core);
}

static void
live_follower_on_presence(struct live_core *core, struct slice operator)
{
	struct live_follower *f = (struct live_follower *)core;

	if (live_follower_is_owner(f))
		live_event_presence(f, operator);
}

static const struct live_renderer renderer = {
    .first = FRESH_MESSAGES,
    .later = PAGE_MESSAGES,
    .page = live_follower_on_page,
    .finish = live_follower_on_end,
    .none = live_follower_on_none,
    .fail = live_follower_fail,
    .changed = live_follower_on_changed,
    .turn = live_follower_on_turn,
    .typing = live_follower_on_typing,
    .presence = live_follower_on_presence,
    .missed = live_follower_on_missed,
    .gone = live_follower_on_gone,
};

static void
live_follower_enter(struct live_follower *f)
{
	const struct live_core *core = &f->core;
	struct live_room_topic topic = {.room = core->owned, .org = core->org};

	if (!live_follower_is_owner(f)) {
		topic.widget = core->widget;
		topic.session = core->session;
		topic.room = room_id_of_session(&core->org, &core->widget, core->session);
	}
	if (live_core_enter(&f->core, &topic) == -1)
		live_follower_fail(&f->core, 0, NULL);
	else
		live_follower_sync(f);
}

static void
live_follower_on_allowed(void *arg, uint16_t type, const union msg *m)
{
	struct live_follower *f = arg;

	f->core.call = NULL;
	if (type == MSG_MESSAGE_PAGE)
		live_follower_enter(f);
	else
		live_follower_fail(&f->core, type, m);
}

/* Only an owner of the conversation may enter its room, which all its followers in this worker share. */
static void
live_follower_ask_allowed(struct live_follower *f)
{
	struct live_core *core = &f->core;
	const struct msg_message_list ask = {
	    .org = core->org, .conversation = core->owned, .backwards = 1, .limit = 1};

	core->call = store_call(core->api->store, MSG_MESSAGE_LIST, &ask, STORE_TIMEOUT_MS,
	    live_follower_on_allowed, f);
	if (core->call == NULL)
		live_follower_fail(core, 0, NULL);
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
	f->thread.conversation = cursor->conversation;
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

	f->stream = (struct event_stream){
	    .api = c->api, .x = c->x, .sse = follow->sse, .poll = follow->poll};
	must(slice_copy(follow->session, f->session, follow->session.len));
	f->core = (struct live_core){
	    .renderer = &renderer,
	    .api = c->api,
	    .org = c->org,
	    .owned = follow->conversation,
	    .widget = c->widget,
	    .session = {f->session, follow->session.len},
	    .early = true,
	};
	f->thread.conversation = follow->conversation;
	f->viewer = follow->viewer;
	f->sources = follow->sources;
	f->thread.waits_for_newest = true;
	LIST_INIT(&f->replies);
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
