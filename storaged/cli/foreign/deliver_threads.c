/*
 * Conversations with their messages and notes, some at a time: first the store says what it has of each, then the rest is
 * sent. Messages that are missing in a conversation that is there come behind its last one.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/foreign/deliver.h"
#include "storaged/cli/store/store_pages.h"

#define BLOCK 64

/* Bytes of a visitor's message or a note, and of another message, as in messages.def; longer ones become several. */
#define QUESTION_MAX 12000
#define REPLY_MAX    500000

#define LAST_UNITS   500
#define AUTHOR_UNITS 100
#define TAG_UNITS    100
#define TAGS_MAX     200  /* of an organization */
#define TAGS_BYTES   1200 /* of a conversation */
#define TAG_COLOR    "#6366f1"

/* As of the answers to MESSAGE_LIST and NOTE_LIST. */
#define PAGE_MESSAGES 1000
#define PAGE_NOTES    200

struct thread {
	size_t from, to; /* its places */
	struct id id, contact;
	uint64_t at;
	uint8_t state;
	struct buf session, tags;
	/* Messages and notes that the store has; with the value zero, those that were sent now. */
	struct id_map there;
	uint64_t next_seq; /* 0: the store does not have the conversation */
	uint64_t more;     /* the next page of its messages; 0: none */
	struct buf stored; /* its record in the store */
	bool has_notes;
};

static void
deliver_threads_know(struct thread *t, struct slice messages)
{
	struct msg_message_record r;
	struct slice item;

	while (wire_list_next(&messages, &item))
		if (record_decode(item, MSG_MESSAGE_RECORD, &r) == WIRE_OK)
			id_map_set(&t->there, &r.id, &r.id);
}

/* Reads the conversation's own items: what one does not say, another may. */
static int
deliver_threads_read(struct delivery *d, struct thread *t)
{
	struct item item;
	int status = 0;

	t->id = d->spool->places[t->from].group;
	for (size_t i = t->from; i < t->to && status == 0; i++) {
		t->has_notes |= d->spool->places[i].kind == ITEM_NOTE;
		if (d->spool->places[i].kind != ITEM_CONVERSATION && !id_is_zero(&t->contact))
			continue;
		status = deliver_read(d, i, &item);
		if (status != 0)
			break;
		if (id_is_zero(&t->contact))
			t->contact = item.contact;
		if (item.kind != ITEM_CONVERSATION)
			continue;
		if (t->at == 0)
			t->at = item.at;
		if (item.state != 0)
			t->state = (uint8_t)(item.state - 1);
		if (buf_len(&t->session) == 0)
			must(buf_append(&t->session, item.text[CONVERSATION_SESSION].p,
				 item.text[CONVERSATION_SESSION].len) == 0);
		if (buf_len(&t->tags) == 0)
			(void)!buf_append(&t->tags, item.text[CONVERSATION_TAGS].p,
			    item.text[CONVERSATION_TAGS].len);
	}
	return status;
}

static int
deliver_threads_ask(struct delivery *d, const struct thread *t, uint64_t request)
{
	const struct msg_message_list list = {
	    .org = d->org, .conversation = t->id, .from = 1, .limit = PAGE_MESSAGES};

	must(store_conn_send(&d->store, MSG_MESSAGE_LIST, request, &list) == 0);
	return 0;
}

static int
deliver_threads_take(struct delivery *d, struct thread *all, size_t n)
{
	struct msg_conversation_record r;
	struct frame f;
	union msg m;
	struct thread *t;
	int status = store_conn_receive(&d->store, &f, &m);

	if (status != 0)
		return status;
	if (f.request == 0 || f.request > n ||
	    (f.type != MSG_MESSAGE_PAGE && f.type != MSG_ERROR))
		return console_fail(EX_PROTOCOL, "storaged sent an unexpected reply");
	t = &all[f.request - 1];
	if (f.type == MSG_ERROR)
		return m.error.code == STORE_NOT_FOUND ? 0 : store_conn_fail_refused(&m.error);
	if (record_decode(m.message_page.conversation, MSG_CONVERSATION_RECORD, &r) != WIRE_OK)
		return console_fail(EX_PROTOCOL, "storaged sent an invalid conversation");
	must(buf_append(&t->stored, m.message_page.conversation.p,
		 m.message_page.conversation.len) == 0);
	t->next_seq = r.next_seq;
	t->more = m.message_page.next;
	deliver_threads_know(t, m.message_page.messages);
	return 0;
}

