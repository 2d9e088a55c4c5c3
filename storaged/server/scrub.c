/*
 * A step reads entries from the key where the last one ended, so changes in between do no harm. It ends only
 * at an intact entry: a damaged key may be anywhere in the order, or longer than any key. If two pages lead to
 * the same one, the intact keys are not in order.
 */
#include "storaged/server/scrub.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/conversations/label_recount.h"
#include "storaged/engine/page_tree.h"
#include "storaged/engine/totals.h"
#include "storaged/engine/txn.h"

/* The limits of a step: how much it reads, and how long requests may have to wait for it. */
#define STEP_BYTES ((size_t)1 << 20)
#define STEP_MS    5u

/* So many damaged entries in a row are like a damaged page. */
#define DAMAGED_MAX 10000u

/* A step is made after so many calls even if there are requests all the time. */
#define SKIPS_MAX 9u

static void
scrub_start(struct scrub *s)
{
	s->running = true;
	s->table = 0;
	s->at = (struct key){0};
	s->entries = s->damaged = 0;
}

static void
scrub_finish(struct scrub *s)
{
	s->running = false;
	s->done_at = clock_wall_ms();
	s->done_entries = s->entries;
	s->done_damaged = s->damaged;
	log_event(s->damaged > 0 ? LOG_ERROR : LOG_INFO, "scrub_done",
	    L_UINT("entries", s->entries), L_UINT("damaged", s->damaged),
	    L_STR("help", s->damaged > 0 ? "run banter verify, and restore a backup" : NULL));
}

/* The pages that lead to the page of the current entry. */
struct scrub_path {
	struct page_tree tree;
	uintptr_t page; /* the last one whose path was checked, in memory */
};

static bool
scrub_is_behind(struct slice key, const struct key *at)
{
	size_t len = key.len < at->len ? key.len : at->len;
	int order = len == 0 ? 0 : memcmp(key.p, at->b, len);

	return order > 0 || (order == 0 && key.len > at->len);
}

/* Checks the place of the current entry. 0, MDB_CORRUPTED after a report, or errno. */
static int
scrub_check_place(const struct scrub *s, const struct walk *w, struct scrub_path *path)
{
	uintptr_t page = (uintptr_t)w->key.p / path->tree.page_size;
	int rc = 0;

	if (page != path->page)
		rc = page_tree_check_path(&path->tree, w->table, w->key);
	path->page = page;
	if (rc == 0 && !w->damaged && !scrub_is_behind(w->key, &s->at))
		rc = MDB_CORRUPTED;
	if (rc == MDB_CORRUPTED)
		env_found_damage(w->txn->env, page_tree_damage);
	return rc;
}

static void
scrub_count(struct scrub *s, const struct walk *w)
{
	s->entries++;
	s->damaged += w->damaged;
	s->totals_damaged |= w->damaged && w->table == TABLE_TOTALS;
	s->labels_damaged |= w->damaged && w->table == TABLE_LABEL_COUNTS;
	if (!w->damaged)
		s->at = key_of(w->key);
}

/* Checks entries from s->at on. MDB_NOTFOUND: the table ends. */
static int
scrub_read(struct scrub *s, struct walk *w, struct scrub_path *path, uint64_t deadline)
{
	size_t bytes = 0;
	unsigned damaged = 0; /* in a row */
	bool may_end = false;
	int rc = walk_from(w, &s->at);

	/* It was checked in the last step. */
	if (rc == 0 && s->at.len > 0 && slice_eq(w->key, key_slice(&s->at)))
		rc = walk_next(w);
	while (rc == 0 && !may_end) {
		rc = scrub_check_place(s, w, path);
		if (rc != 0)
			return rc;
		bytes += w->key.len + w->value.len;
		scrub_count(s, w);
		damaged = w->damaged ? damaged + 1 : 0;
		if (damaged > DAMAGED_MAX)
			return MDB_CORRUPTED;
		may_end = damaged == 0 && (bytes >= STEP_BYTES || clock_mono_ms() >= deadline);
		rc = walk_next(w);
	}
	return rc;
}

static int
scrub_read_in_txn(struct scrub *s, struct env *env, uint64_t deadline)
{
	const struct key all = {0};
	struct txn t;
	struct walk w = {0};
	struct scrub_path path = {.page = 0};
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = page_tree_open(&path.tree, env->mdb, mdb_txn_id(t.mdb), NULL, NULL);
	if (rc == MDB_CORRUPTED)
		env_found_main_damage(env);
	if (rc == 0)
		rc = walk_open(&w, &t, (enum table)s->table, &all);
	if (rc == 0)
		rc = scrub_read(s, &w, &path, deadline);
	walk_close(&w);
	page_tree_close(&path.tree);
	txn_abort(&t);
	return rc;
}

/* Continues with the next table, also behind a damaged page, which txn.h reports. */
static void
scrub_end_table(struct scrub *s, int rc)
{
	s->damaged += rc != MDB_NOTFOUND;
	s->at = (struct key){0};
	if (++s->table == TABLES)
		scrub_finish(s);
}

/* Whether to leave the time to requests. */
static bool
scrub_yields(struct scrub *s, uint64_t requests)
{
	bool idle = requests == s->requests;

	s->requests = requests;
	s->skipped = idle || s->skipped == SKIPS_MAX ? 0 : s->skipped + 1;
	return s->skipped > 0;
}

uint64_t
scrub_step(struct env *env, uint64_t requests)
{
	struct scrub *s = &env->scrub;
	uint64_t deadline = clock_mono_ms() + STEP_MS;
	int rc;

	if (!s->running)
		scrub_start(s);
	if (scrub_yields(s, requests))
		return SCRUB_STEP_MS;
	/* Small tables share a step. */
	do {
		rc = scrub_read_in_txn(s, env, deadline);
		if (rc != 0)
			scrub_end_table(s, rc);
	} while (s->running && rc != 0 && clock_mono_ms() < deadline);
	if (s->totals_damaged)
		totals_repair(env);
	if (s->labels_damaged)
		label_recount(env);
	s->totals_damaged = s->labels_damaged = false;
	return s->running ? SCRUB_STEP_MS : s->interval_ms;
}
