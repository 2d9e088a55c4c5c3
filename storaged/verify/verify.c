/*
 * Runs the parts of the check, and the walks that they share. Memory holds only the positions of
 * the walks: related entries are looked up, or walked in the same order.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/engine/env_tables.h"
#include "storaged/engine/garbage.h"

/* Entries between two progress reports. */
#define PROGRESS_ENTRIES 8192

#define LINE_MAX_BYTES 512

/* Bytes shown of a key with an invalid length. */
#define KEY_SHOWN 40

void
verify_progress(struct checker *c)
{
	const struct verify *how = c->how;

	if (++c->result->entries % PROGRESS_ENTRIES == 0 && how->progress != NULL)
		how->progress(how->arg, c->result->entries);
}

void
verify_found(struct checker *c, enum table table, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	c->result->broken++;
	c->how->found(c->how->arg, table, line);
}

static void
verify_say_nothing(void *arg, enum table table, const char *what)
{
	(void)arg;
	(void)table;
	(void)what;
}

struct checker
verify_quietly(const struct checker *c, struct verify_result *unused)
{
	static const struct verify mute = {.found = verify_say_nothing};

	*unused = (struct verify_result){0};
	return (struct checker){.txn = c->txn, .how = &mute, .result = unused};
}

struct id_text
verify_id_text(const struct id *id)
{
	struct id_text text = {0};

	id_format(id, text.s);
	return text;
}

struct name_text
verify_name_text(struct slice name)
{
	struct name_text text = {0};

	for (size_t i = 0; i < name.len && i < sizeof(text.s) - 1; i++)
		text.s[i] = name.p[i] >= ' ' && name.p[i] < 0x7f ? (char)name.p[i] : '?';
	return text;
}

struct key_text {
	char s[2 * KEY_SHOWN + sizeof("...")];
};

static struct key_text
verify_key_text(struct slice key)
{
	struct key_text text = {""};
	size_t shown = key.len < KEY_SHOWN ? key.len : KEY_SHOWN;

	for (size_t i = 0; i < shown; i++)
		(void)snprintf(text.s + 2 * i, 3, "%02x", key.p[i]);
	if (shown < key.len)
		memcpy(text.s + 2 * shown, "...", sizeof("..."));
	return text;
}

static void
verify_found_misfit(struct checker *c, enum table table, struct slice key)
{
	verify_found(c, table, "a key has an invalid length of %zu bytes: %s", key.len,
	    verify_key_text(key).s);
}

/* Reports the current entry if its checksum is wrong. */
static void
verify_checksum(struct checker *c, const struct walk *w)
{
	if (w->damaged)
		verify_found(
		    c, w->table, "wrong checksum of entry %s", verify_key_text(w->key).s);
}

/* Reports where a walk failed. */
static void
verify_found_unreadable(struct checker *c, const struct walk *w, int rc)
{
	if (rc == 0 || rc == MDB_NOTFOUND)
		return;
	verify_found(c, w->table, "cannot be read behind key %s: %s",
	    w->key.len == 0 ? "0" : verify_key_text(w->key).s, env_strerror(rc));
}

bool
verify_record(
    struct checker *c, enum table table, const char *what, struct slice value, void *record)
{
	enum wire_result r = record_decode(value, table_record(table), record);

	if (r != WIRE_OK)
		verify_found(c, table, "%s does not decode: %s", what, wire_result_name(r));
	else if (value.p[0] != RECORD_VERSION)
		verify_found(
		    c, table, "%s is of version %u, not %u", what, value.p[0], RECORD_VERSION);
	return r == WIRE_OK && value.p[0] == RECORD_VERSION;
}

bool
verify_has(struct checker *c, enum table table, const struct key *key, int *rc)
{
	struct slice value;

	*rc = txn_get(c->txn, table, key, &value);
	if (*rc != MDB_NOTFOUND)
		return *rc == 0;
	*rc = 0;
	return false;
}

int
verify_table(struct checker *c, enum table table, verify_entry_fn *entry, void *arg)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, c->txn, table, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	while (rc == 0) {
		int broken = 0;

		verify_progress(c);
		verify_checksum(c, &w);
		if (key_fits(table, w.key))
			broken = entry(c, w.key, w.value, arg);
		else
			verify_found_misfit(c, table, w.key);
		if (broken != 0) {
			walk_close(&w);
			return broken;
		}
		rc = walk_next(&w);
	}
	verify_found_unreadable(c, &w, rc);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Skips keys without a valid parent id. */
static void
verify_skip_misfits(struct children *ch)
{
	for (; ch->rc == 0; ch->rc = walk_next(&ch->walk)) {
		verify_progress(ch->c);
		verify_checksum(ch->c, &ch->walk);
		if (key_fits(ch->table, ch->walk.key))
			return;
		verify_found_misfit(ch->c, ch->table, ch->walk.key);
	}
}

void
verify_children_open(
    struct children *ch, struct checker *c, enum table table, const char *orphans)
{
	const struct key all = {0};

	*ch = (struct children){.c = c, .table = table, .orphans = orphans};
	ch->rc = walk_open(&ch->walk, c->txn, table, &all);
	if (ch->rc == 0)
		ch->rc = walk_from(&ch->walk, &all);
	verify_skip_misfits(ch);
}

void
verify_children_next(struct children *ch)
{
	ch->rc = walk_next(&ch->walk);
	verify_skip_misfits(ch);
}

bool
verify_children_at(const struct children *ch, const struct id *parent)
{
	struct id front;

	if (ch->rc != 0)
		return false;
	front = key_front(ch->walk.key);
	return id_equal(&front, parent);
}

