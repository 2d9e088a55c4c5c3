#include "proto/base/basics.h"
#include "workerd/api/feed/feed.h"

/* The newest messages in the first history, and the page size of later syncs. */
#define HISTORY_MESSAGES 200
#define PAGE_MESSAGES    64

static const struct msg_message_page no_page;
static const struct msg_conversation_record no_conversation;

static struct msg_conversation_record
feed_sync_conversation(const struct msg_message_page *page)
{
	struct msg_conversation_record r;

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &r) == WIRE_OK);
	return r;
}

/* Tells a client that knows operators when another one has the conversation. */
static void
feed_sync_set_state(
    struct feed *f, const struct msg_conversation_record *r, struct slice people)
{
	uint8_t state = r->state == STATE_RESOLVED ? STATE_OPEN : r->state;
	bool bit = (r->operator.b[sizeof(r->operator.b) - 1] & 1) != 0;

	if (f->place.state == state && f->place.operator_bit == bit)
		return;
	f->place.state = state;
	f->place.operator_bit = bit;
	if (f->out.operators)
		widget_send_presence(&f->out, r, people);
}

/* Replies have the same frames around them as live ones; the client may have the first of them already. An empty reply
 * that did not break off sends nothing. run: feed_place_run() of its record. may_change: the reply may be written again, so
 * its frames leave the client before it. */
static void
feed_sync_send(struct feed *f, const struct msg_message_page *page,
    const struct msg_message_record *r, uint32_t run, bool may_change)
{
	bool is_reply = r->role != MESSAGE_USER;
	bool is_known = f->place.told && r->status == MESSAGE_INTERRUPTED &&
	    (f->place.run == 0 || f->place.run == run);
	bool typed = f->place.typing || (is_reply && f->place.operator_typing);

	f->place.told = false;
	if (is_known) {
		f->place.next++;
		return;
	}
	if (is_reply && widget_send_shows(r) && !typed) {
		f->place.typing = true;
		widget_send_type(&f->out, "typing_start");
	}
	if (is_reply)
		feed_forget_typing(f);
	typed = f->place.typing || typed;
	f->place.typing = false;
	f->place.units = 0;
	f->place.told = may_change;
	f->place.run = may_change ? run : 0;
	f->place.next += !may_change;
	widget_send_stored(&f->out, page, r);
	if (typed)
		widget_send_type(&f->out, "typing_stop");
}

/* The client has all before this position. */
static void
feed_sync_pass(struct feed *f, uint64_t position)
{
	if (position == f->place.next)
		return;
	f->place.next = position;
	f->place.told = false;
	f->place.typing = false;
	f->place.units = 0;
}

/* An open reply that is not skipped. */
static bool
feed_sync_is_open(const struct feed *f, const struct msg_message_page *page)
{
	return !id_is_zero(&page->open) && !id_equal(&page->open, &f->failed);
}

