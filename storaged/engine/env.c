/*
 * Opening, checking and watching over the LMDB environment. lmdb.h is the reference for the
 * rules obeyed here: one open per process, mdb_env_set_mapsize() only between transactions.
 */
#include "storaged/engine/env.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/migrate.h"
#include "storaged/engine/safe_read.h"
#include "storaged/records/organizations.h"

/* Named databases there may be: ours, and room for those to come. */
#define TABLES_MAX 64

/* LMDB's own trees, before all tables (mdb.c, CORE_DBS): the free pages, and the list of tables. */
#define CORE_TREES 2

/* A write that fails so soon (ms) after the store was writable again doubles the probes that are passed
 * over, up to so many: then what is told of the store changes twice in half a minute at most. */
#define RELAPSE_MS   60000u
#define PATIENCE_MAX 31u

/* With less than this free, a write that failed has failed for want of room: other processes may
 * have given some back since. */
#define DISK_FULL_BYTES ((uint64_t)1 << 20)

static bool
disk_is_full(const struct env *env)
{
	struct statvfs disk;
	mdb_filehandle_t fd;

	return mdb_env_get_fd(env->mdb, &fd) == 0 && fstatvfs(fd, &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < DISK_FULL_BYTES;
}

/* A disk that fills up takes the first part of a write, without an error; LMDB 0.9 makes EIO of
 * every short write (mdb.c, mdb_page_flush()). */
int
env_write_error(const struct env *env, int rc)
{
	return rc == EIO && disk_is_full(env) ? ENOSPC : rc;
}

bool
env_is_full_error(int rc)
{
	return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT || rc == EFBIG;
}

bool
env_is_fatal_error(int rc)
{
	return rc == MDB_PANIC || rc == MDB_MAP_RESIZED || rc == MDB_VERSION_MISMATCH ||
	    rc == MDB_INVALID;
}

/* What the process exits with when the environment does not open. */
static int
exit_status(int rc)
{
	switch (rc) {
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case RECORD_DAMAGED:
		return EX_DATAERR;
	case EACCES:
	case EPERM:
	case EROFS:
		return EX_NOPERM;
	default:
		return EX_IOERR;
	}
}

/* What a person can do about an error; NULL: nothing that is known here. */
static const char *
help_for(int rc)
{
	if (rc == MDB_MAP_FULL)
		return "the store is full: raise STORE_MAX_BYTES";
	if (env_is_full_error(rc))
		return "the disk is full: make room on it";
	if (exit_status(rc) == EX_DATAERR)
		return "this is no store of banter, or it is damaged: restore a backup";
	return NULL;
}

static int
open_mdb(struct env *env, const char *dir)
{
	int dead, rc;

	rc = mdb_env_create(&env->mdb);
	if (rc != 0)
		return rc;
	rc = lookup_guard(env->mdb);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->mdb, env->max_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env->mdb, TABLES_MAX);
	/* NOTLS: a reader's slot belongs to its transaction, so that the one reader can be kept
	 * while a write transaction runs on the same thread. */
	if (rc == 0)
		rc = mdb_env_open(env->mdb, dir, MDB_NOTLS, 0600);
	/* Slots of a process that was killed would keep old pages from being used again. */
	if (rc == 0)
		rc = mdb_reader_check(env->mdb, &dead);
	return rc;
}