void
verify_children_seek(struct children *ch, const struct id *parent)
{
	while (ch->rc == 0) {
		struct id front = key_front(ch->walk.key);
		unsigned long long n = 0;
		int rc = 0;

		if (parent != NULL && memcmp(front.b, parent->b, sizeof(front.b)) >= 0)
			return;
		for (; verify_children_at(ch, &front); verify_children_next(ch))
			n++;
		if (ch->rc != 0 && ch->rc != MDB_NOTFOUND)
			return;
		if (ch->table == TABLE_MESSAGES && verify_was_erased(ch->c, &front, &rc))
			continue;
		if (rc != 0)
			ch->rc = rc;
		else
			verify_found(ch->c, ch->table, "%llu %s %s, which does not exist", n,
			    ch->orphans, verify_id_text(&front).s);
	}
}

int
verify_children_failed(const struct children *ch)
{
	return ch->rc == MDB_NOTFOUND ? 0 : ch->rc;
}

int
verify_children_close(struct children *ch)
{
	verify_found_unreadable(ch->c, &ch->walk, ch->rc);
	walk_close(&ch->walk);
	return verify_children_failed(ch);
}

static bool
verify_is_meta_name(struct slice name)
{
	const size_t probe = strlen(META_PROBE);

	return slice_eq_str(name, META_VERSION) || slice_eq_str(name, META_LAST_BACKUP) ||
	    slice_eq_str(name, META_BACKUP_FAILED) || slice_eq_str(name, META_LATEST_TIME) ||
	    slice_eq_str(name, META_STEADY_TIME) || slice_eq_str(name, META_LOGIN_SECRET) ||
	    slice_eq_str(name, META_NUMBERS) || slice_eq_str(name, META_LOG) ||
	    slice_eq_str(name, META_LINEAGE) || slice_eq_str(name, META_RESET_ASKED) ||
	    (name.len > probe && memcmp(name.p, META_PROBE, probe) == 0);
}

/* Reports remaining messages of an erased conversation that cannot be read, because they cannot
 * be removed either. */
static int
verify_remains(struct checker *c, const struct id *conversation)
{
	struct key front = key_id(conversation);
	struct walk w;
	int rc = walk_open(&w, c->txn, TABLE_MESSAGES, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0)
		rc = walk_next(&w);
	walk_close(&w);
	if (rc == MDB_NOTFOUND)
		return 0;
	verify_found(c, TABLE_META,
	    "conversation %s was erased, but what is left of it cannot be read, and stays: %s",
	    verify_id_text(conversation).s, env_strerror(rc));
	return rc;
}

/* Reports an erased conversation that still exists. Its remaining messages have no parent
 * (garbage.h). */
static int
verify_erased(struct checker *c, const struct id *conversation)
{
	struct key key = key_id(conversation);
	int rc;

	if (verify_has(c, TABLE_CONVERSATIONS, &key, &rc))
		verify_found(c, TABLE_META, "conversation %s was erased, but exists",
		    verify_id_text(conversation).s);
	return rc != 0 ? rc : verify_remains(c, conversation);
}

bool
verify_was_erased(struct checker *c, const struct id *conversation, int *rc)
{
	bool left;

	*rc = garbage_exists(c->txn, conversation, &left);
	return left;
}

static int
verify_meta(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct id id;

	(void)value;
	(void)arg;
	if (meta_erased(key, &id))
		return verify_erased(c, &id);
	if (!verify_is_meta_name(key) && !meta_seen(key, &id))
		verify_found(c, TABLE_META, "unknown entry \"%s\"", verify_name_text(key).s);
	return 0;
}

static int
verify_version(struct checker *c)
{
	uint64_t version;
	int rc = env_tables_version(c->txn, &version);

	if (rc != 0 && rc != MDB_NOTFOUND && rc != MDB_INCOMPATIBLE)
		return rc;
	if (rc != 0)
		verify_found(c, TABLE_META, "the schema's version is missing or invalid");
	else if (version != SCHEMA_VERSION)
		verify_found(c, TABLE_META, "the schema is version %llu, not %d",
		    (unsigned long long)version, SCHEMA_VERSION);
	return 0;
}

static int
verify_parts(struct checker *c)
{
	int rc = verify_version(c);

	/* The records of other versions are unknown here. */
	if (rc != 0 || c->result->broken > 0)
		return rc;
	rc = verify_table(c, TABLE_META, verify_meta, NULL);
	if (rc == 0)
		rc = verify_threads(c);
	if (rc == 0)
		rc = verify_labels(c);
	if (rc == 0)
		rc = verify_turns(c);
	if (rc == 0)
		rc = verify_client_ids(c);
	if (rc == 0)
		rc = verify_records(c);
	if (rc == 0)
		rc = verify_caps(c);
	if (rc == 0)
		rc = verify_changes(c);
	if (rc == 0)
		rc = verify_deliveries(c);
	if (rc == 0)
		rc = verify_mentions(c);
	if (rc == 0)
		rc = verify_budgets(c);
	if (rc == 0)
		rc = verify_content(c);
	if (rc == 0)
		rc = verify_files(c);
	if (rc == 0)
		rc = verify_totals(c);
	if (rc == 0)
		rc = verify_numbers(c);
	return rc != 0 ? rc : verify_pages(c);
}

int
verify_store(struct txn *t, const struct verify *how, struct verify_result *result)
{
	struct checker c = {.txn = t, .how = how, .result = result};
	int rc;

	must(t->mode == TXN_READ);
	t->unchecked = true;
	*result = (struct verify_result){0};
	rc = page_tree_open_newest(&c.tree, t->mdb, NULL, NULL);
	if (rc == MDB_CORRUPTED)
		verify_found(&c, TABLE_META, "%s", page_tree_main_damage);
	if (rc == 0)
		rc = verify_parts(&c);
	page_tree_close(&c.tree);
	return rc;
}
