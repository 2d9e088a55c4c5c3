/*
 * The conversation's history: read from the store when a visitor returns, and again whenever events may
 * have been missed. Such a sync waits for its turn in the queue of replies (widget_replies.c), so that no
 * reply is being delivered meanwhile and messages arrive in order.
 *
 * Messages have positions in their conversation. Those before `settled` were sent and cannot change: a
 * sync reads from there, page by page, to the end. Messages sent at or after that position are in `sent`,
 * by id; a sync settles those that cannot change any more, and forgets them.
 *
 * After the conversation was deleted, the next sync sends a history frame, which replaces everything the
 * client shows.
 *
 * The room subscribes before the store is asked. So a message whose event arrives during a sync may or
 * may not be in the answer: then another sync is queued.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "workerd/api/widget/widget_socket.h"

/* The newest messages in a history frame, and the page size of later syncs. */
#define HISTORY_MESSAGES 200
#define PAGE_MESSAGES    64

/* So many messages in `sent` make a sync due. */
#define SENT_MANY (2 * PAGE_MESSAGES)

static void
widget_history_sent_clear(struct sent_list *list)
{
	free(list->items);
	*list = (struct sent_list){0};
}

static struct sent_message *
widget_history_sent_find(const struct sent_list *list, const struct id *message)
{
	for (size_t i = 0; i < list->n; i++)
		if (id_equal(&list->items[i].message, message))
			return &list->items[i];
	return NULL;
}

static void
widget_history_sent_put(struct sent_list *list, const struct id *message, bool interrupted)
{
	struct sent_message *sent = widget_history_sent_find(list, message);

	if (sent == NULL) {
		if (list->items == NULL || list->n == list->cap) {
			list->cap = list->cap == 0 ? 8 : 2 * list->cap;
			list->items =
			    xreallocarray(list->items, list->cap, sizeof(*list->items));
		}
		sent = &list->items[list->n++];
	}
	*sent = (struct sent_message){*message, interrupted};
}

bool
widget_history_has(const struct widget_socket *s, const struct id *message)
{
	return widget_history_sent_find(&s->history.sent, message) != NULL;
}

void
widget_history_add(struct widget_socket *s, const struct id *message, bool interrupted)
{
	widget_history_sent_put(&s->history.sent, message, interrupted);
}

bool
widget_history_is_long(const struct widget_socket *s)
{
	return s->history.sent.n >= SENT_MANY;
}

void
widget_history_end(struct widget_socket *s)
{
	if (s->history.call != NULL)
		store_call_forget(s->history.call);
	s->history.call = NULL;
	widget_history_sent_clear(&s->history.sent);
	widget_history_sent_clear(&s->history.seen);
}

/* Whether the client lacks the message, or has an interrupted reply that was completed since. */
static bool
widget_history_is_new(const struct widget_history *h, const struct msg_message_record *r)
{
	const struct sent_message *sent = widget_history_sent_find(&h->sent, &r->id);

	return sent == NULL || (sent->interrupted && r->status != MESSAGE_INTERRUPTED);
}

/* Replies have the same frames around them as live ones. An empty reply sends nothing: typing_stop alone
 * would end what the visitor waits for. */
static void
widget_history_send(struct widget_socket *s, const struct msg_message_record *r)
{
	bool is_reply = r->role == MESSAGE_ASSISTANT;

	if (r->text.len == 0)
		return;
	s->is_catching_up = true;
	if (is_reply)
		widget_send_type(s, "typing_start");
	widget_send_message(s, r->role, r->text, &r->id, r->status);
	if (is_reply)
		widget_send_type(s, "typing_stop");
	s->is_catching_up = false;
}

static void
widget_history_take_message(struct widget_socket *s, const struct msg_message_record *r)
{
	if (s->has_history && widget_history_is_new(&s->history, r))
		widget_history_send(s, r);
	widget_history_sent_put(&s->history.seen, &r->id, r->status == MESSAGE_INTERRUPTED);
}

/* Notes what may still change: a question without a reply, an interrupted reply. */
static void
widget_history_note(struct widget_history *h, const struct msg_message_record *r)
{
	bool asks = r->role == MESSAGE_USER;

	h->gap |= asks && h->asked;
	h->asked = asks;
	h->interrupted |= r->status == MESSAGE_INTERRUPTED;
}

/* Whether the page and all before it can no longer change. Unanswered questions stay so unless a reply
 * is being written; interrupted replies are only waited for on the last page. */
static bool
widget_history_is_settled(const struct widget_history *h, const struct id *active, bool is_last)
{
	bool awaited = (h->gap || h->asked) && !id_is_zero(active);

	return !awaited && !(h->interrupted && is_last);
}

static void
widget_history_take_messages(struct widget_socket *s, const struct msg_message_page *page)
{
	struct slice list = page->messages, item;
	struct widget_history *h = &s->history;
	struct msg_message_record r;

	h->interrupted = false;
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		widget_history_note(h, &r);
		/* The active reply is delivered live; the record is of an earlier run. */
		if (!id_equal(&r.id, &page->active))
			widget_history_take_message(s, &r);
	}
}

static void
widget_history_settle(struct widget_history *h, uint64_t position)
{
	h->settled = position;
	h->gap = false;
	h->seen.n = 0;
}

static void widget_history_ask_page(struct widget_socket *s, uint64_t from);
static void widget_history_ask_conversation(struct widget_socket *s);

static const struct id no_reply;

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
	struct widget_history *h = &s->history;

	widget_history_sent_clear(&h->sent);
	widget_history_settle(h, 0);
	h->conversation = (struct id){0};
	h->erased = h->asked = h->interrupted = false;
	s->has_history = false;
}

static void
widget_history_finish(struct widget_socket *s, const struct id *active)
{
	struct widget_history *h = &s->history;
	bool open = h->gap || h->interrupted;

	widget_history_sent_clear(&h->sent);
	h->sent = h->seen;
	h->seen = (struct sent_list){0};
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
	struct widget_history *h = &s->history;

	widget_send_history(s, page->messages, &page->active);
	widget_history_take_messages(s, page);
	h->conversation = conversation.id;
	if (widget_history_is_settled(h, &page->active, true))
		widget_history_settle(h, conversation.next_seq);
	else
		h->settled = page->next; /* read backwards: the position of the first message */
	widget_history_finish(s, &page->active);
}

static void
widget_history_take_none(struct widget_socket *s)
{
	if (!s->has_history)
		widget_send_history(s, (struct slice){0}, &no_reply);
	widget_history_finish(s, &no_reply);
}

static void
widget_history_take_page(struct widget_socket *s, const struct msg_message_page *page)
{
	struct widget_history *h = &s->history;
	bool is_last = page->next == 0;

	widget_history_take_messages(s, page);
	if (widget_history_is_settled(h, &page->active, is_last))
		widget_history_settle(
		    h, is_last ? widget_history_conversation(page).next_seq : page->next);
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
		s->history.conversation = widget_history_conversation(&m->message_page).id;
		widget_history_ask_page(s, s->history.settled);
	}
}

static void
widget_history_ask_page(struct widget_socket *s, uint64_t from)
{
	const struct msg_message_list ask = {
	    .org = s->org,
	    .conversation = s->history.conversation,
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
	h->gap = h->asked = h->interrupted = false;
	h->seen.n = 0;
	if (id_is_zero(&h->conversation))
		widget_history_ask_conversation(s);
	else
		widget_history_ask_page(s, h->settled);
}
