/*
 * Pages of messages, forwards and backwards.
 */
#include "storaged/engine/message_pages.h"

#include "proto/base/basics.h"

/* Messages without a text that are stepped over on the way back, at most. */
#define SKIP_MAX 1000u

/* What a page has come to while it is being gathered. */
struct tally {
	struct page_bounds most;
	uint32_t n;
	size_t bytes;
};

/* Counts a message of so many bytes in; PAGE_WHOLE if it still belongs to the page. */
static enum page_end
count(struct tally *tally, size_t bytes)
{
	if (tally->n == tally->most.messages)
		return PAGE_LIMIT;
	if (tally->n > 0 && tally->bytes + 4 + bytes > tally->most.bytes)
		return PAGE_BOUND;
	tally->n++;
	tally->bytes += 4 + bytes;
	return PAGE_WHOLE;
}

static int
gather_forwards(struct walk *w, struct tally *tally, const struct key *at, struct page *page)
{
	struct buf *list = &w->txn->env->list;
	int rc;

	for (rc = walk_from(w, at); rc == 0; rc = walk_next(w)) {
		page->end = count(tally, w->value.len);
		if (page->end != PAGE_WHOLE) {
			page->next = message_seq(w->key);
			break;
		}
		must(wire_list_add(list, w->value) == 0);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
page_forwards(struct txn *t, const struct id *conversation, uint64_t from,
    struct page_bounds most, struct page *page)
{
	struct key front = key_id(conversation), at = key_message(conversation, from);
	struct tally tally = {.most = most};
	struct walk w;
	int rc;

	*page = (struct page){.end = PAGE_WHOLE};
	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_MESSAGES, &front);
	if (rc == 0)
		rc = gather_forwards(&w, &tally, &at, page);
	walk_close(&w);
	return rc;
}

/* Walks back, noting what belongs to the page, newest first. */
static int
look_back(struct walk *w, struct tally *tally, const struct key *end, bool with_text,
    struct slice *found, struct page *page)
{
	uint32_t skipped = 0;
	int rc;

	for (rc = walk_before(w, end); rc == 0; rc = walk_previous(w)) {
		if (with_text && w->value.len == EMPTY_MESSAGE_LEN) {
			if (++skipped > SKIP_MAX)
				return 0;
			continue;
		}
		page->end = count(tally, w->value.len);
		if (page->end != PAGE_WHOLE)
			break;
		page->next = message_seq(w->key);
		found[tally->n - 1] = w->value;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
page_backwards(struct txn *t, const struct id *conversation, uint64_t before,
    struct page_bounds most, bool with_text, struct page *page)
{
	struct key front = key_id(conversation), at = key_message(conversation, before);
	struct slice found[PAGE_MESSAGES];
	struct tally tally = {.most = most};
	struct walk w;
	int rc;

	must(most.messages <= PAGE_MESSAGES && most.bytes <= PAGE_BYTES);
	*page = (struct page){.end = PAGE_WHOLE};
	buf_reset(&t->env->list);
	rc = walk_open(&w, t, TABLE_MESSAGES, &front);
	if (rc == 0)
		rc = look_back(&w, &tally, &at, with_text, found, page);
	walk_close(&w);
	if (rc == 0)
		for (size_t i = tally.n; i > 0; i--)
			must(wire_list_add(&t->env->list, found[i - 1]) == 0);
	return rc;
}
