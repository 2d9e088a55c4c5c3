/*
 * A reading goes through the tables of messages, contacts and notes. Its cursor is the table's place in the
 * list below and the key of the next record.
 */
#include "storaged/indexing/index_read.h"

#include <string.h>

#include "proto/base/basics.h"

/* A page ends before an item when it has as many bytes or items. */
#define PAGE_FULL  ((size_t)192 << 10)
#define PAGE_ITEMS 2000u

/* A conversation's items of a page are preceded by the conversation itself. */
struct page {
	struct txn *t;
	struct buf item;
	struct id conversation; /* whose item was the last one; zero: none */
	bool exists;            /* that conversation */
	unsigned items;
};

static void
index_page_init(struct page *page, struct txn *t)
{
	*page = (struct page){.t = t};
	buf_init(&page->item, WIRE_PAYLOAD_MAX);
	buf_reset(&t->env->list);
}

static bool
index_page_is_full(const struct page *page)
{
	return page->items >= PAGE_ITEMS || buf_len(&page->t->env->list) >= PAGE_FULL;
}

/* Adds an item; a page that was not full has room for the longest one. */
static void
index_page_add(struct page *page, const struct msg_index_item *item)
{
	buf_reset(&page->item);
	must(record_encode(&page->item, MSG_INDEX_ITEM, item) == 0);
	must(wire_list_add(&page->t->env->list, buf_slice(&page->item)) == 0);
	page->items++;
}

/* Adds the record of a key, or that there is none. A damaged one cannot be found. */
static int
index_page_add_stored(
    struct page *page, struct msg_index_item item, enum table table, const struct key *key)
{
	int rc = txn_get(page->t, table, key, &item.record);

	if (rc != 0)
		item.record = slice_str("");
	if (rc == 0 || rc == MDB_NOTFOUND || rc == RECORD_DAMAGED)
		index_page_add(page, &item);
	return rc == MDB_NOTFOUND || rc == RECORD_DAMAGED ? 0 : rc;
}

/* Adds the conversation of the next item, unless it was added before it. */
static int
index_page_add_conversation(struct page *page, const struct id *id)
{
	struct msg_index_item item = {
	    .kind = INDEX_CONVERSATION, .conversation = *id, .id = *id};
	struct key key = key_id(id);
	struct slice record;
	int rc;

	if (id_equal(id, &page->conversation))
		return 0;
	page->conversation = *id;
	rc = txn_get(page->t, TABLE_CONVERSATIONS, &key, &record);
	page->exists = rc == 0;
	return index_page_add_stored(page, item, TABLE_CONVERSATIONS, &key);
}

/* The id of an encoded record; its first field is the version. Zero: it is damaged. */
static struct id
index_id_of(enum msg_type type, struct slice record)
{
	struct msg_message_record message;
	struct msg_contact_record contact;
	struct msg_note_record note;

	if (type == MSG_MESSAGE_RECORD && record_decode(record, type, &message) == 0)
		return message.id;
	if (type == MSG_CONTACT_RECORD && record_decode(record, type, &contact) == 0)
		return contact.id;
	if (type == MSG_NOTE_RECORD && record_decode(record, type, &note) == 0)
		return note.id;
	return (struct id){0};
}

/* Adds something of a conversation. Messages of an erased one may still be there (garbage.h). */
static int
index_read_part(
    struct page *page, const struct walk *w, enum index_kind kind, enum msg_type type)
{
	struct msg_index_item item = {.kind = (uint8_t)kind, .record = w->value};
	int rc;

	item.conversation = key_front(w->key);
	item.id = index_id_of(type, w->value);
	rc = index_page_add_conversation(page, &item.conversation);
	if (rc == 0 && page->exists && !id_is_zero(&item.id))
		index_page_add(page, &item);
	return rc;
}

static int
index_read_message(struct page *page, const struct walk *w)
{
	return index_read_part(page, w, INDEX_MESSAGE, MSG_MESSAGE_RECORD);
}

static int
index_read_note(struct page *page, const struct walk *w)
{
	return index_read_part(page, w, INDEX_NOTE, MSG_NOTE_RECORD);
}

static int
index_read_contact(struct page *page, const struct walk *w)
{
	struct msg_index_item item = {.kind = INDEX_CONTACT, .record = w->value};

	item.id = index_id_of(MSG_CONTACT_RECORD, w->value);
	if (!id_is_zero(&item.id))
		index_page_add(page, &item);
	return 0;
}

