/*
 * Exports the entries of a table. Where a page of the file is damaged, continues behind it.
 */
#include <inttypes.h>
#include <string.h>

#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/export/export.h"

bool
export_is_page_error(int rc)
{
	return rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND;
}

int
export_renew(struct export *e, int damage)
{
	size_t snapshot = mdb_txn_id(e->txn.mdb);
	struct env *env = e->txn.env;
	int rc;

	txn_abort(&e->txn);
	rc = txn_begin(&e->txn, env, TXN_READ);
	if (rc != 0 || mdb_txn_id(e->txn.mdb) == snapshot)
		return rc;
	console_warn("stop storaged and export again to save more");
	return damage;
}

/* Continues after a conversation with a damaged page. */
static int
export_skip_conversation(struct export *e, struct walk *w, int damage)
{
	struct key at = key_of(w->key), all = {0};
	struct id id = key_front(w->key);
	char text[ID_TEXT_LEN + 1];
	int rc;

	id_format(&id, text);
	export_damaged(e, "a part of conversation %s", text);
	walk_close(w);
	rc = export_renew(e, damage);
	if (rc != 0)
		return rc;
	rc = walk_open(w, &e->txn, TABLE_CONVERSATIONS, &all);
	return rc != 0 ? rc : walk_from(w, &at);
}

/* Whether a key comes after another one in LMDB's order. */
static bool
export_is_behind(struct slice key, const struct key *other)
{
	size_t n = key.len < other->len ? key.len : other->len;
	int order = memcmp(key.p, other->b, n);

	return order > 0 || (order == 0 && key.len > other->len);
}

/* The keys where the two ways through a table with a damaged page ended. */
struct export_gap {
	struct key forward, backward;
};

/* Exports the entries of a table from where the walk stands, whose error so far is rc: forward, or
 * backward to the last key that was exported forward. */
static int
export_entries(struct export *e, struct walk *w, int rc, export_fn *each, bool forward,
    struct export_gap *gap)
{
	uint64_t done = 0;
	size_t total = 0;

	if (rc == 0)
		rc = txn_count(&e->txn, w->table, &total);
	while (rc == 0 && (forward || export_is_behind(w->key, &gap->forward))) {
		if (progress_due())
			progress_show(
			    "%s: %" PRIu64 " of %zu", table_name(w->table), done, total);
		*(forward ? &gap->forward : &gap->backward) = key_of(w->key);
		rc = each(e, w->key, w->value);
		if (w->table == TABLE_CONVERSATIONS && export_is_page_error(rc))
			rc = export_skip_conversation(e, w, rc);
		done++;
		if (rc == 0)
			rc = forward ? walk_next(w) : walk_previous(w);
	}
	walk_close(w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The conversation at whose key a way ended. */
static struct id
export_gap_end(const struct key *key)
{
	struct id id = {{0}};

	memcpy(id.b, key->b, key->len < sizeof(id.b) ? key->len : sizeof(id.b));
	return id;
}

/* Exports conversations whose records lie on a damaged page, with records made again. */
static int
export_gap_conversations(struct export *e, const struct export_gap *gap)
{
	struct id at = export_gap_end(&gap->forward), end = export_gap_end(&gap->backward);
	int rc;

	for (;;) {
		struct id before = at;

		rc = export_lost_conversations(e, &at, &end);
		if (!export_is_page_error(rc))
			return rc;
		export_damaged(e, "a part of messages");
		rc = export_renew(e, rc);
		if (rc != 0 || id_equal(&before, &at))
			return rc;
	}
}

/* A page of the table is damaged: exports the entries behind it, from the last one backward. */
static int
export_behind_damage(
    struct export *e, enum table table, export_fn *each, struct export_gap *gap, int damage)
{
	const struct key all = {0};
	struct key end = {.len = sizeof(end.b)};
	struct walk w;
	int rc;

	export_damaged(e, "a part of %s", table_name(table));
	rc = export_renew(e, damage);
	if (rc == 0)
		rc = walk_open(&w, &e->txn, table, &all);
	if (rc != 0)
		return rc;
	memset(end.b, 0xff, sizeof(end.b));
	gap->backward = end;
	rc = export_entries(e, &w, walk_before(&w, &end), each, false, gap);
	if (export_is_page_error(rc))
		rc = export_renew(e, rc);
	return rc == 0 && table == TABLE_CONVERSATIONS ? export_gap_conversations(e, gap) : rc;
}

int
export_table(struct export *e, enum table table, export_fn *each)
{
	const struct key all = {0};
	struct export_gap gap = {0};
	struct walk w;
	int rc = walk_open(&w, &e->txn, table, &all);

	if (rc != 0)
		return rc;
	rc = export_entries(e, &w, walk_from(&w, &all), each, true, &gap);
	return export_is_page_error(rc) ? export_behind_damage(e, table, each, &gap, rc) : rc;
}
