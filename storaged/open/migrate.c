/*
 * Reads the old store, entry by entry, and hands each to the steps.
 */
#include "storaged/open/migrate.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/checksum.h"
#include "storaged/engine/page_tree.h"
#include "storaged/engine/safe_read.h"
#include "storaged/open/lineage.h"
#include "storaged/open/migrate_file.h"

/* The log shows the progress of a long migration at this interval. */
#define PROGRESS_MS 10000u

/* What the new file may need beyond the pages of the old one: for each entry, and for the pages that its
 * commits have replaced. */
#define ROOM_PER_ENTRY 8u
#define ROOM_SPARE     (2u * MIGRATE_FILE_COMMIT_BYTES)

struct migration {
	const struct migrations *all;
	uint64_t from, at; /* schemas: of the old store; of the entry that is under way */
	uint64_t began_at; /* ms since 1970 */
	struct txn old;
	bool has[TABLES]; /* the old store's tables */
	/* An entry under way: each step writes the buffer that the step before it did not. */
	struct buf records[2];
	struct migrate_file file;
	/* Entries that are no records of today's schema: of the table under way, and of those before. */
	uint64_t unreadable, kept;
	uint64_t bytes;         /* of the old store's used pages */
	uint64_t entries, done; /* of the old store */
	uint64_t wanted,
	    free; /* bytes: the room for the new file, and what its file system has */
	uint64_t reported_at; /* ms, monotonic */
};

/* The fields that a schema added at the end of records: so many bytes, all zero, as the fields are empty
 * (proto/ipc/wire.h). */
static const uint8_t added[SCHEMA_VERSION + 1][TABLES] = {
    [3] =
	{
	    [TABLE_CONVERSATIONS] =
		49, /* state, operator, operator_name, operator_at, assigned, tags */
	    [TABLE_MESSAGES] = 4,    /* details */
	    [TABLE_OPEN_TURNS] = 24, /* agent, reserved_prompt, reserved_completion */
	    [TABLE_AGENTS] = 9,      /* handover_text, waiting_text, no_return */
	    [TABLE_WIDGETS] = 4,     /* retention_days */
	},
    [4] =
	{
	    [TABLE_CONVERSATIONS] = 4, /* context */
	    [TABLE_ORGS] = 12,         /* prices, read_until */
	    [TABLE_USERS] = 8,         /* read_until */
	    [TABLE_WIDGETS] = 40,      /* budget_text, settings, identity_secret */
	    [TABLE_CONTACTS] = 24,     /* user_id, merging, merged */
	},
    [5] =
	{
	    [TABLE_KEYS] = 8, /* used_at */
	},
    [6] =
	{
	    [TABLE_MESSAGES] = 4, /* sources */
	    [TABLE_AGENTS] = 10,  /* knowledge, sources, not_found, not_found_text */
	},
    [7] =
	{
	    [TABLE_USERS] = 4, /* picture */
	},
    [8] =
	{
	    [TABLE_AGENTS] = 13, /* reasoning_effort, extra, keep_thoughts, fallbacks */
	},
    [9] =
	{
	    [TABLE_WEBHOOKS] = 12, /* old_secret, old_until */
	    [TABLE_ORGS] = 4,      /* member_rights */
	},
    [10] =
	{
	    [TABLE_OPEN_TURNS] = 32,   /* network, session */
	    [TABLE_SPENT] = 9,         /* limit, told */
	    [TABLE_ORGS] = 4,          /* hours */
	    [TABLE_CONVERSATIONS] = 8, /* asked_at */
	    [TABLE_USERS] = 17,        /* availability, active_at, away_at */
	    [TABLE_AGENTS] = 4,        /* closed_text */
	    [TABLE_WIDGETS] = 4,       /* hours */
	},
    [11] =
	{
	    [TABLE_CONVERSATIONS] = 8, /* snoozed_until */
	    [TABLE_TURNS] = 4,         /* paid_day */
	    [TABLE_SPENT] = 1,         /* share_told; the next one has the same record */
	    [TABLE_SPENDERS] = 1,
	    [TABLE_NOTES] = 4,       /* mentions */
	    [TABLE_MESSAGES] = 20,   /* files, structure, lead, answer, receipt */
	    [TABLE_SNIPPETS] = 4,    /* structure */
	    [TABLE_READS] = 1,       /* following */
	    [TABLE_AGENTS] = 4,      /* tools */
	    [TABLE_VISITORS] = 16,   /* proved */
	    [TABLE_WEBHOOKS] = 16,   /* widget */
	    [TABLE_INVITATIONS] = 5, /* mail, mail_error */
	},
    [13] =
	{
	    [TABLE_FILES] = 53, /* check, reason, checking_at, shown, small, width, height */
	    [TABLE_TOOLS] =
		50, /* mcp_tool, mcp_pin, mcp_version, mcp_changed, mcp_token_url, mcp_client, mcp_scope */
	},
};

