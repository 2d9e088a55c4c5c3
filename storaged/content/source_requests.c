/*
 * crawld writes how far it is, owners what they ask of it, the store what it counts: each replaces only its own
 * fields of a state.
 */
#include "storaged/content/source_requests.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "storaged/changes/changes.h"
#include "storaged/content/sources.h"

/* Adds the source where the walk stands; *fits: whether the list had room. */
static int
source_crawl_add(struct walk *w, struct buf *scratch, bool *fits)
{
	struct buf *list = &w->txn->env->list;
	struct msg_crawl_source item = {.source = w->value};
	struct msg_source_record source;
	struct key key = key_of(w->key);
	int rc = record_read(w->value, TABLE_SOURCES, &source);

	if (rc == 0)
		rc = txn_get(w->txn, TABLE_SOURCE_STATES, &key, &item.state);
	if (rc != 0) /* the others must be crawled */
		return txn_survives(rc) ? 0 : rc;
	buf_reset(scratch);
	must(record_encode(scratch, MSG_CRAWL_SOURCE, &item) == 0);
	*fits = buf_len(list) + 4 + buf_len(scratch) <= SOURCE_LIST_BYTES;
	if (*fits)
		must(wire_list_add(list, buf_slice(scratch)) == 0);
	return 0;
}

/* Fills the list with sources from behind the cursor; *next: the last one, if there are more. */
static int
source_crawl_fill(struct txn *t, struct slice cursor, struct key *next)
{
	const struct key all = {0};
	struct key at = key_of(cursor), last = {0};
	struct buf scratch;
	bool fits = true;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SOURCES, &all);

	buf_init(&scratch, WIRE_PAYLOAD_MAX);
	if (rc == 0)
		rc = walk_from(&w, &at);
	if (rc == 0 && cursor.len > 0 && slice_eq(w.key, cursor))
		rc = walk_next(&w);
	while (rc == 0) {
		rc = source_crawl_add(&w, &scratch, &fits);
		if (rc != 0 || !fits)
			break;
		last = key_of(w.key);
		rc = walk_next(&w);
	}
	walk_close(&w);
	buf_clear(&scratch);
	if (!fits)
		*next = last;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_crawl_read(struct txn *t, struct call *c)
{
	const struct msg_crawl_read *m = &c->m->crawl_read;
	struct msg_crawl_page page = {0};
	struct key next = {0};
	int rc;

	buf_reset(&t->env->list);
	rc = source_crawl_fill(t, m->cursor, &next);
	if (rc != 0)
		return rc;
	page.sources = buf_slice(&t->env->list);
	page.next = key_slice(&next);
	if (m->follow)
		call_follow_sources(c);
	call_answer(c, MSG_CRAWL_PAGE, &page);
	return 0;
}

/* Stores a state, and adds its change, unless it is stored already. */
static int
source_state_store(struct txn *t, const struct msg_source_state_record *r)
{
	struct key key = key_of_org(&r->org, &r->source);
	struct slice stored;
	int rc = txn_get(t, TABLE_SOURCE_STATES, &key, &stored);

	if (rc == 0 && record_equals(t, TABLE_SOURCE_STATES, r, stored))
		return 0;
	if (rc == 0)
		rc = txn_put_record(t, TABLE_SOURCE_STATES, &key, r);
	return rc != 0 ? rc
		       : change_add(t, &r->org, CHANGE_SOURCE, &r->source, NULL, CHANGE_STATE);
}

/* The stored state of a source that exists. */
static int
source_state_need(struct txn *t, struct call *c, const struct id *org, const struct id *source,
    struct msg_source_state_record *r)
{
	struct msg_source_record record;
	int rc = source_need(t, c, org, source, &record);

	if (rc == 0)
		rc = source_find_state(t, org, source, r);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
handle_source_state_put(struct txn *t, struct call *c)
{
	struct msg_source_state_record r, stored;
	int rc;

	if (record_decode(c->m->source_state_put.state, MSG_SOURCE_STATE_RECORD, &r) !=
		WIRE_OK ||
	    r.v != RECORD_VERSION)
		return call_refuse(c, STORE_INVALID, "the state is invalid");
	rc = source_state_need(t, c, &r.org, &r.source, &stored);
	if (rc != 0)
		return rc;
	r.asked_at = stored.asked_at;
	r.allowed_at = stored.allowed_at;
	r.refused_at = stored.refused_at;
	r.waiting = stored.waiting;
	r.read = stored.read;
	r.unread = stored.unread;
	r.chunks = stored.chunks;
	r.bytes = stored.bytes;
	rc = source_state_store(t, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_source_ask(struct txn *t, struct call *c)
{
	const struct msg_source_ask *m = &c->m->source_ask;
	struct msg_source_state_record r;
	int rc;

	if (m->ask != ASK_CRAWL && m->ask != ASK_REMOVE && m->ask != ASK_KEEP)
		return call_refuse(c, STORE_INVALID, "unknown request of a source");
	rc = source_state_need(t, c, &m->org, &m->source, &r);
	if (rc != 0)
		return rc;
	if (m->ask == ASK_CRAWL)
		r.asked_at = source_state_after(&r);
	else if (m->ask == ASK_REMOVE)
		r.allowed_at = source_state_after(&r);
	else
		r.refused_at = source_state_after(&r);
	rc = source_state_store(t, &r);
	if (rc == 0) {
		call_change_sources(c);
		call_ok(c);
	}
	return rc;
}

/* Adds the state of one source, or of none. */
static int
source_state_list_one(struct txn *t, const struct id *org, const struct id *source)
{
	struct key key = key_of_org(org, source);
	struct msg_source_record record;
	struct slice state;
	int rc = source_find(t, org, source, &record);

	if (rc == 0)
		rc = txn_get(t, TABLE_SOURCE_STATES, &key, &state);
	if (rc == 0)
		must(wire_list_add(&t->env->list, state) == 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Adds the states of all sources of an organization. There are at most SOURCES_OF_ORG_MAX sources. */
static int
source_state_list_all(struct txn *t, const struct id *org)
{
	struct key front = key_id(org);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SOURCES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && key_fits(TABLE_SOURCES, w.key)) {
		struct id source = key_back(w.key);

		if (buf_len(&t->env->list) > SOURCE_LIST_BYTES)
			break;
		rc = source_state_list_one(t, org, &source);
		if (rc == 0 || txn_survives(rc))
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int
handle_source_state_list(struct txn *t, struct call *c)
{
	const struct msg_source_state_list *m = &c->m->source_state_list;
	struct msg_source_states answer = {0};
	int rc;

	buf_reset(&t->env->list);
	rc = id_is_zero(&m->source) ? source_state_list_all(t, &m->org)
				    : source_state_list_one(t, &m->org, &m->source);
	if (rc != 0)
		return rc;
	answer.states = buf_slice(&t->env->list);
	call_answer(c, MSG_SOURCE_STATES, &answer);
	return 0;
}