static void
deliver_threads_know_note(void *arg, struct slice item)
{
	struct thread *t = arg;
	struct msg_note_record r;

	if (record_decode(item, MSG_NOTE_RECORD, &r) == WIRE_OK)
		id_map_set(&t->there, &r.id, &r.id);
}

/* The rest of what the store has of a conversation. */
static int
deliver_threads_ask_more(struct delivery *d, struct thread *t)
{
	struct msg_note_list notes = {
	    .org = d->org, .conversation = t->id, .limit = PAGE_NOTES};
	union msg m;
	int status = 0;

	while (status == 0 && t->more != 0) {
		const struct msg_message_list list = {.org = d->org,
		    .conversation = t->id,
		    .from = t->more,
		    .limit = PAGE_MESSAGES};

		status = store_conn_request(
		    &d->store, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
		if (status == 0) {
			deliver_threads_know(t, m.message_page.messages);
			t->more = m.message_page.next;
		}
	}
	if (status == 0 && t->has_notes && t->next_seq != 0)
		status = store_pages_walk(&d->store, MSG_NOTE_LIST, &notes, &notes.cursor,
		    MSG_RECORD_PAGE, deliver_threads_know_note, t);
	return status;
}

/* The tag with a name, which is created if there is none; zero: there are too many. */
static int
deliver_threads_tag(struct delivery *d, struct slice name, struct id *tag)
{
	struct msg_tag_record r = {.v = RECORD_VERSION,
	    .org = d->org,
	    .color = slice_str(TAG_COLOR),
	    .created_at = d->now,
	    .updated_at = d->now};
	struct buf line;
	struct id key;
	const struct id *known;
	int status = 0;

	*tag = (struct id){0};
	buf_init(&line, 4 * TAG_UNITS);
	r.name = deliver_line(&line, name, TAG_UNITS);
	key = deliver_hash(d, "tag", r.name);
	known = id_map_get(&d->tags, &key);
	if (known != NULL) {
		*tag = *known;
	} else if (r.name.len > 0 && d->tags_n >= TAGS_MAX) {
		misfits_add(d->misfits, "tags: the organization has 200", r.name);
	} else if (r.name.len > 0) {
		r.id = *tag = key;
		id_map_set(&d->tags, &key, &key);
		d->tags_n++;
		status = deliver_send_record(d, DELIVER_TAG, MSG_TAG_RECORD, &r);
	}
	buf_clear(&line);
	return status;
}

/* The ids of a conversation's tags, as in CONVERSATION_RECORD. */
static int
deliver_threads_tags(struct delivery *d, const struct thread *t, struct buf *ids)
{
	struct slice rest = buf_slice(&t->tags);
	char text[ID_TEXT_LEN + 1];
	struct id tag;
	int status = 0;

	while (rest.len > 0 && status == 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.p);

		status = deliver_threads_tag(d, utf8_trim((struct slice){rest.p, len}), &tag);
		id_format(&tag, text);
		if (status == 0 && !id_is_zero(&tag) &&
		    buf_len(ids) + ID_TEXT_LEN + 1 <= TAGS_BYTES &&
		    memmem(buf_data(ids), buf_len(ids), text, ID_TEXT_LEN) == NULL)
			must(buf_printf(ids, "%s%s", buf_len(ids) > 0 ? " " : "", text) == 0);
		len += len < rest.len;
		rest.p += len;
		rest.len -= len;
	}
	return status;
}

/* The time of an item: its own, or that of the conversation. */
static uint64_t
deliver_threads_time(const struct delivery *d, const struct thread *t, uint64_t at)
{
	if (at != 0)
		return at;
	return t->at != 0 ? t->at : d->now;
}

/* Sends the conversation: its activity is that of its last message. One that is there keeps what people have changed,
 * such as its state and its tags. */