/* Stores without marks of what was read (schema 1 and 2): everything counts as read. read_until is the last
 * field of both records. */
static void
migrate_set_read_until(const struct migration *m, enum table table, uint8_t *fields, size_t n)
{
	if (m->at + 1 != 4 || m->from >= 3 || (table != TABLE_USERS && table != TABLE_ORGS))
		return;
	for (size_t i = 0; i < sizeof(m->began_at); i++)
		fields[n - sizeof(m->began_at) + i] = (uint8_t)(m->began_at >> (8 * i));
}

/* A step that only adds fields. */
static int
migrate_add_fields(struct migration *m, enum table table, struct slice key, struct slice value)
{
	uint8_t fields[UINT8_MAX] = {0};
	const size_t n = added[m->at + 1][table];
	struct buf *record = &m->records[m->at % ARRAY_LEN(m->records)];

	if (n == 0)
		return migrate_put(m, table, key, value);
	migrate_set_read_until(m, table, fields, n);
	buf_reset(record);
	if (buf_append(record, value.p, value.len) == -1 || buf_append(record, fields, n) == -1)
		return RECORD_DAMAGED;
	return migrate_put(m, table, key, buf_slice(record));
}

/* The fields of a conversation up to operator_at, in bytes; 0 is a text, behind its length. */
static const uint8_t conversation_fields[] = {
    1, 16, 16, 16, 0, 8, /* v, id, org, widget, session, created_at */
    8, 8, 8, 0, 16, 1,   /* updated_at, next_seq, messages, last_message, contact, status */
    1, 16, 0, 8,         /* state, operator, operator_name, operator_at */
};
enum { AT_UPDATED = 6, AT_STATE = 12, AT_OPERATOR = 15, AT_END };

/* STATE_WAITING */
#define WAITING 1

/* Where each of them begins, and their end. False: the record is too short. */
static bool
migrate_find_fields(struct slice record, size_t at[static AT_END + 1])
{
	at[0] = 0;
	for (size_t i = 0; i < AT_END; i++) {
		size_t left = record.len - at[i], n = conversation_fields[i];
		uint32_t text;

		if (n == 0 && left >= sizeof(text)) {
			memcpy(&text, record.p + at[i], sizeof(text));
			n = sizeof(text) + le32toh(text);
		}
		if (n == 0 || n > left)
			return false;
		at[i + 1] = at[i] + n;
	}
	return true;
}

/* Before schema 8, a waiting conversation had the time of its last takeover where it now has the time when the visitor
 * began to wait. The last activity is the nearest one that is known. */
static int
migrate_date_wait(struct migration *m, enum table table, struct slice key, struct slice value)
{
	struct buf *record = &m->records[m->at % ARRAY_LEN(m->records)];
	size_t at[AT_END + 1];

	if (table != TABLE_CONVERSATIONS || !migrate_find_fields(value, at) ||
	    value.p[at[AT_STATE]] != WAITING)
		return migrate_add_fields(m, table, key, value);
	buf_reset(record);
	must(buf_append(record, value.p, at[AT_OPERATOR]) == 0 &&
	    buf_append(record, value.p + at[AT_UPDATED], sizeof(uint64_t)) == 0 &&
	    buf_append(record, value.p + at[AT_END], value.len - at[AT_END]) == 0);
	return migrate_put(m, table, key, buf_slice(record));
}

/* Schema 2 added the checksums, which migrate_file.c writes. */
static migrate_step_fn *const steps[SCHEMA_VERSION] = {NULL, migrate_put, migrate_add_fields,
    migrate_add_fields, migrate_add_fields, migrate_add_fields, migrate_add_fields,
    migrate_date_wait, migrate_add_fields, migrate_add_fields, migrate_add_fields,
    migrate_add_fields, migrate_add_fields};