/* If the last message is a reply that broke off, which may be written again in its place: its run; else 0. */
static uint32_t
feed_sync_broken_end(const struct msg_message_page *page)
{
	struct slice list = page->messages, item, last = {0};
	struct msg_message_record r;

	while (wire_list_next(&list, &item))
		last = item;
	if (last.len == 0)
		return 0;
	must(record_decode(last, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
	return r.status == MESSAGE_INTERRUPTED ? feed_place_run(last) : 0;
}

/* end: of the conversation. */
static void
feed_sync_send_all(struct feed *f, const struct msg_message_page *page, uint64_t end)
{
	bool is_end = page->next == 0 && id_is_zero(&page->open);
	bool is_broken = is_end && feed_sync_broken_end(page) != 0;
	struct slice list = page->messages, item;
	struct msg_message_record r;

	while (wire_list_next(&list, &item)) {
		bool may_change = is_broken && list.len == 0;

		must(record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK);
		if (may_change)
			feed_sync_pass(f, end - 1);
		feed_sync_send(f, page, &r, feed_place_run(item), may_change);
	}
}

/* The client has all messages; the place stays at one that may still change. */
static void
feed_sync_rest(struct feed *f, const struct msg_message_page *page, uint64_t end)
{
	uint32_t run = feed_sync_broken_end(page);

	feed_sync_pass(f, run != 0 ? end - 1 : end);
	f->place.told = run != 0;
	f->place.run = run;
}

/* The end of the messages that are settled. */
static void
feed_sync_finish(struct feed *f, const struct msg_message_page *page, uint64_t end)
{
	bool again = f->again;

	f->again = false;
	if (feed_sync_is_open(f, page)) {
		feed_sync_pass(f, page->open_seq);
		f->again = again;
		feed_reply_join(f, &page->open);
		return;
	}
	if (id_is_zero(&page->open))
		feed_sync_rest(f, page, end);
	event_stream_continue_at(&f->stream, feed_place_number(&f->place));
	if (again)
		feed_sync(f);
}

/* The first history, or after another conversation was deleted: one frame, which replaces everything. */
static void
feed_sync_take_history(struct feed *f, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = feed_sync_conversation(page);
	struct msg_message_page shown = *page;

	shown.active = page->open;
	if (id_is_zero(&page->open))
		feed_sync_rest(f, page, conversation.next_seq);
	else
		feed_sync_pass(f, page->open_seq);
	f->place.conversation = feed_place_mark(&conversation.id);
	widget_send_history(&f->out, &shown);
	feed_sync_set_state(f, &conversation, page->people);
	feed_sync_finish(f, page, conversation.next_seq);
}

/* The client's conversation was deleted, and there may be another one. */
static void
feed_sync_start_over(struct feed *f)
{
	f->place = (struct feed_place){.identified = f->place.identified};
	feed_sync(f);
}

static void
feed_sync_take_page(struct feed *f, const struct msg_message_page *page)
{
	const struct msg_conversation_record conversation = feed_sync_conversation(page);
	uint16_t mark = feed_place_mark(&conversation.id);

	if ((f->place.conversation != 0 && f->place.conversation != mark) ||
	    f->place.next > conversation.next_seq) {
		feed_sync_start_over(f);
		return;
	}
	f->place.conversation = mark;
	feed_sync_set_state(f, &conversation, page->people);
	feed_sync_send_all(f, page, conversation.next_seq);
	if (page->next == 0) {
		feed_sync_finish(f, page, conversation.next_seq);
		return;
	}
	feed_sync_pass(f, page->next);
	if (!event_stream_is_full(&f->stream))
		feed_sync(f);
}

/* The session has no conversation (any more). */
static void
feed_sync_take_none(struct feed *f)
{
	bool again = f->again;
	bool had = f->place.next == 0 || f->place.conversation != 0;

	f->again = false;
	f->place = (struct feed_place){.next = 1,
	    .identified = f->place.identified,
	    .state = f->place.state,
	    .operator_bit = f->place.operator_bit};
	if (had)
		widget_send_history(&f->out, &no_page);
	feed_sync_set_state(f, &no_conversation, (struct slice){0});
	if (again)
		feed_sync(f);
}

static void
feed_sync_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct feed *f = arg;

	f->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND))
		feed_sync_take_none(f);
	else if (type != MSG_MESSAGE_PAGE)
		feed_fail(f, type, m);
	else if (f->place.next == 0)
		feed_sync_take_history(f, &m->message_page);
	else
		feed_sync_take_page(f, &m->message_page);
}

void
feed_sync(struct feed *f)
{
	const struct msg_session_history ask = {
	    .org = f->visit.org,
	    .widget = f->visit.widget,
	    .session = slice_str(f->visit.session),
	    .onwards = f->place.next,
	    .limit = f->place.next == 0 ? HISTORY_MESSAGES : PAGE_MESSAGES,
	    .settled = 1,
	};

	if (f->call != NULL || f->listener != NULL) {
		f->again = true;
		return;
	}
	f->again = false;
	f->call = store_call(f->out.api->store, MSG_SESSION_HISTORY, &ask, STORE_TIMEOUT_MS,
	    feed_sync_on_page, f);
	if (f->call == NULL)
		feed_fail(f, 0, NULL);
}