static int
deliver_threads_send_conversation(
    struct delivery *d, const struct thread *t, size_t last, enum deliver_what what)
{
	const struct id *other = id_map_get(&d->contacts, &t->contact);
	struct msg_conversation_record r = {.v = RECORD_VERSION,
	    .id = t->id,
	    .org = d->org,
	    .widget = d->widget,
	    .session = buf_slice(&t->session),
	    .next_seq = 1,
	    .state = t->state};
	struct msg_import_conversation m;
	struct item item;
	struct buf tags;
	uint64_t at;
	int status = 0;

	buf_init(&tags, TAGS_BYTES + 64);
	if (what == DELIVER_CONVERSATION) {
		status = deliver_threads_tags(d, t, &tags);
		r.tags = buf_slice(&tags);
	} else {
		must(record_decode(buf_slice(&t->stored), MSG_CONVERSATION_RECORD, &r) ==
		    WIRE_OK);
	}
	if (status == 0)
		status = deliver_read(d, last, &item);
	if (status == 0) {
		at = deliver_threads_time(d, t, item.at);
		if (at >= r.updated_at) {
			r.last_message = utf8_prefix(item.text[MESSAGE_TEXT], LAST_UNITS);
			r.updated_at = at;
		}
		if (r.created_at == 0)
			r.created_at = t->at != 0 && t->at < at ? t->at : at;
		if (id_is_zero(&r.contact))
			r.contact = other != NULL ? *other : t->contact;
		buf_reset(&d->record);
		must(record_encode(&d->record, MSG_CONVERSATION_RECORD, &r) == 0);
		m.conversation = buf_slice(&d->record);
		status = deliver_send(d, what, MSG_IMPORT_CONVERSATION, &m);
	}
	buf_clear(&tags);
	return status;
}

static int
deliver_threads_send_note(struct delivery *d, const struct thread *t, const struct item *item,
    const struct id *id, struct slice text, struct slice author)
{
	const struct msg_note_record r = {.v = RECORD_VERSION,
	    .id = *id,
	    .org = d->org,
	    .conversation = t->id,
	    .author_name = author,
	    .created_at = deliver_threads_time(d, t, item->at),
	    .text = text};

	return deliver_send_record(d, DELIVER_NOTE, MSG_NOTE_RECORD, &r);
}

static int
deliver_threads_send_message(struct delivery *d, struct thread *t, const struct item *item,
    const struct id *id, struct slice text, struct slice author)
{
	struct msg_message_record r = {.v = RECORD_VERSION,
	    .id = *id,
	    .role = item->role,
	    .status = MESSAGE_COMPLETE,
	    .created_at = deliver_threads_time(d, t, item->at),
	    .text = text};
	struct msg_import_new_message m = {.conversation = t->id, .seq = t->next_seq++};

	if (item->role == MESSAGE_OPERATOR) {
		const struct msg_message_details details = {.author_name = author};

		buf_reset(&d->details);
		must(record_encode(&d->details, MSG_MESSAGE_DETAILS, &details) == 0);
		r.details = buf_slice(&d->details);
	}
	buf_reset(&d->record);
	must(record_encode(&d->record, MSG_MESSAGE_RECORD, &r) == 0);
	m.message = buf_slice(&d->record);
	return deliver_send(d, DELIVER_MESSAGE, MSG_IMPORT_NEW_MESSAGE, &m);
}

