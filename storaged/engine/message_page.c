/*
 * Pages of messages, forwards and backwards.
 */
#include "storaged/engine/message_page.h"

#include <string.h>

#include "proto/base/basics.h"

/* Bytes of a MESSAGE_RECORD before its role: v and id. */
#define ROLE_AT 17u

/* Bytes of a MESSAGE_RECORD before its text: v, id, role, status, created_at and both numbers of tokens. */
#define TEXT_AT 35u

bool
message_has_text(struct slice record)
{
	static const uint8_t empty[4]; /* the length of the text (proto/ipc/wire.h) */

	struct msg_message_record message;

	if (record.len > TEXT_AT + sizeof(empty) &&
	    memcmp(record.p + TEXT_AT, empty, sizeof(empty)) != 0)
		return true;
	return record_decode(record, MSG_MESSAGE_RECORD, &message) == WIRE_OK &&
	    message.files.len > 0;
}

int
message_role_of(struct slice record)
{
	return record.len > ROLE_AT && record.p[ROLE_AT] <= MESSAGE_OPERATOR ? record.p[ROLE_AT]
									     : -1;
}

/* The most messages without text that are skipped on the way back. */
#define SKIP_MAX 1000u

/* The size of a page so far. */
struct message_page_tally {
	struct message_page_bounds most;
	uint32_t n;
	size_t bytes;
};

/* Counts a message of so many bytes; MESSAGE_PAGE_ALL if it still belongs to the page. */
static enum message_page_end
message_page_count(struct message_page_tally *tally, size_t bytes)
{
	if (tally->n == tally->most.messages)
		return MESSAGE_PAGE_LIMIT;
	if (tally->n > 0 && tally->bytes + 4 + bytes > tally->most.bytes)
		return MESSAGE_PAGE_BYTES;
	tally->n++;
	tally->bytes += 4 + bytes;
	return MESSAGE_PAGE_ALL;
}

static void
message_page_reset(struct txn *t)
{
	buf_reset(&t->env->list);
	buf_reset(&t->env->places);
}

static void
message_page_add(struct txn *t, struct slice record, uint64_t seq)
{
	const struct msg_message_place place = {.seq = seq};

	must(wire_list_add(&t->env->list, record) == 0);
	must(record_add(&t->env->places, MSG_MESSAGE_PLACE, &place) == 0);
}

static int
message_page_gather_forwards(struct walk *w, struct message_page_tally *tally,
    const struct key *at, struct message_page *page)
{
	int rc;

	for (rc = walk_from(w, at); rc == 0; rc = walk_next(w)) {
		if (tally->most.end != 0 && message_seq(w->key) >= tally->most.end)
			break;
		if (w->damaged)
			continue;
		page->end = message_page_count(tally, w->value.len);
		if (page->end != MESSAGE_PAGE_ALL) {
			page->next = message_seq(w->key);
			break;
		}
		message_page_add(w->txn, w->value, message_seq(w->key));
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
message_page_forwards(struct txn *t, const struct id *conversation, uint64_t from,
    struct message_page_bounds most, struct message_page *page)
{
	struct key front = key_id(conversation), at = key_message(conversation, from);
	struct message_page_tally tally = {.most = most};
	struct walk w;
	int rc;

	*page = (struct message_page){.end = MESSAGE_PAGE_ALL};
	message_page_reset(t);
	rc = walk_open(&w, t, TABLE_MESSAGES, &front);
	if (rc == 0)
		rc = message_page_gather_forwards(&w, &tally, &at, page);
	walk_close(&w);
	return rc;
}

struct found_message {
	struct slice record;
	uint64_t seq;
};

/* Collects the messages of the page, newest first. */
static int
message_page_gather_backwards(struct walk *w, struct message_page_tally *tally,
    const struct key *end, bool with_text, struct found_message *found,
    struct message_page *page)
{
	uint32_t skipped = 0;
	int rc;

	for (rc = walk_before(w, end); rc == 0; rc = walk_previous(w)) {
		if (w->damaged || (with_text && !message_has_text(w->value))) {
			if (++skipped > SKIP_MAX)
				return 0;
			continue;
		}
		page->end = message_page_count(tally, w->value.len);
		if (page->end != MESSAGE_PAGE_ALL)
			break;
		page->next = message_seq(w->key);
		found[tally->n - 1] = (struct found_message){w->value, page->next};
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
message_page_backwards(struct txn *t, const struct id *conversation, uint64_t before,
    struct message_page_bounds most, bool with_text, struct message_page *page)
{
	struct key front = key_id(conversation), at = key_message(conversation, before);
	struct found_message found[MESSAGE_PAGE_MAX];
	struct message_page_tally tally = {.most = most};
	struct walk w;
	int rc;

	must(most.messages <= MESSAGE_PAGE_MAX && most.bytes <= PAGE_BYTES);
	*page = (struct message_page){.end = MESSAGE_PAGE_ALL};
	message_page_reset(t);
	rc = walk_open(&w, t, TABLE_MESSAGES, &front);
	if (rc == 0)
		rc = message_page_gather_backwards(&w, &tally, &at, with_text, found, page);
	walk_close(&w);
	if (rc == 0)
		for (size_t i = tally.n; i > 0; i--)
			message_page_add(t, found[i - 1].record, found[i - 1].seq);
	return rc;
}
