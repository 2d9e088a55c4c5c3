/*
 * One walk for all lists.
 */
#include "storaged/request/listing.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "storaged/request/list_page.h"

struct listing
listing_of(enum table table, const struct id *org, const struct id *after, uint32_t limit)
{
	struct listing l = {.table = table, .front = key_id(org), .limit = limit};

	if (!id_is_zero(after))
		l.after = key_of_org(org, after);
	return l;
}

struct listing
listing_of_newest(
    enum table table, const struct id *org, const struct id *before, uint32_t limit)
{
	static const struct id greatest = {{[0 ... 15] = 0xff}};
	struct listing l =
	    listing_of(table, org, id_is_zero(before) ? &greatest : before, limit);

	l.newest_first = true;
	return l;
}

static int
listing_go_first(struct walk *w, const struct listing *l)
{
	int rc;

	if (l->newest_first)
		return walk_before(w, &l->after);
	rc = walk_from(w, l->after.len > 0 ? &l->after : &l->front);
	if (rc == 0 && l->after.len > 0 && slice_eq(w->key, key_slice(&l->after)))
		rc = walk_next(w);
	return rc;
}

static int
listing_go_on(struct walk *w, const struct listing *l)
{
	return l->newest_first ? walk_previous(w) : walk_next(w);
}

/* Adds the current item; *fits: whether the page had room for it. */
static int
listing_add(struct walk *w, const struct listing *l, bool *fits)
{
	struct buf *list = &w->txn->env->list;
	struct slice item = w->value;
	union msg record;
	int rc = 0;

	if (l->item != NULL)
		rc = l->item(w->txn, w->value, &item);
	else if (table_record(l->table) != 0)
		rc = record_read(w->value, l->table, &record);
	if (rc != 0)
		return rc;
	*fits = buf_len(list) == 0 || buf_len(list) + 4 + item.len <= PAGE_BYTES;
	if (*fits)
		must(wire_list_add(list, item) == 0);
	return 0;
}

static int
listing_fill(struct walk *w, const struct listing *l, struct id *next)
{
	const uint32_t most = call_limit(l->limit, LISTING_MAX);
	struct id last = {0};
	int rc = listing_go_first(w, l);

	for (uint32_t n = 0, looked = 0; rc == 0; looked++) {
		const bool shown = l->shows == NULL || l->shows(w->value);
		bool fits = !shown;

		if (l->looks > 0 && looked >= l->looks)
			fits = false;
		else if (shown && n++ < most)
			rc = listing_add(w, l, &fits);
		if (rc == 0 && !fits) {
			*next = last;
			return 0;
		}
		if (rc != 0)
			return rc;
		last = key_back(w->key);
		rc = listing_go_on(w, l);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

_Static_assert(offsetof(struct msg_key_page, keys) == 0, "a list");

int
listing_answer(struct txn *t, struct call *c, const struct listing *l, enum msg_type type)
{
	struct list_page page = {0};
	struct walk w;
	int rc;

	buf_reset(&t->env->list);
	rc = walk_open(&w, t, l->table, &l->front);
	if (rc == 0)
		rc = listing_fill(&w, l, &page.next);
	walk_close(&w);
	page.items = buf_slice(&t->env->list);
	if (rc == 0)
		call_answer(c, type, &page);
	return rc;
}

void
listing_answer_one(struct txn *t, struct call *c, struct slice record, enum msg_type type)
{
	struct list_page page = {0};

	buf_reset(&t->env->list);
	if (record.len > 0)
		must(wire_list_add(&t->env->list, record) == 0);
	page.items = buf_slice(&t->env->list);
	call_answer(c, type, &page);
}

int
listing_check_room(struct txn *t, struct call *c, enum table table, const struct id *org,
    size_t most, const char *why)
{
	struct key front = key_id(org);
	struct walk w;
	size_t n = 0;
	int rc = walk_open(&w, t, table, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	for (; rc == 0 && n < most; n++)
		rc = walk_next(&w);
	walk_close(&w);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	return n >= most ? call_refuse(c, STORE_LIMIT, why) : 0;
}
