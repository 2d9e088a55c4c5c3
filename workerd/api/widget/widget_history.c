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

/* So many messages in `sent` make a sync due. */
#define SENT_MANY (2 * WIDGET_PAGE_MESSAGES)

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
	s->out.replays = true;
	if (is_reply && !typed)
		widget_send_type(&s->out, "typing_start");
	widget_send_stored(&s->out, page, r);
	if (is_reply)
		widget_send_type(&s->out, "typing_stop");
	s->out.replays = false;
}

static void
widget_history_take_messages(struct widget_socket *s, const struct msg_message_page *page)
{
	struct live_thread *thread = &s->history.thread;
	struct live_page walk = live_page_of(page);
	struct live_message m;

	live_thread_begin_page(thread);
	while (live_page_next(&walk, &m)) {
		live_thread_note(thread, &m.r);
		/* The active reply is delivered live; the record is of an earlier run. */
		if (!id_equal(&m.r.id, &page->active) && live_thread_take(thread, &m.r) &&
		    s->has_history)
			widget_history_send(s, page, &m.r);
	}
}

static const struct msg_message_page no_page;
static const struct msg_conversation_record no_conversation;

/* The conversation was deleted: start over, as for a new client. */
static void
widget_history_reset(struct widget_socket *s)
{
	live_thread_reset(&s->history.thread);
	s->history.erased = false;
	s->has_history = false;
}

/* The first history: one frame. */
static void
widget_history_take_all(struct widget_socket *s, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	s->history.thread.conversation = conversation->id;
	widget_send_history(&s->out, page);
	widget_operator_set_state(s, conversation, page->people);
	widget_history_take_messages(s, page);
	live_thread_end_page(&s->history.thread, page, conversation->next_seq, true);
}

static void
widget_history_take_page(struct widget_socket *s, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	widget_operator_set_state(s, conversation, page->people);
	widget_history_take_messages(s, page);
	live_thread_end_page(&s->history.thread, page, conversation->next_seq, false);
}

/* 0: it has no history. */
static uint64_t
widget_history_first(const struct widget_socket *s)
{
	return s->has_history ? live_thread_first(&s->history.thread) : 0;
}

enum live_sync_next
widget_history_on_page(struct live_core *core, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	struct widget_socket *s = (struct widget_socket *)core;
	struct live_thread *thread = &s->history.thread;

	if (!s->has_history) {
		widget_history_take_all(s, page, conversation);
		return LIVE_SYNC_ON;
	}
	if (id_equal(&thread->conversation, &conversation->id)) {
		widget_history_take_page(s, page, conversation);
		return LIVE_SYNC_ON;
	}
	/* Deleted, and the visitor has begun another one. */
	if (!id_is_zero(&thread->conversation))
		widget_history_reset(s);
	/* A new one: the reply to a message that failed here may be open for a moment yet, until this worker has closed
	 * it. It would fail again. */
	thread->conversation = conversation->id;
	core->from = widget_history_first(s);
	return LIVE_SYNC_AGAIN;
}

void
widget_history_on_end(struct live_core *core, const struct msg_message_page *page)
{
	struct widget_socket *s = (struct widget_socket *)core;
	bool open = live_thread_finish(&s->history.thread);

	s->has_history = true;
	widget_replies_synced(s, &page->active, open);
}

void
widget_history_on_none(struct live_core *core)
{
	struct widget_socket *s = (struct widget_socket *)core;

	if (!id_is_zero(&s->history.thread.conversation))
		widget_history_reset(s);
	if (!s->has_history)
		widget_send_history(&s->out, &no_page);
	widget_operator_set_state(s, &no_conversation, (struct slice){0});
	widget_history_on_end(core, &no_page);
}

void
widget_history_sync(struct widget_socket *s)
{
	if (s->history.erased)
		widget_history_reset(s);
	live_thread_begin(&s->history.thread);
	live_core_sync(&s->core, widget_history_first(s));
}