const struct migrations known_migrations = {SCHEMA_VERSION, steps};

int
migrate_put(struct migration *m, enum table table, struct slice key, struct slice value)
{
	int rc;

	m->at++;
	/* The records of tests' schemas are those of the present one. */
	if (m->at == m->all->version && !lineage_knows_record(table, value))
		rc = MDB_INCOMPATIBLE;
	else if (m->at == m->all->version)
		rc = migrate_file_put(&m->file, table, key, value);
	else
		rc = m->all->steps[m->at](m, table, key, value);
	m->at--;
	return rc;
}

/* A record of the first schema, which has no checksums, stays as it is: without a checksum it is a damaged one of
 * today's schema. One with a right checksum was written so: by another version of banter. */
static int
migrate_unreadable(struct migration *m, enum table table, struct slice key, struct slice stored)
{
	m->unreadable++;
	log_event(LOG_ERROR, "record_not_migrated", L_STR("table", table_name(table)),
	    L_UINT("bytes", stored.len));
	if (m->from != SCHEMA_UNCHECKED)
		return MDB_INCOMPATIBLE;
	return migrate_file_put_raw(&m->file, table, key, stored);
}

/* A damaged entry stays as it is, so that its checksum stays wrong. The version is written at the end. The store leaves its
 * commit log, which has no row for a migration. */
static int
migrate_entry(struct migration *m, enum table table, struct slice key, struct slice stored)
{
	struct slice value = stored;
	int rc;

	if (table == TABLE_META &&
	    (slice_eq_str(key, META_VERSION) || slice_eq_str(key, META_LOG) ||
		slice_eq_str(key, META_LINEAGE)))
		return 0;
	if (m->from != SCHEMA_UNCHECKED && !checksum_remove(table, key, stored, &value))
		return migrate_file_put_raw(&m->file, table, key, stored);
	m->at = m->from;
	rc = m->all->steps[m->from](m, table, key, value);
	if (rc == MDB_INCOMPATIBLE || rc == RECORD_DAMAGED)
		rc = migrate_unreadable(m, table, key, stored);
	return rc;
}

static void
migrate_report_progress(struct migration *m)
{
	uint64_t now = clock_mono_ms();

	m->done++;
	if (now - m->reported_at < PROGRESS_MS)
		return;
	m->reported_at = now;
	log_event(LOG_NOTICE, "store_migrating", L_UINT("done", m->done),
	    L_UINT("entries", m->entries));
}

static int
migrate_table(struct migration *m, enum table table)
{
	MDB_cursor *cursor;
	MDB_val k, v;
	const uint64_t before = m->done;
	int rc = mdb_cursor_open(m->old.mdb, m->old.env->dbi[table], &cursor);

	if (rc != 0)
		return rc;
	m->kept += m->unreadable;
	m->unreadable = 0;
	while ((rc = safe_read_move(cursor, &k, &v, MDB_NEXT)) == 0) {
		const struct slice key = {k.mv_data, k.mv_size}, value = {v.mv_data, v.mv_size};

		migrate_report_progress(m);
		rc = migrate_entry(m, table, key, value);
		if (rc != 0)
			break;
	}
	mdb_cursor_close(cursor);
	if (rc != MDB_NOTFOUND)
		return rc;
	/* Of several records one may be damaged, but not all. */
	return m->unreadable > 1 && m->unreadable == m->done - before ? MDB_INCOMPATIBLE : 0;
}

static int
migrate_tables(struct migration *m)
{
	int rc = 0;

	for (enum table i = 0; i < TABLES && rc == 0; i++)
		if (m->has[i])
			rc = migrate_table(m, i);
	return rc;
}

