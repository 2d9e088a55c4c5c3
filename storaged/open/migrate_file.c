/*
 * The file stays open when it gets its final name, and with it LMDB's lock file: another process can never
 * initialize the lock file with the state of the old store (mdb.c, mdb_env_share_locks()).
 */
#include "storaged/open/migrate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/engine/checksum.h"
#include "storaged/engine/env_tables.h"
#include "storaged/engine/safe_read.h"
#include "storaged/open/env_create.h"
#include "storaged/open/lineage.h"

#define DATA_NAME "data.mdb"
#define LOCK_NAME "lock.mdb"

/* LMDB adds the suffix (mdb.c, LOCKSUFF). */
#define NEW_NAME      "data.mdb.migrating"
#define NEW_LOCK_NAME "data.mdb.migrating-lock"

/* An entry that is not the last one of its table may change a page of each level of the tree. */
#define INSERTED_BYTES ((size_t)4 * 4096)

/* Address space for the new store. Values that no longer fit beside others take a page each. */
#define MAP_FACTOR 4u
#define MAP_SPARE  ((uint64_t)64 << 20)

static int
migrate_file_open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
migrate_file_remove_from(int dir)
{
	(void)unlinkat(dir, NEW_NAME, 0);
	(void)unlinkat(dir, NEW_LOCK_NAME, 0);
}

void
migrate_file_remove(const char *dir)
{
	int fd = migrate_file_open_dir(dir);

	if (fd != -1)
		migrate_file_remove_from(fd);
	closefd(&fd);
}

static int
migrate_file_create_lock(const char *dir)
{
	int fd = migrate_file_open_dir(dir), rc;

	if (fd == -1)
		return errno;
	migrate_file_remove_from(fd);
	rc = env_create_lock(fd, NEW_LOCK_NAME);
	closefd(&fd);
	return rc;
}

int
migrate_file_create(struct migrate_file *f, const char *dir, uint64_t old_bytes)
{
	char path[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s/" NEW_NAME, dir) >= (int)sizeof(path))
		return ENAMETOOLONG;
	rc = migrate_file_create_lock(dir);
	if (rc != 0)
		return rc;
	env_init(&f->env, MAP_FACTOR * old_bytes + MAP_SPARE);
	rc = env_open_mdb(&f->env, path, MDB_NOSUBDIR);
	if (rc == 0)
		rc = txn_begin(&f->txn, &f->env, TXN_WRITE);
	return rc != 0 ? rc : env_tables_open(&f->txn, true);
}

static int
migrate_file_commit_if_due(struct migrate_file *f)
{
	int rc;

	if (f->changed < MIGRATE_FILE_COMMIT_BYTES)
		return 0;
	f->changed = 0;
	rc = txn_commit(&f->txn);
	return rc != 0 ? rc : txn_begin(&f->txn, &f->env, TXN_WRITE);
}

/* Reserves room for a value of len bytes, behind all others of its table if it can. */
static int
migrate_file_reserve(
    struct migrate_file *f, enum table table, struct slice key, size_t len, uint8_t **value)
{
	struct key copy = key_of(key);
	MDB_val k = {copy.len, copy.b}, v = {.mv_size = len};
	size_t changed = key.len + len;
	int rc = mdb_put(f->txn.mdb, f->env.dbi[table], &k, &v, MDB_APPEND | MDB_RESERVE);

	if (rc == MDB_KEYEXIST) {
		changed += INSERTED_BYTES;
		rc = mdb_put(f->txn.mdb, f->env.dbi[table], &k, &v, MDB_RESERVE);
	}
	f->changed += changed;
	*value = v.mv_data;
	return rc;
}

int
migrate_file_put(struct migrate_file *f, enum table table, struct slice key, struct slice value)
{
	uint8_t *out;
	int rc = migrate_file_reserve(f, table, key, value.len + CHECKSUM_LEN, &out);

	if (rc != 0)
		return rc;
	checksum_add(table, key, value, out);
	return migrate_file_commit_if_due(f);
}

int
migrate_file_put_raw(
    struct migrate_file *f, enum table table, struct slice key, struct slice stored)
{
	uint8_t *out;
	int rc = migrate_file_reserve(f, table, key, stored.len, &out);

	if (rc != 0)
		return rc;
	must(slice_copy(stored, out, stored.len));
	return migrate_file_commit_if_due(f);
}

int
migrate_file_finish(struct migrate_file *f, unsigned version)
{
	int rc = env_tables_set_version(&f->txn, version);

	if (rc == 0)
		rc = lineage_write(&f->txn);
	return rc != 0 ? rc : txn_commit(&f->txn);
}

/* The second name is on disk before the first one can go. */
static int
migrate_file_keep_old(int dir, uint64_t from)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "data-schema%u.mdb", (unsigned)from);
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return errno;
	return linkat(dir, DATA_NAME, dir, name, 0) == -1 ? errno : env_create_sync_dir(dir);
}

/* The lock file first: a process that opens the new store must find it. */
static int
migrate_file_rename(int dir)
{
	if (renameat(dir, NEW_LOCK_NAME, dir, LOCK_NAME) == -1 ||
	    renameat(dir, NEW_NAME, dir, DATA_NAME) == -1)
		return errno;
	return env_create_sync_dir(dir);
}

int
migrate_file_replace(struct migrate_file *f, const char *dir, uint64_t from)
{
	int fd = migrate_file_open_dir(dir), rc;

	must(f->txn.mdb == NULL);
	if (fd == -1)
		return errno;
	rc = migrate_file_keep_old(fd, from);
	if (rc == 0)
		rc = migrate_file_rename(fd);
	closefd(&fd);
	return rc;
}

void
migrate_file_become(struct migrate_file *f, struct env *env)
{
	env_close_mdb(env);
	env->mdb = f->env.mdb;
	memcpy(env->dbi, f->env.dbi, sizeof(env->dbi));
	f->env.mdb = NULL;
	env_close(&f->env);
	must(mdb_env_set_mapsize(env->mdb, env->max_bytes) == 0);
	safe_read_mapped(env->mdb);
}

void
migrate_file_discard(struct migrate_file *f, const char *dir)
{
	txn_abort(&f->txn);
	env_close(&f->env);
	migrate_file_remove(dir);
}