/* The longest front of a text of at most max bytes that ends with a whole character. */
static size_t
deliver_threads_cut(struct slice text, size_t max)
{
	if (text.len <= max)
		return text.len;
	while (max > 1 && (text.p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* Sends a message or note that is missing, a long one in parts. */
static int
deliver_threads_send_item(struct delivery *d, struct thread *t, const struct item *item)
{
	bool note = item->kind == ITEM_NOTE;
	bool is_short = note || item->role == MESSAGE_USER;
	enum deliver_what what = note ? DELIVER_NOTE : DELIVER_MESSAGE;
	struct slice rest = item->text[MESSAGE_TEXT], author;
	struct id *there;
	struct id id = item->id;
	struct buf name;
	int status = 0;

	buf_init(&name, 4 * AUTHOR_UNITS);
	author = deliver_line(&name, item->text[MESSAGE_AUTHOR], AUTHOR_UNITS);
	for (; rest.len > 0 && status == 0;
	     id = deliver_hash(d, "rest", (struct slice){id.b, sizeof(id.b)})) {
		size_t len = deliver_threads_cut(rest, is_short ? QUESTION_MAX : REPLY_MAX);
		struct slice text = {rest.p, len};

		rest.p += len;
		rest.len -= len;
		there = id_map_get(&t->there, &id);
		if (there != NULL) {
			d->there[what] += !id_is_zero(there);
			*there = (struct id){0}; /* an export may have it twice */
			continue;
		}
		id_map_set(&t->there, &id, &(struct id){0});
		status = note ? deliver_threads_send_note(d, t, item, &id, text, author)
			      : deliver_threads_send_message(d, t, item, &id, text, author);
	}
	buf_clear(&name);
	return status;
}

/* The place of the last message; t->to: there is none. */
static size_t
deliver_threads_last(const struct delivery *d, const struct thread *t)
{
	size_t last = t->to;

	while (last > t->from && d->spool->places[last - 1].kind != ITEM_MESSAGE)
		last--;
	return last == t->from ? t->to : last - 1;
}

/* Whether a message or note of the conversation is missing in the store. */
static int
deliver_threads_is_news(struct delivery *d, struct thread *t, bool *news)
{
	struct item item;
	int status = 0;

	*news = false;
	for (size_t i = t->from; i < t->to && status == 0 && !*news; i++) {
		if (d->spool->places[i].kind == ITEM_CONVERSATION)
			continue;
		status = deliver_read(d, i, &item);
		*news = status == 0 && id_map_get(&t->there, &item.id) == NULL;
	}
	return status;
}

static int
deliver_threads_send(struct delivery *d, struct thread *t)
{
	bool fresh = t->next_seq == 0, news = fresh;
	size_t last = deliver_threads_last(d, t);
	struct item item;
	int status = 0;

	if (last == t->to) {
		misfits_add(
		    d->misfits, "conversations without a message", buf_slice(&t->session));
		return 0;
	}
	d->there[DELIVER_CONVERSATION] += !fresh;
	if (fresh)
		t->next_seq = 1;
	else
		status = deliver_threads_is_news(d, t, &news);
	if (status == 0 && news)
		status = deliver_threads_send_conversation(
		    d, t, last, fresh ? DELIVER_CONVERSATION : DELIVER_CHANGE);
	for (size_t i = t->from; i < t->to && status == 0; i++) {
		if (d->spool->places[i].kind == ITEM_CONVERSATION)
			continue;
		status = deliver_read(d, i, &item);
		if (status == 0)
			status = deliver_threads_send_item(d, t, &item);
	}
	return status;
}

static int
deliver_threads_block(struct delivery *d, struct thread *all, size_t n)
{
	int status = deliver_settle(d);

	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_threads_read(d, &all[i]);
	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_threads_ask(d, &all[i], i + 1);
	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_threads_take(d, all, n);
	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_threads_ask_more(d, &all[i]);
	for (size_t i = 0; i < n && status == 0; i++)
		status = deliver_threads_send(d, &all[i]);
	return status;
}

static void
deliver_threads_begin(struct thread *t, size_t from, size_t to)
{
	*t = (struct thread){.from = from, .to = to};
	buf_init(&t->session, 256);
	buf_init(&t->tags, (size_t)64 << 10);
	buf_init(&t->stored, WIRE_PAYLOAD_MAX);
}

static void
deliver_threads_end(struct thread *t)
{
	buf_clear(&t->session);
	buf_clear(&t->tags);
	buf_clear(&t->stored);
	id_map_clear(&t->there);
}

int
deliver_threads(struct delivery *d, size_t from, size_t to)
{
	struct thread all[BLOCK];
	int status = 0;

	while (from < to && status == 0) {
		size_t n = 0;

		while (n < BLOCK && from < to) {
			size_t end = deliver_group_end(d, from, to);

			deliver_threads_begin(&all[n++], from, end);
			from = end;
		}
		status = deliver_threads_block(d, all, n);
		while (n > 0)
			deliver_threads_end(&all[--n]);
		if (progress_due())
			progress_show("conversations and messages: %zu of %zu", from, to);
	}
	return status == 0 ? deliver_settle(d) : status;
}
