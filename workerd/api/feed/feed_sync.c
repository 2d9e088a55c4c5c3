#include "proto/base/basics.h"
#include "workerd/api/feed/feed.h"

static const struct msg_message_page no_page;
static const struct msg_conversation_record no_conversation;

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

/* A reply that broke off, which the client knows. */
static bool
feed_sync_is_known(const struct feed *f, const struct live_message *m)
{
	return f->place.told && f->place.next == m->seq && m->r.status == MESSAGE_INTERRUPTED &&
	    (f->place.run == 0 || f->place.run == live_place_run(m->record));
}

/* Sends a message, with the same frames around a reply as around a live one; the client may have the first of them
 * already. An empty reply that did not break off sends nothing. may_change: the reply may be written again, so its
 * frames leave the client before it. */
static void
feed_sync_send(struct feed *f, const struct msg_message_page *page,
    const struct live_message *m, bool may_change)
{
	bool is_reply = m->r.role != MESSAGE_USER;
	bool typed = f->place.typing || (is_reply && f->place.operator_typing);

	if (is_reply && widget_send_shows(&m->r) && !typed) {
		f->place.typing = true;
		f->place.again = m->seq < f->place.next;
		widget_send_type(&f->out, "typing_start");
	}
	if (is_reply)
		feed_forget_typing(f);
	typed = f->place.typing || typed;
	f->place.typing = false;
	f->place.units = 0;
	if (m->seq >= f->place.next) {
		f->place.told = may_change;
		f->place.run = may_change ? live_place_run(m->record) : 0;
		live_place_move(&f->place, m->seq + !may_change);
	}
	(void)live_place_note(&f->place, m->seq, m->r.status == MESSAGE_INTERRUPTED);
	widget_send_stored(&f->out, page, &m->r);
	if (typed)
		widget_send_type(&f->out, "typing_stop");
}

/* The client has all before this position. */
static void
feed_sync_pass(struct feed *f, uint64_t position)
{
	if (position == f->place.next)
		return;
	live_place_move(&f->place, position);
	f->place.told = false;
	f->place.typing = false;
	f->place.units = 0;
}

/* A message before place.next: the client has it, unless it is a reply that broke off and was written again. One that
 * broke off again ends the typing of its run, when no other reply can be what types. */
static void
feed_sync_take_again(struct feed *f, const struct msg_message_page *page,
    const struct live_message *m, bool is_end)
{
	if (!live_place_is_broken(&f->place, m->seq))
		return;
	if (m->r.status != MESSAGE_INTERRUPTED || m->seq == f->place.far ||
	    (is_end && f->place.typing && f->place.again))
		feed_sync_send(f, page, m, false);
}

/* Sends a message of the page, unless the client has it. is_end: of the last page, with no reply behind it. */
static void
feed_sync_take(struct feed *f, const struct msg_message_page *page,
    const struct live_message *m, bool is_end)
{
	if (m->seq < f->place.next) {
		feed_sync_take_again(f, page, m, is_end);
		return;
	}
	if (feed_sync_is_known(f, m)) {
		live_place_move(&f->place, m->seq + 1);
		(void)live_place_note(&f->place, m->seq, true);
		f->place.told = false;
		return;
	}
	f->place.told = false;
	live_place_move(&f->place, m->seq);
	feed_sync_send(f, page, m, is_end && m->is_last && m->r.status == MESSAGE_INTERRUPTED);
}

/* Whether the last message is a reply that broke off, which may be written again in its place. */
static bool
feed_sync_is_broken(const struct msg_message_page *page, struct live_message *last)
{
	return live_page_last(page, last) && last->r.status == MESSAGE_INTERRUPTED;
}

static void
feed_sync_take_all(struct feed *f, const struct msg_message_page *page)
{
	bool is_end = page->next == 0 && id_is_zero(&page->open);
	struct live_page walk = live_page_of(page);
	struct live_message m;

	while (live_page_next(&walk, &m))
		feed_sync_take(f, page, &m, is_end);
}

/* The client has all messages; the place stays at one that may still change. */
static void
feed_sync_rest(struct feed *f, const struct msg_message_page *page, uint64_t end)
{
	struct live_message last;
	bool is_broken = feed_sync_is_broken(page, &last);

	/* Of a reply that sent nothing in the end. */
	if (f->place.typing) {
		f->place.typing = false;
		f->place.units = 0;
		widget_send_type(&f->out, "typing_stop");
	}
	feed_sync_pass(f, is_broken ? last.seq : end);
	f->place.told = is_broken;
	f->place.run = is_broken ? live_place_run(last.record) : 0;
}