static const struct {
	enum table table;
	int (*read)(struct page *, const struct walk *);
} readings[] = {
    {TABLE_MESSAGES, index_read_message},
    {TABLE_CONTACTS, index_read_contact},
    {TABLE_NOTES, index_read_note},
};

/* Reads a table from a key on; *next gets the key behind the page, or length 0 at the end. */
static int
index_read_table(struct page *page, size_t reading, const struct key *from, struct key *next)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, page->t, readings[reading].table, &all);

	if (rc == 0)
		rc = walk_from(&w, from);
	next->len = 0;
	for (; rc == 0; rc = walk_next(&w)) {
		if (index_page_is_full(page)) {
			*next = key_of(w.key);
			break;
		}
		if (!w.damaged && key_fits(readings[reading].table, w.key)) {
			rc = readings[reading].read(page, &w);
			if (rc != 0)
				break;
		}
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The cursor is a byte and a key. False: it is not one of ours. */
static bool
index_read_cursor(struct slice cursor, size_t *reading, struct key *from)
{
	*reading = 0;
	*from = (struct key){0};
	if (cursor.len == 0)
		return true;
	*reading = cursor.p[0];
	from->len = cursor.len - 1;
	return slice_copy((struct slice){cursor.p + 1, from->len}, from->b, sizeof(from->b)) &&
	    *reading < ARRAY_LEN(readings);
}

int
handle_index_read(struct txn *t, struct call *c)
{
	struct msg_index_page answer = {.next = slice_str("")};
	uint8_t cursor[64];
	struct page page;
	struct key from, next = {0};
	size_t reading;
	int rc = 0;

	if (!index_read_cursor(c->m->index_read.cursor, &reading, &from))
		return call_refuse(c, STORE_INVALID, "not a cursor of this reading");
	index_page_init(&page, t);
	rc = index_read_table(&page, reading, &from, &next);
	if (rc == 0 && (next.len > 0 || reading + 1 < ARRAY_LEN(readings))) {
		must(next.len < sizeof(cursor));
		cursor[0] = (uint8_t)(next.len > 0 ? reading : reading + 1);
		memcpy(cursor + 1, next.b, next.len);
		answer.next = (struct slice){cursor, 1 + next.len};
	}
	answer.items = buf_slice(&t->env->list);
	if (rc == 0)
		call_answer(c, MSG_INDEX_PAGE, &answer);
	buf_clear(&page.item);
	return rc;
}

/* Adds a wanted item as it is now. */
static int
index_lookup_one(struct page *page, const struct msg_index_wanted *wanted)
{
	struct msg_index_item item = {
	    .kind = wanted->kind, .conversation = wanted->conversation, .id = wanted->id};
	struct key key;
	int rc;

	if (wanted->kind == INDEX_CONTACT) {
		key = key_of_org(&wanted->org, &wanted->id);
		return index_page_add_stored(page, item, TABLE_CONTACTS, &key);
	}
	rc = index_page_add_conversation(page, &wanted->conversation);
	if (rc != 0 || wanted->kind == INDEX_CONVERSATION || !page->exists)
		return rc;
	if (wanted->kind == INDEX_NOTE) {
		key = key_of_org(&wanted->conversation, &wanted->id);
		return index_page_add_stored(page, item, TABLE_NOTES, &key);
	}
	key = key_message(&wanted->conversation, wanted->place);
	return index_page_add_stored(page, item, TABLE_MESSAGES, &key);
}

int
handle_index_lookup(struct txn *t, struct call *c)
{
	struct msg_index_page answer = {.next = slice_str("")};
	struct slice wanted = c->m->index_lookup.wanted, one;
	struct page page;
	int rc = 0;

	index_page_init(&page, t);
	while (rc == 0 && !index_page_is_full(&page) && wire_list_next(&wanted, &one)) {
		struct msg_index_wanted want;

		must(record_decode(one, MSG_INDEX_WANTED, &want) == 0);
		rc = index_lookup_one(&page, &want);
		answer.looked_up++;
	}
	answer.items = buf_slice(&t->env->list);
	if (rc == 0)
		call_answer(c, MSG_INDEX_PAGE, &answer);
	buf_clear(&page.item);
	return rc;
}

int
handle_index_report(struct txn *t, struct call *c)
{
	(void)t;
	effects_add(c->effects,
	    &(struct effect){.kind = EFFECT_INDEXED,
		.client = c->from,
		.change = c->m->index_report.position});
	return 0;
}