int
env_open_tables(struct txn *t, bool make)
{
	for (enum table i = 0; i < TABLES; i++) {
		int rc =
		    mdb_dbi_open(t->mdb, table_name(i), make ? MDB_CREATE : 0, &t->env->dbi[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The version is a decimal number in meta, so that mdb_dump(1) shows it to a person. */
int
env_version(struct txn *t, uint64_t *version)
{
	struct key key = key_meta(META_VERSION);
	struct slice text;
	int rc;

	*version = 0;
	rc = txn_get(t, TABLE_META, &key, &text);
	if (rc != 0)
		return rc;
	if (text.len == 0 || text.len > 9)
		return MDB_INCOMPATIBLE;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return MDB_INCOMPATIBLE;
		*version = *version * 10 + (uint64_t)(text.p[i] - '0');
	}
	return 0;
}

static int
write_version(struct txn *t)
{
	struct key key = key_meta(META_VERSION);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", SCHEMA_VERSION);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}

/* Whether nobody has made any table yet: the unnamed one has an entry for each (lmdb.h,
 * mdb_dbi_open()). */
static int
look_if_empty(struct txn *t, bool *empty)
{
	MDB_stat stat;
	MDB_dbi unnamed;
	int rc = mdb_dbi_open(t->mdb, NULL, 0, &unnamed);

	if (rc == 0)
		rc = mdb_stat(t->mdb, unnamed, &stat);
	*empty = rc == 0 && stat.ms_entries == 0;
	return rc;
}

/* The schema of the environment as it lies there; 0 for an empty one. One that has tables but no
 * version is not ours. */
static int
look_at_version(struct env *env, uint64_t *version)
{
	bool empty;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	*version = 0;
	if (rc != 0)
		return rc;
	rc = look_if_empty(&t, &empty);
	if (rc == 0 && !empty) {
		rc = mdb_dbi_open(t.mdb, table_name(TABLE_META), 0, &env->dbi[TABLE_META]);
		if (rc == 0)
			rc = env_version(&t, version);
		if (rc == MDB_NOTFOUND || (rc == 0 && *version == 0))
			rc = MDB_INCOMPATIBLE;
	}
	txn_abort(&t);
	return rc;
}

static bool
is_old(uint64_t version)
{
	return version != 0 && version < SCHEMA_VERSION;
}

/* Makes the tables of an empty environment and what is in them from the first, or brings an older one
 * up to date: all of it or nothing. From then on the tables are open. */
static int
open_schema(struct env *env, uint64_t version)
{
	struct txn t;
	/* What fits into a full store's reserve is no reason not to start. */
	int rc = txn_begin(&t, env, is_old(version) ? TXN_DELETE : TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = env_open_tables(&t, true);
	if (rc == 0 && is_old(version))
		rc = migrate(&t, version);
	/* Behind the steps, each of which writes the records of its own schema. */
	if (rc == 0 && version != SCHEMA_VERSION)
		rc = organization_make_default(&t);
	if (rc == 0 && version != SCHEMA_VERSION)
		rc = write_version(&t);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

static void
close_mdb(struct env *env)
{
	if (env->reader != NULL)
		mdb_txn_abort(env->reader);
	env->reader = NULL;
	if (env->mdb != NULL)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
}

/* LMDB keeps the memory of pages that it once changed until the environment is closed, and malloc() what
 * is then given back: after the migration of a million conversations, 512 MiB. */
static int
open_anew(struct env *env, const char *dir)
{
	int rc;

	close_mdb(env);
	(void)malloc_trim(0);
	rc = open_mdb(env, dir);
	return rc != 0 ? rc : open_schema(env, SCHEMA_VERSION);
}

/* 0, an LMDB error, or EX_CONFIG (which none of those is) for a version that we don't know. */
static int
open_known(struct env *env, const char *dir)
{
	uint64_t version;
	int rc = look_at_version(env, &version);

	if (rc == 0 && version > SCHEMA_VERSION) {
		log_event(LOG_ERROR, "store_too_new", L_UINT("schema", version),
		    L_UINT("known", SCHEMA_VERSION),
		    L_STR("help",
			"a newer banter wrote this store: install that version again, "
			"or restore a backup from before the upgrade"));
		return EX_CONFIG;
	}
	if (rc == 0 && is_old(version))
		rc = migrate_backup(env, dir, version);
	if (rc == 0)
		rc = open_schema(env, version);
	if (rc != 0 || !is_old(version))
		return rc;
	log_event(LOG_NOTICE, "store_migrated", L_UINT("from", version),
	    L_UINT("to", SCHEMA_VERSION));
	return open_anew(env, dir);
}

/* Puts the names of the files in a directory on disk; LMDB syncs only what is in them. EINVAL: the
 * file system has no such thing (fsync(2)). */
static int
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 || fsync(fd) == -1 ? errno : 0;

	closefd(&fd);
	return rc == EINVAL ? 0 : rc;
}

int
env_open(struct env *env, const char *dir, uint64_t max_bytes)
{
	int rc;

	*env = (struct env){.writable = true, .hidden_room = true};
	/* LMDB wants a multiple of the page size. */
	env->max_bytes = (size_t)(max_bytes & ~(uint64_t)0xffff);
	buf_init(&env->record, RECORD_MAX);
	buf_init(&env->list, LIST_MAX);
	buf_init(&env->text, TEXT_MAX);

	rc = open_mdb(env, dir);
	if (rc == 0)
		rc = open_known(env, dir);
	if (rc == 0)
		rc = sync_dir(dir);
	env->bounded = rc == 0;
	if (rc == 0)
		return 0;
	env_close(env);
	if (rc == EX_CONFIG)
		return rc;
	log_event(LOG_ERROR, "store_unusable", L_STR("dir", dir),
	    L_STR("error", txn_strerror(rc)), L_STR("help", help_for(rc)));
	return exit_status(rc);
}

void
env_close(struct env *env)
{
	close_mdb(env);
	buf_clear(&env->record);
	buf_clear(&env->list);
	buf_clear(&env->text);
}

int
env_use_reserve(struct env *env, bool use)
{
	/* A size under what is in use becomes what is in use (lmdb.h): a reserve that was used up
	 * stays, and is found again as free pages. */
	if (use)
		env->hidden_room = true;
	return mdb_env_set_mapsize(env->mdb, env->max_bytes + (use ? ENV_RESERVE_BYTES : 0));
}

static int
add_tree(MDB_txn *txn, MDB_dbi tree, uint64_t *pages)
{
	MDB_stat stat;
	int rc = mdb_stat(txn, tree, &stat);

	if (rc == 0)
		*pages += stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
	return rc;
}

int
env_used_pages(const struct env *env, MDB_txn *txn, uint64_t *pages)
{
	int rc = 0;

	*pages = ENV_META_PAGES;
	for (MDB_dbi i = 0; i < CORE_TREES && rc == 0; i++)
		rc = add_tree(txn, i, pages);
	for (enum table i = 0; i < TABLES && rc == 0; i++)
		rc = add_tree(txn, env->dbi[i], pages);
	return rc;
}

int
env_used_bytes(const struct env *env, MDB_txn *txn, uint64_t *bytes)
{
	MDB_stat stat;
	int rc = mdb_env_stat(env->mdb, &stat);

	if (rc == 0)
		rc = env_used_pages(env, txn, bytes);
	if (rc == 0)
		*bytes *= stat.ms_psize;
	return rc;
}

bool
env_is_over_bound(const struct env *env, MDB_txn *txn)
{
	MDB_envinfo info;
	uint64_t used;

	/* The map is greater than it was asked to be only when more was in use. */
	if (!env->bounded || mdb_env_info(env->mdb, &info) != 0 ||
	    info.me_mapsize <= env->max_bytes)
		return false;
	return env_used_bytes(env, txn, &used) == 0 && used > env->max_bytes;
}

static unsigned
next_patience(const struct env *env)
{
	unsigned doubled = 2 * env->patience + 1;

	if (env->writable_at == 0 || clock_mono_ms() - env->writable_at >= RELAPSE_MS)
		return 0;
	return doubled < PATIENCE_MAX ? doubled : PATIENCE_MAX;
}

void
env_write_failed(struct env *env, int rc)
{
	env->calm = 0;
	if (!env->writable)
		return;
	env->writable = false;
	env->patience = next_patience(env);
	log_event(LOG_ERROR, "store_not_writable", L_STR("error", txn_strerror(rc)),
	    L_STR("help", help_for(rc)));
}

unsigned
env_check_readers(struct env *env)
{
	int dead = 0, rc = mdb_reader_check(env->mdb, &dead);

	if (rc != 0)
		log_event(LOG_WARN, "readers_unchecked", L_STR("error", mdb_strerror(rc)));
	else if (dead > 0)
		log_event(LOG_NOTICE, "dead_readers", L_INT("readers", dead));
	return rc == 0 && dead > 0 ? (unsigned)dead : 0;
}
