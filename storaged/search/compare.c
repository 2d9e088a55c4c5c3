/*
 * The pass. A page of the store is newer than the index, so what it contains may be added at once: the feed's rows
 * bring it again.
 */
#include "storaged/search/compare.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/search/follower_apply.h"

/* Between two steps; a step takes some milliseconds. */
#define PAUSE_MS 250

/* A longer conversation is not searched for messages that the store has lost: 4 MiB. */
#define IDS_MAX ((size_t)262144)

/* Other documents of a conversation that are mended in a pass. */
#define OTHERS_MAX 100

#define PARENTS_EACH 200

void
compare_init(struct compare *c, uint64_t every_ms, uint64_t first_ms)
{
	*c = (struct compare){.every_ms = every_ms, .next_ms = clock_mono_ms() + first_ms};
	buf_init(&c->cursor, 64);
}

void
compare_clear(struct compare *c)
{
	buf_clear(&c->cursor);
	free(c->ids);
	*c = (struct compare){0};
}

static void
compare_begin_conversation(struct compare *c, const struct id *id)
{
	c->conversation = *id;
	c->n = 0;
	c->disturbed = false;
}

static void
compare_begin(struct compare *c)
{
	const struct id none = {0};

	c->phase = COMPARE_READS;
	buf_reset(&c->cursor);
	compare_begin_conversation(c, &none);
	c->parent = 0;
	c->added = c->removed = 0;
}

void
compare_restart(struct compare *c)
{
	if (c->phase != COMPARE_PAUSES)
		compare_begin(c);
}

uint64_t
compare_due_in(const struct compare *c)
{
	uint64_t now = clock_mono_ms();

	if (c->every_ms == 0)
		return UINT64_MAX;
	return now >= c->next_ms ? 0 : c->next_ms - now;
}

static void
compare_want(struct buf *wanted, const struct msg_index_wanted *one)
{
	struct buf encoded;

	buf_init(&encoded, 1024);
	must(record_encode(&encoded, MSG_INDEX_WANTED, one) == 0);
	must(wire_list_add(wanted, buf_slice(&encoded)) == 0);
	buf_clear(&encoded);
}

static void
compare_end(struct compare *c)
{
	log_event(c->added + c->removed > 0 ? LOG_NOTICE : LOG_INFO, "search_index_compared",
	    L_UINT("added", c->added), L_UINT("removed", c->removed));
	c->phase = COMPARE_PAUSES;
	c->next_ms = clock_mono_ms() + c->every_ms;
	free(c->ids);
	c->ids = NULL;
}

/* Wants the next conversations and contacts of the index. */
static int
compare_look_up(struct compare *c, struct index *ix, struct buf *wanted)
{
	struct index_parent parents[PARENTS_EACH];
	int n = index_parents(ix, &c->parent, parents, PARENTS_EACH);

	for (int i = 0; i < n; i++) {
		bool contact = parents[i].state == INDEX_NO_STATE;

		compare_want(wanted,
		    &(struct msg_index_wanted){
			.kind = contact ? INDEX_CONTACT : INDEX_CONVERSATION,
			.org = parents[i].org,
			.conversation = parents[i].id,
			.id = parents[i].id});
	}
	if (n == 0)
		compare_end(c);
	return n < 0 ? -1 : 0;
}

int
compare_step(struct compare *c, struct index *ix, struct buf *wanted, bool *reads)
{
	if (c->phase == COMPARE_PAUSES)
		compare_begin(c);
	c->next_ms = clock_mono_ms() + PAUSE_MS;
	*reads = c->phase == COMPARE_READS;
	return *reads ? 0 : compare_look_up(c, ix, wanted);
}