/* Follows the open reply, which the client may have of an earlier attempt. */
static void
feed_sync_follow(struct feed *f, const struct msg_message_page *page)
{
	if (page->open_seq >= f->place.next)
		feed_sync_pass(f, page->open_seq);
	else if (!live_place_is_broken(&f->place, page->open_seq))
		live_place_go_back(&f->place, page->open_seq);
	feed_reply_join(f, &page->open, page->open_seq);
}

/* The replies that broke off, as the client has them of a history. */
static void
feed_sync_note_broken(struct feed *f, const struct msg_message_page *page)
{
	struct live_page walk = live_page_of(page);
	struct live_message m;

	while (live_page_next(&walk, &m))
		if (m.r.status == MESSAGE_INTERRUPTED)
			(void)live_place_note(&f->place, m.seq, true);
}

/* The first history, or after another conversation was deleted: one frame, which replaces everything. */
static void
feed_sync_take_history(struct feed *f, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	struct msg_message_page shown = *page;

	shown.active = page->open;
	if (id_is_zero(&page->open))
		feed_sync_rest(f, page, conversation->next_seq);
	else
		feed_sync_pass(f, page->open_seq);
	feed_sync_note_broken(f, page);
	f->place.conversation = live_place_mark(&conversation->id);
	widget_send_history(&f->out, &shown);
	feed_sync_set_state(f, conversation, page->people);
}

/* The client's conversation was deleted, and there may be another one. */
static enum live_sync_next
feed_sync_start_over(struct feed *f)
{
	f->place = (struct live_place){.identified = f->place.identified};
	f->core.from = 0;
	return LIVE_SYNC_AGAIN;
}

enum live_sync_next
feed_sync_on_page(struct live_core *core, const struct msg_message_page *page,
    const struct msg_conversation_record *conversation)
{
	struct feed *f = (struct feed *)core;
	uint16_t mark = live_place_mark(&conversation->id);

	if (f->place.next == 0) {
		feed_sync_take_history(f, page, conversation);
		return LIVE_SYNC_ON;
	}
	if ((f->place.conversation != 0 && f->place.conversation != mark) ||
	    f->place.next > conversation->next_seq)
		return feed_sync_start_over(f);
	f->place.conversation = mark;
	feed_sync_set_state(f, conversation, page->people);
	feed_sync_take_all(f, page);
	if (page->next > f->place.next)
		feed_sync_pass(f, page->next);
	return page->next != 0 && event_stream_is_full(&f->stream) ? LIVE_SYNC_STOP
								   : LIVE_SYNC_ON;
}

/* The end of the messages that are settled. */
void
feed_sync_on_end(struct live_core *core, const struct msg_message_page *page)
{
	struct feed *f = (struct feed *)core;

	if (live_core_may_join(core, &page->open)) {
		feed_sync_follow(f, page);
		return;
	}
	if (id_is_zero(&page->open))
		feed_sync_rest(f, page, live_page_conversation(page).next_seq);
	event_stream_continue_at(&f->stream, live_place_number(&f->place));
	if (core->again)
		feed_sync(f);
}

/* The session has no conversation (any more). */
void
feed_sync_on_none(struct live_core *core)
{
	struct feed *f = (struct feed *)core;
	bool had = f->place.next == 0 || f->place.conversation != 0;

	f->place = (struct live_place){.next = 1,
	    .identified = f->place.identified,
	    .state = f->place.state,
	    .operator_bit = f->place.operator_bit};
	if (had)
		widget_send_history(&f->out, &no_page);
	feed_sync_set_state(f, &no_conversation, (struct slice){0});
	if (core->again)
		feed_sync(f);
}

/* The reply that starts again may have ended before the sync: then only its position tells that the client lacks it. */
static void
feed_sync_go_back(struct feed *f)
{
	uint64_t seq = f->restarted;

	f->restarted = 0;
	if (seq != 0 && seq < f->place.next && !live_place_is_broken(&f->place, seq))
		live_place_go_back(&f->place, seq);
}

void
feed_sync(struct feed *f)
{
	if (f->listener != NULL) {
		f->core.again = true;
		return;
	}
	if (f->core.call == NULL)
		feed_sync_go_back(f);
	live_core_sync(&f->core, live_place_first(&f->place));
}