/* Opens a table of the old store, which may not exist, and adds what is in it to the sums. */
static int
migrate_measure_table(struct migration *m, enum table table)
{
	MDB_dbi *dbi = &m->old.env->dbi[table];
	MDB_stat stat;
	int rc = mdb_dbi_open(m->old.mdb, table_name(table), 0, dbi);

	m->has[table] = rc == 0;
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = mdb_stat(m->old.mdb, *dbi, &stat);
	if (rc != 0)
		return rc;
	m->entries += stat.ms_entries;
	m->bytes += (uint64_t)stat.ms_psize *
	    (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
	return 0;
}

static int
migrate_measure(struct migration *m)
{
	int rc = 0;

	for (enum table i = 0; i < TABLES && rc == 0; i++)
		rc = migrate_measure_table(m, i);
	m->wanted = m->bytes + ROOM_PER_ENTRY * m->entries + ROOM_SPARE;
	return rc;
}

/* ENOSPC before a byte is written: otherwise every start would fill the disk again. A file
 * system that does not report a size (f_blocks) does not report free space either. */
static int
migrate_check_room(struct migration *m, const char *dir)
{
	struct statvfs fs;

	if (statvfs(dir, &fs) == -1)
		return errno;
	m->free = (uint64_t)fs.f_bavail * fs.f_frsize;
	return fs.f_blocks != 0 && m->wanted > m->free ? ENOSPC : 0;
}

/* Records of the first schema have no checksums: a wrong page would not be noticed later. */
static int
migrate_check_pages(const struct migration *m)
{
	struct page_tree tree;
	int rc = page_tree_open(&tree, m->old.env->mdb, mdb_txn_id(m->old.mdb), NULL, NULL);

	if (rc == 0)
		rc = page_tree_check(&tree);
	page_tree_close(&tree);
	return rc;
}

/* Writes the new store to its file. The pages are checked last: on a full disk, systemd starts storaged again
 * and again, and each start would read the whole store. */
static int
migrate_write(struct migration *m, const char *dir)
{
	int rc = migrate_measure(m);

	if (rc == 0)
		rc = migrate_check_room(m, dir);
	if (rc == 0)
		rc = migrate_check_pages(m);
	if (rc != 0)
		return rc;
	log_event(LOG_NOTICE, "store_migrating", L_UINT("from", m->from),
	    L_UINT("to", m->all->version), L_UINT("bytes", m->bytes),
	    L_UINT("entries", m->entries));
	m->reported_at = clock_mono_ms();
	rc = migrate_file_create(&m->file, dir, m->bytes);
	if (rc == 0)
		rc = migrate_tables(m);
	return rc != 0 ? rc : migrate_file_finish(&m->file, m->all->version);
}

/* Nothing of the store was changed. */
static const char *
migrate_help(int rc)
{
	if (env_is_page_damage(rc))
		return "a page is damaged, and nothing was changed: save what can be read with "
		       "the old version's banter export --output FILE, restore a backup, start "
		       "storaged, and import the file";
	if (rc == MDB_INCOMPATIBLE)
		return "a record is not of the schema that the store names, and nothing was "
		       "changed: perhaps a version of banter that was never released wrote it; "
		       "export it with that version, and import the file";
	if (env_is_full_error(rc))
		return "the store must be converted to this version's schema, and nothing of "
		       "it was changed: make room for the wanted bytes in this directory, or "
		       "install the old version again";
	return "nothing of the store was changed: remove the cause of the error (the file "
	       "system must support hard links), or install the old version again";
}

int
migrate(struct env *env, const char *dir, const struct migrations *all, uint64_t from)
{
	struct migration m = {.all = all, .from = from, .began_at = clock_wall_ms()};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(m.records); i++)
		buf_init(&m.records[i], RECORD_MAX);
	rc = txn_begin(&m.old, env, TXN_READ);

	must(from >= 1 && from < all->version);
	if (rc == 0)
		rc = migrate_write(&m, dir);
	txn_abort(&m.old);
	for (size_t i = 0; i < ARRAY_LEN(m.records); i++)
		buf_clear(&m.records[i]);
	if (rc == 0)
		rc = migrate_file_replace(&m.file, dir, from);
	if (rc == 0) {
		migrate_file_become(&m.file, env);
		log_event(LOG_NOTICE, "store_migrated", L_UINT("from", from),
		    L_UINT("to", all->version), L_UINT("damaged", m.kept + m.unreadable));
		return 0;
	}
	migrate_file_discard(&m.file, dir);
	log_event(LOG_ERROR, "store_not_migrated", L_STR("dir", dir),
	    L_STR("error", env_strerror(rc)), L_UINT("wanted", m.wanted),
	    L_UINT("free", m.free), L_STR("help", migrate_help(rc)));
	return rc;
}