/* The first byte of a cursor is the place of its table in storaged/indexing/index_read.c: messages come first. */
static bool
compare_reads_messages(struct slice cursor)
{
	return cursor.len > 0 && cursor.p[0] == 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

/* A document of the conversation that was not read: a message is removed, a note is looked up. */
static int
compare_mend_other(
    struct compare *c, struct index *ix, const struct id *id, int kind, struct buf *wanted)
{
	if (kind == INDEX_NOTE)
		compare_want(wanted,
		    &(struct msg_index_wanted){
			.kind = INDEX_NOTE, .conversation = c->conversation, .id = *id});
	if (kind != INDEX_MESSAGE)
		return 0;
	c->removed++;
	return index_remove(ix, &c->conversation, id);
}

/* All messages of the conversation were read. */
static int
compare_end_conversation(struct compare *c, struct index *ix, struct buf *wanted)
{
	struct index_other others[OTHERS_MAX];
	int n, rc = 0;

	if (id_is_zero(&c->conversation) || c->disturbed)
		return 0;
	qsort(c->ids, c->n, sizeof(c->ids[0]), compare_ids);
	n = index_others(ix, &c->conversation, c->ids, c->n, others, OTHERS_MAX);
	for (int i = 0; i < n && rc == 0; i++)
		rc = compare_mend_other(c, ix, &others[i].id, others[i].kind, wanted);
	return n < 0 ? -1 : rc;
}

static void
compare_add_id(struct compare *c, const struct id *id)
{
	if (c->n == IDS_MAX)
		c->disturbed = true;
	if (c->disturbed)
		return;
	if ((c->n & (c->n - 1)) == 0) /* room for powers of two */
		c->ids = xreallocarray(c->ids, c->n == 0 ? 1 : 2 * c->n, sizeof(c->ids[0]));
	c->ids[c->n++] = *id;
}

static int
compare_take_item(
    struct compare *c, struct index *ix, const struct msg_index_item *item, struct buf *wanted)
{
	int rc = 0;

	if (item->kind == INDEX_MESSAGE)
		compare_add_id(c, &item->id);
	if (item->kind == INDEX_CONVERSATION && !id_equal(&item->id, &c->conversation)) {
		rc = compare_end_conversation(c, ix, wanted);
		compare_begin_conversation(c, &item->id);
	}
	return rc;
}

/* A page of messages; at its end, the table may end. */
static int
compare_take_messages(
    struct compare *c, struct index *ix, const struct msg_index_page *page, struct buf *wanted)
{
	const struct id none = {0};
	struct slice items = page->items, encoded;
	struct msg_index_item item;
	int rc = 0;

	while (rc == 0 && wire_list_next(&items, &encoded)) {
		must(record_decode(encoded, MSG_INDEX_ITEM, &item) == WIRE_OK);
		rc = compare_take_item(c, ix, &item, wanted);
	}
	if (rc != 0 || compare_reads_messages(page->next))
		return rc;
	rc = compare_end_conversation(c, ix, wanted);
	compare_begin_conversation(c, &none);
	return rc;
}

int
compare_take_page(
    struct compare *c, struct index *ix, const struct msg_index_page *page, struct buf *wanted)
{
	bool messages =
	    buf_len(&c->cursor) == 0 || compare_reads_messages(buf_slice(&c->cursor));
	uint64_t before = index_documents(ix);
	int rc = follower_apply(ix, page->items);

	if (index_documents(ix) > before)
		c->added += index_documents(ix) - before;
	if (rc == 0 && messages)
		rc = compare_take_messages(c, ix, page, wanted);
	buf_reset(&c->cursor);
	must(buf_append(&c->cursor, page->next.p, page->next.len) == 0);
	if (page->next.len == 0)
		c->phase = COMPARE_LOOKS_UP;
	return rc;
}

void
compare_note_items(struct compare *c, struct slice items)
{
	struct msg_index_item item;
	struct slice encoded;

	while (wire_list_next(&items, &encoded)) {
		must(record_decode(encoded, MSG_INDEX_ITEM, &item) == WIRE_OK);
		if (id_equal(&item.conversation, &c->conversation))
			c->disturbed = true;
	}
}
