/*
 * Opening the store. lmdb.h is the reference for the rules on tables (mdb_dbi_open()).
 */
#include "storaged/engine/env_open.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/checksum.h"
#include "storaged/engine/env_create.h"

struct env_opening {
	struct env *env;
	const char *dir;
	env_fill_fn *fill;
	const struct migrations *migrations;
};

static int
env_open_exit_status(int rc)
{
	if (env_is_damage(rc))
		return EX_DATAERR;
	return rc == EACCES || rc == EPERM || rc == EROFS ? EX_NOPERM : EX_IOERR;
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

/*
 * The version is a decimal number, so that mdb_dump(1) shows it to a person. In schema 1 it has no checksum.
 * The checksum is not compared, because a later schema may have another one.
 */
int
env_version(struct txn *t, uint64_t *version)
{
	struct key key = key_meta(META_VERSION);
	struct slice text;
	int rc;

	*version = 0;
	rc = txn_get_raw(t, TABLE_META, &key, &text);
	if (rc != 0)
		return rc;
	if (text.len > CHECKSUM_LEN)
		text.len -= CHECKSUM_LEN;
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
env_open_write_version(struct txn *t, unsigned version)
{
	struct key key = key_meta(META_VERSION);
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", version);

	return txn_put(t, TABLE_META, &key, (struct slice){(const uint8_t *)text, (size_t)n});
}

/* Whether the environment has no tables: the unnamed one has an entry for each (lmdb.h,
 * mdb_dbi_open()). */
static int
env_open_is_empty(struct txn *t, bool *empty)
{
	MDB_stat stat;
	MDB_dbi unnamed;
	int rc = mdb_dbi_open(t->mdb, NULL, 0, &unnamed);

	if (rc == 0)
		rc = mdb_stat(t->mdb, unnamed, &stat);
	*empty = rc == 0 && stat.ms_entries == 0;
	return rc;
}

/* The version of the stored schema; 0 for an empty environment. An environment with tables but without
 * a version belongs to another program. */
static int
env_open_read_version(struct env *env, uint64_t *version)
{
	bool empty;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	*version = 0;
	if (rc != 0)
		return rc;
	rc = env_open_is_empty(&t, &empty);
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
env_open_is_old(const struct env_opening *o, uint64_t version)
{
	return version != 0 && version < o->migrations->version;
}

/* Makes the tables' handles known to all transactions, so that a migration can read its old state while
 * it writes (lmdb.h, mdb_dbi_open()). */
static int
env_open_keep_tables(struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	for (enum table i = 0; i < TABLES && (rc == 0 || rc == MDB_NOTFOUND); i++)
		rc = mdb_dbi_open(t.mdb, table_name(i), 0, &env->dbi[i]);
	if (rc != 0 && rc != MDB_NOTFOUND) {
		txn_abort(&t);
		return rc;
	}
	env->reader = NULL;
	return mdb_txn_commit(t.mdb);
}

/* A migration may write everything again before the old pages become free. LMDB keeps up to 131,071 changed
 * values in memory until the commit, however long they are (mdb.c, mdb_page_spill()). If that is too much, the
 * kernel kills us, at each start: the line in the log is then the only trace. */
static int
env_open_add_room(struct env *env)
{
	MDB_envinfo info;
	MDB_stat stat;
	uint64_t bytes;
	int rc = mdb_env_info(env->mdb, &info);

	if (rc == 0)
		rc = mdb_env_stat(env->mdb, &stat);
	if (rc != 0)
		return rc;
	bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
	env->reserve_bytes += 2 * bytes;
	log_event(LOG_NOTICE, "store_migrating", L_UINT("bytes", bytes),
	    L_STR("help",
		"this may need as much memory as the store has bytes: if storaged is killed "
		"now, "
		"raise MemoryMax of its unit, or add swap space"));
	return 0;
}

static int
env_open_prepare_migration(struct env *env)
{
	int rc = env_open_keep_tables(env);

	return rc != 0 ? rc : env_open_add_room(env);
}

/* Opens the tables, and creates or migrates what is in them: all of it or nothing. */
static int
env_open_schema(const struct env_opening *o, uint64_t version)
{
	struct txn t;
	/* A migration may use the reserve, so that a full store can start. */
	int rc = txn_begin(&t, o->env, env_open_is_old(o, version) ? TXN_DELETE : TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = env_open_tables(&t, true);
	if (rc == 0 && env_open_is_old(o, version))
		rc = migrate(&t, o->migrations, version);
	if (rc == 0 && version == 0)
		rc = o->fill(&t);
	if (rc == 0 && version != o->migrations->version)
		rc = env_open_write_version(&t, o->migrations->version);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/* LMDB keeps the memory of pages that it once changed until the environment is closed, and malloc() what
 * is then given back: after the migration of a million conversations, 512 MiB. */
static int
env_open_again(const struct env_opening *o)
{
	int rc;

	env_close_mdb(o->env);
	(void)malloc_trim(0);
	rc = env_open_mdb(o->env, o->dir);
	return rc != 0 ? rc : env_open_schema(o, o->migrations->version);
}

/* 0, an LMDB error, or EX_CONFIG (which is not one of those) for an unknown version. */
static int
env_open_known(const struct env_opening *o)
{
	uint64_t version;
	int rc = env_open_read_version(o->env, &version);

	if (rc == 0 && version > o->migrations->version) {
		log_event(LOG_ERROR, "store_too_new", L_UINT("schema", version),
		    L_UINT("known", o->migrations->version),
		    L_STR("help",
			"a newer banter wrote this store: install that version again, "
			"or restore a backup from before the upgrade"));
		return EX_CONFIG;
	}
	if (rc == 0 && env_open_is_old(o, version))
		rc = page_check_freed(&o->env->page_check, o->env->mdb);
	if (rc == 0 && env_open_is_old(o, version))
		rc = migrate_copy(o->env, o->dir, version);
	if (rc == 0 && env_open_is_old(o, version))
		rc = env_open_prepare_migration(o->env);
	if (rc == 0)
		rc = env_open_schema(o, version);
	o->env->reserve_bytes = ENV_RESERVE_BYTES;
	if (rc != 0 || !env_open_is_old(o, version))
		return rc;
	log_event(LOG_NOTICE, "store_migrated", L_UINT("from", version),
	    L_UINT("to", o->migrations->version));
	return env_open_again(o);
}

/* Syncs the names of the files in a directory; LMDB syncs only their contents. EINVAL: the file system
 * does not support it (fsync(2)). */
static int
env_open_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 || fsync(fd) == -1 ? errno : 0;

	closefd(&fd);
	return rc == EINVAL ? 0 : rc;
}

/* A damaged store is opened, so that it can be read. */
static int
env_open_check_pages(struct env *env)
{
	int rc = page_check_freed(&env->page_check, env->mdb);

	if (!env_is_page_damage(rc))
		return rc;
	env_found_damage(env, page_check_damage);
	return 0;
}

int
env_open_with(struct env *env, const char *dir, uint64_t max_bytes, env_fill_fn *fill,
    const struct migrations *migrations)
{
	const struct env_opening o = {env, dir, fill, migrations};
	int rc;

	env_init(env, max_bytes);
	rc = env_create_files(dir);
	if (rc == 0)
		rc = env_open_mdb(env, dir);
	if (rc == 0)
		rc = env_open_known(&o);
	if (rc == 0)
		rc = env_open_sync_dir(dir);
	env->bounded = rc == 0;
	if (rc == 0)
		rc = env_open_check_pages(env);
	if (rc == 0)
		return 0;
	env_close(env);
	if (rc == EX_CONFIG)
		return rc;
	log_event(LOG_ERROR, "store_unusable", L_STR("dir", dir),
	    L_STR("error", env_strerror(rc)), L_STR("help", env_error_help(rc)));
	return env_open_exit_status(rc);
}

int
env_open(struct env *env, const char *dir, uint64_t max_bytes, env_fill_fn *fill)
{
	return env_open_with(env, dir, max_bytes, fill, &known_migrations);
}
