/*
 * The conversation's history: read from the store when a visitor returns, and again whenever events may
 * have been missed. Such a sync waits for its turn in the queue of replies (widget_replies.c), so that no
 * reply is being delivered meanwhile and messages arrive in order.
 *
 * workerd/api/live/live_thread.h says which messages the client has: a sync reads the others.
 *
 * After the conversation was deleted, the next sync sends a history frame, which replaces everything the
 * client shows.
 *
 * The room subscribes before the store is asked. So a message whose event arrives during a sync may or
 * may not be in the answer: then another sync is queued.
 */
#include "proto/base/basics.h"
#include "workerd/api/widget/widget_socket.h"

/* The newest messages in a history frame, and the page size of later syncs. */
#define HISTORY_MESSAGES 200
#define PAGE_MESSAGES    64

/* So many messages in `sent` make a sync due. */
#define SENT_MANY (2 * PAGE_MESSAGES)

bool
widget_history_has(const struct widget_socket *s, const struct id *message)
{
	return live_thread_has(&s->history.thread, message);
}

void
widget_history_add(struct widget_socket *s, const struct id *message, bool interrupted)
{
	live_thread_add(&s->history.thread, message, interrupted);
}

bool
widget_history_is_long(const struct widget_socket *s)
{
	return s->history.thread.sent.n >= SENT_MANY;
}

void
widget_history_end(struct widget_socket *s)
{
	if (s->history.call != NULL)
		store_call_forget(s->history.call);
	s->history.call = NULL;
	live_thread_clear(&s->history.thread);
}

/* Replies have the same frames around them as live ones. An empty reply that did not break off sends nothing:
 * typing_stop alone would end what the visitor waits for. */
static void
widget_history_send(struct widget_socket *s, const struct msg_message_page *page,
    const struct msg_message_record *r)
{
	bool is_reply = r->role != MESSAGE_USER;
	bool typed = r->role == MESSAGE_OPERATOR && widget_operator_stop_typing(s);

	if (!widget_send_shows(r))
		return;
	s->is_catching_up = true;
	if (is_reply && !typed)
		widget_send_type(&s->out, "typing_start");
	widget_send_stored(&s->out, page, r);
	if (is_reply)
		widget_send_type(&s->out, "typing_stop");
	s->is_catching_up = false;
}

static void
widget_history_take_messages(struct widget_socket *s, const struct msg_message_page *page)
{
	struct live_thread *thread = &s->history.thread;
	struct slice list = page->messages, item;
	struct msg_message_record r;

	live_thread_begin_page(thread);
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		live_thread_note(thread, &r);
		/* The active reply is delivered live; the record is of an earlier run. */
		if (id_equal(&r.id, &page->active))
			continue;
		if (s->has_history && live_thread_is_new(thread, &r))
			widget_history_send(s, page, &r);
		live_thread_take(thread, &r);
	}
}

static void widget_history_ask_page(struct widget_socket *s, uint64_t from);
static void widget_history_ask_conversation(struct widget_socket *s);

static const struct id no_reply;
static const struct msg_message_page no_page;
static const struct msg_conversation_record no_conversation;

static void
widget_history_ask(
    struct widget_socket *s, enum msg_type type, const void *msg, store_answer_fn *fn)
{
	s->history.call = store_call(s->api->store, type, msg, STORE_TIMEOUT_MS, fn, s);
	if (s->history.call == NULL)
		widget_socket_give_up(s);
}

/* The conversation was deleted: start over, as for a new client. */
static void
widget_history_reset(struct widget_socket *s)
{
	live_thread_reset(&s->history.thread);
	s->history.erased = false;
	s->has_history = false;
}

static void
widget_history_finish(struct widget_socket *s, const struct id *active)
{
	bool open = live_thread_finish(&s->history.thread);

	s->has_history = true;
	widget_replies_synced(s, active, open);
}

static struct msg_conversation_record
widget_history_conversation(const struct msg_message_page *page)
{
	struct msg_conversation_record r;

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r;
}

/* The first history: one frame. */
static void
widget_history_take_all(struct widget_socket *s, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = widget_history_conversation(page);
	struct live_thread *thread = &s->history.thread;

	widget_send_history(&s->out, page);
	widget_operator_set_state(s, &conversation, page->people);
	widget_history_take_messages(s, page);
	thread->conversation = conversation.id;
	if (!live_thread_end_page(thread, &page->active, true, conversation.next_seq))
		thread->settled =
		    page->next; /* read backwards: the position of the first message */
	widget_history_finish(s, &page->active);
}

static void
widget_history_take_none(struct widget_socket *s)
{
	if (!s->has_history)
		widget_send_history(&s->out, &no_page);
	widget_operator_set_state(s, &no_conversation, (struct slice){0});
	widget_history_finish(s, &no_reply);
}

static void
widget_history_take_page(struct widget_socket *s, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = widget_history_conversation(page);
	bool is_last = page->next == 0;

	widget_operator_set_state(s, &conversation, page->people);
	widget_history_take_messages(s, page);
	(void)live_thread_end_page(&s->history.thread, &page->active, is_last,
	    is_last ? conversation.next_seq : page->next);
	if (is_last)
		widget_history_finish(s, &page->active);
	else
		widget_history_ask_page(s, page->next);
}

static void
widget_history_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->history.call = NULL;
	if (type == MSG_MESSAGE_PAGE) {
		widget_history_take_page(s, &m->message_page);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		/* Deleted; the visitor may have begun another conversation. */
		widget_history_reset(s);
		widget_history_ask_conversation(s);
	} else {
		widget_socket_give_up(s);
	}
}

static void
widget_history_on_conversation(void *arg, uint16_t type, const union msg *m)
{
	struct widget_socket *s = arg;

	s->history.call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND)) {
		widget_history_take_none(s);
	} else if (type != MSG_MESSAGE_PAGE) {
		widget_socket_give_up(s);
	} else if (!s->has_history) {
		widget_history_take_all(s, &m->message_page);
	} else {
		s->history.thread.conversation =
		    widget_history_conversation(&m->message_page).id;
		widget_history_ask_page(s, s->history.thread.settled);
	}
}

static void
widget_history_ask_page(struct widget_socket *s, uint64_t from)
{
	const struct msg_message_list ask = {
	    .org = s->org,
	    .conversation = s->history.thread.conversation,
	    .from = from,
	    .limit = PAGE_MESSAGES,
	};

	widget_history_ask(s, MSG_MESSAGE_LIST, &ask, widget_history_on_page);
}

/* Asks for the visitor's conversation; the first time with its newest messages. */
static void
widget_history_ask_conversation(struct widget_socket *s)
{
	const struct msg_session_history ask = {
	    .org = s->org,
	    .widget = s->widget,
	    .session = widget_socket_session(s),
	    .limit = s->has_history ? 1 : HISTORY_MESSAGES,
	};

	widget_history_ask(s, MSG_SESSION_HISTORY, &ask, widget_history_on_conversation);
}

void
widget_history_sync(struct widget_socket *s)
{
	struct widget_history *h = &s->history;

	if (h->call != NULL)
		return;
	if (h->erased)
		widget_history_reset(s);
	live_thread_begin(&h->thread);
	if (id_is_zero(&h->thread.conversation))
		widget_history_ask_conversation(s);
	else
		widget_history_ask_page(s, h->thread.settled);
}
