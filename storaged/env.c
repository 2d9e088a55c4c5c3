/*
 * Opening, checking and watching over the LMDB environment. lmdb.h is the reference for the
 * rules obeyed here: one open per process, mdb_env_set_mapsize() only between transactions.
 */
#include "storaged/env.h"

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#include "proto/basics.h"
#include "proto/log.h"
#include "storaged/txn.h"

/* Named databases there may be: ours, and room for those to come. */
#define TABLES_MAX 64

/* What a probe writes: so many values that take a page each. Not one great value, which would need
 * pages that lie together. */
#define PROBE_PAGES 16
#define PROBE_PAGE  4000

/* With less than this free, a write that failed has failed for want of room: other processes may
 * have given some back since. */
#define DISK_FULL_BYTES ((uint64_t)1 << 20)

static const char version_name[] = "schema_version";

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
		return EX_DATAERR;
	case EACCES:
	case EPERM:
	case EROFS:
		return EX_NOPERM;
	default:
		return EX_IOERR;
	}
}

static int
open_mdb(struct env *env, const char *dir)
{
	int dead, rc;

	rc = mdb_env_create(&env->mdb);
	if (rc != 0)
		return rc;
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

static int
open_tables(struct txn *t)
{
	for (enum table i = 0; i < TABLES; i++) {
		int rc = mdb_dbi_open(t->mdb, table_name(i), MDB_CREATE, &t->env->dbi[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The version is a decimal number in meta, so that mdb_dump(1) shows it to a person. */
static int
read_version(struct txn *t, uint64_t *version)
{
	struct key key = key_meta(version_name);
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
	struct key key = key_meta(version_name);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", SCHEMA_VERSION);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}

/* 0, an LMDB error, or EX_CONFIG (which none of those is) for a version that we don't know. An
 * environment without a version is ours only if it was empty. */
static int
check_version(struct txn *t, bool was_empty)
{
	uint64_t version;
	int rc = read_version(t, &version);

	if (rc == MDB_NOTFOUND)
		return was_empty ? write_version(t) : MDB_INCOMPATIBLE;
	if (rc != 0 || version == SCHEMA_VERSION)
		return rc;
	if (version < SCHEMA_VERSION)
		return MDB_INCOMPATIBLE;
	log_event(LOG_ERROR, "store_too_new", L_UINT("schema", version),
	    L_UINT("known", SCHEMA_VERSION),
	    L_STR("help",
		"a newer banter wrote this store: install that version again, "
		"or restore a backup from before the upgrade"));
	return EX_CONFIG;
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

/* In one transaction, so that an environment that is not ours is left as it was. */
static int
open_schema(struct env *env)
{
	bool was_empty;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = look_if_empty(&t, &was_empty);
	if (rc == 0)
		rc = open_tables(&t);
	if (rc == 0)
		rc = check_version(&t, was_empty);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

int
env_open(struct env *env, const char *dir, uint64_t max_bytes)
{
	int rc;

	*env = (struct env){.writable = true};
	/* LMDB wants a multiple of the page size. */
	env->max_bytes = (size_t)(max_bytes & ~(uint64_t)0xffff);
	buf_init(&env->record, RECORD_MAX);
	buf_init(&env->list, LIST_MAX);
	buf_init(&env->text, TEXT_MAX);

	rc = open_mdb(env, dir);
	if (rc == 0)
		rc = open_schema(env);
	if (rc == 0)
		return 0;
	env_close(env);
	if (rc == EX_CONFIG)
		return rc;
	log_event(LOG_ERROR, "store_unusable", L_STR("dir", dir),
	    L_STR("error", mdb_strerror(rc)),
	    L_STR("help",
		exit_status(rc) == EX_DATAERR
		    ? "this is no store of banter, or it is damaged: restore a backup"
		    : NULL));
	return exit_status(rc);
}

void
env_close(struct env *env)
{
	if (env->reader != NULL)
		mdb_txn_abort(env->reader);
	env->reader = NULL;
	if (env->mdb != NULL)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
	buf_clear(&env->record);
	buf_clear(&env->list);
	buf_clear(&env->text);
}

int
env_use_reserve(struct env *env, bool use)
{
	/* A size under what is in use becomes what is in use (lmdb.h): a reserve that was used up
	 * stays, and is found again as free pages. */
	return mdb_env_set_mapsize(env->mdb, env->max_bytes + (use ? ENV_RESERVE_BYTES : 0));
}

void
env_write_failed(struct env *env, int rc)
{
	if (!env->writable)
		return;
	env->writable = false;
	log_event(LOG_ERROR, "store_not_writable", L_STR("error", txn_strerror(rc)),
	    L_STR("help",
		rc == MDB_MAP_FULL          ? "the store is full: raise STORE_MAX_BYTES"
		    : env_is_full_error(rc) ? "the disk is full: make room on it"
					    : NULL));
}

/* Writes the probe's keys, or removes them again. */
static int
write_probe(struct txn *t, bool there)
{
	static const uint8_t page[PROBE_PAGE];
	char name[24];
	int rc = 0;

	for (int i = 0; i < PROBE_PAGES && rc == 0; i++) {
		struct key key;

		snprintf(name, sizeof(name), "probe%d", i);
		key = key_meta(name);
		rc = there ? txn_put(t, TABLE_META, &key, (struct slice){page, sizeof(page)})
			   : txn_del(t, TABLE_META, &key);
	}
	return rc;
}

static int
run_probe(struct env *env, bool there)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = write_probe(&t, there);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

void
env_probe(struct env *env)
{
	if (env->writable || run_probe(env, true) != 0 || run_probe(env, false) != 0)
		return;
	env->writable = true;
	log_event(LOG_NOTICE, "store_writable");
}
