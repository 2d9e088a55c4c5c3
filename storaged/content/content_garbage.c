/*
 * The steps. Each removes whole pages until it has removed some hundred entries.
 */
#include "storaged/content/content_garbage.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/content/source_pages.h"
#include "storaged/content/upload_records.h"

/* Entries of a step; it ends with the page that reaches them. */
#define STEP_ENTRIES      512u
#define STEP_ENTRIES_FULL 1u /* in a full store */

/* Sources that a step looks at. */
#define STEP_LOOKS 1000u

/* The first page of a source. A damaged record has only its key. */
static int
content_first_page(struct txn *t, const struct id *org, const struct id *source,
    struct key *key, struct msg_source_page_record *r)
{
	struct key front = key_of_org(org, source);
	int rc = txn_first(t, TABLE_SOURCE_PAGES, &front, key);

	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_SOURCE_PAGES, key, r);
	if (rc != RECORD_DAMAGED)
		return rc;
	*r = (struct msg_source_page_record){.org = *org, .source = *source, .chunks = 1};
	r->id = key_back(key_slice(key));
	return 0;
}

int
content_remove_source(
    struct txn *t, const struct id *org, const struct id *source, unsigned most, bool *left)
{
	struct key state = key_of_org(org, source), key;
	struct msg_source_page_record page;
	size_t removed = 0;
	int rc = 0;

	while (rc == 0 && removed < most) {
		rc = content_first_page(t, org, source, &key, &page);
		if (rc == 0)
			rc = source_page_drop(t, &page, &removed);
	}
	*left = rc == 0;
	if (rc != MDB_NOTFOUND)
		return rc;
	/* Entries of damaged pages. */
	rc = txn_del_all(t, TABLE_SOURCE_PAGES_BY_URL, &state);
	return rc != 0 ? rc : txn_del(t, TABLE_SOURCE_STATES, &state);
}

/* Looks for the state of a source that does not exist, from *at on. *at becomes its key, or where to go on. MDB_NOTFOUND:
 * there is none. */
static int
content_find_removed(struct txn *t, struct key *at, bool *found)
{
	const struct key all = {0};
	struct walk w;
	struct slice record;
	int rc = walk_open(&w, t, TABLE_SOURCE_STATES, &all);

	*found = false;
	if (rc == 0)
		rc = walk_from(&w, at);
	for (unsigned n = 0; rc == 0; n++) {
		int source;

		*at = key_of(w.key);
		if (n == STEP_LOOKS)
			break;
		source = txn_get(t, TABLE_SOURCES, at, &record);
		*found = source == MDB_NOTFOUND && key_fits(TABLE_SOURCE_STATES, w.key);
		if (*found)
			break;
		rc = source != 0 && !txn_survives(source) ? source : walk_next(&w);
	}
	walk_close(&w);
	return rc;
}

/* Removes something of a removed source. MDB_NOTFOUND: there is none. */
static int
content_remove_some(struct txn *t, unsigned most, struct key *at)
{
	struct id org, source;
	bool found, left;
	int rc = content_find_removed(t, at, &found);

	if (rc != 0 || !found)
		return rc;
	org_key_parts(key_slice(at), &org, &source);
	return content_remove_source(t, &org, &source, most, &left);
}

/* A step within a transaction. *g replaces env->content once it is committed. */
static int
content_garbage_run(struct txn *t, unsigned most, struct content_garbage *g)
{
	size_t removed = 0;
	int rc;

	if (!g->sources_clean) {
		rc = content_remove_some(t, most, &g->sources_at);
		g->sources_clean = rc == MDB_NOTFOUND;
		return rc == MDB_NOTFOUND ? 0 : rc;
	}
	rc = upload_sweep(t, clock_wall_ms(), &g->uploads_at, &removed);
	g->uploads_clean = rc == 0 && g->uploads_at.len == 0;
	return rc;
}

static int
content_garbage_try(
    struct env *env, enum txn_mode mode, unsigned most, struct content_garbage *g)
{
	struct txn t;
	int rc = txn_begin(&t, env, mode);

	if (rc != 0)
		return rc;
	rc = content_garbage_run(&t, most, g);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

void
content_garbage_start(struct env *env)
{
	env->content.uploads_clean = false;
	env->content.paused = false;
}

bool
content_garbage_step(struct env *env)
{
	struct content_garbage g = env->content;
	int rc;

	if (g.paused || env->damage != NULL || (g.sources_clean && g.uploads_clean))
		return false;
	rc = content_garbage_try(env, TXN_WRITE, STEP_ENTRIES, &g);
	/* On a full disk a small step may fit, and frees some space. */
	if (env_is_full_error(rc)) {
		g = env->content;
		rc = content_garbage_try(env, TXN_DELETE, STEP_ENTRIES_FULL, &g);
	}
	if (rc == 0) {
		env->content = g;
		return !g.sources_clean || !g.uploads_clean;
	}
	/* Tried again with the next maintenance. */
	env->content.paused = true;
	if (!env_is_full_error(rc))
		env_work_failed("content_not_removed", rc, NULL);
	return false;
}
