/*
 * Opening the store. lmdb.h is the reference for the rules on tables (mdb_dbi_open()).
 */
#include "storaged/open/env_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/env_tables.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/page_tree.h"
#include "storaged/open/env_create.h"
#include "storaged/open/lineage.h"
#include "storaged/open/migrate_file.h"

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
env_open_read_version(struct env *env, uint64_t *version, enum lineage *lineage)
{
	bool empty;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	*version = 0;
	*lineage = LINEAGE_NONE;
	if (rc != 0)
		return rc;
	rc = env_open_is_empty(&t, &empty);
	if (rc == 0 && !empty) {
		rc = mdb_dbi_open(t.mdb, table_name(TABLE_META), 0, &env->dbi[TABLE_META]);
		if (rc == 0)
			rc = env_tables_version(&t, version);
		if (rc == MDB_NOTFOUND || (rc == 0 && *version == 0))
			rc = MDB_INCOMPATIBLE;
		if (rc == 0 && *version > SCHEMA_UNCHECKED)
			rc = lineage_read(&t, lineage);
	}
	txn_abort(&t);
	return rc;
}

/* Opens the tables, and fills those of a new store: all of it or nothing. named: the store names our lineage. */
static int
env_open_schema(const struct env_opening *o, bool fresh, bool named)
{
	struct txn t;
	int rc = txn_begin(&t, o->env, TXN_WRITE);

	if (rc != 0)
		return rc;
	rc = env_tables_open(&t, true);
	if (rc == 0 && fresh)
		rc = o->fill(&t);
	if (rc == 0 && fresh)
		rc = env_tables_set_version(&t, o->migrations->version);
	if (rc == 0 && fresh)
		rc = lineage_write(&t);
	if (rc == 0 && !fresh && !named)
		rc = lineage_check_records(&t);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

/* Converts an older store. A damaged one is unchanged. */
static int
env_open_migrate(const struct env_opening *o, uint64_t version)
{
	int rc = page_check_freed(&o->env->page_check, o->env->mdb);

	return rc != 0 ? rc : migrate(o->env, o->dir, o->migrations, version);
}

/* 0, an LMDB error, or EX_CONFIG (which is not one of those) for an unknown version. */
static int
env_open_known(const struct env_opening *o)
{
	uint64_t version;
	enum lineage lineage;
	int rc = env_open_read_version(o->env, &version, &lineage);

	if (rc == 0 && lineage == LINEAGE_OTHER) {
		log_event(LOG_ERROR, "store_foreign", L_UINT("schema", version),
		    L_STR("help",
			"another lineage of banter wrote this store: export it with that "
			"version, "
			"and import the file"));
		return EX_CONFIG;
	}
	if (rc == 0 && version > o->migrations->version) {
		log_event(LOG_ERROR, "store_too_new", L_UINT("schema", version),
		    L_UINT("known", o->migrations->version),
		    L_STR("help",
			"a newer banter wrote this store: install that version again, "
			"or restore a backup from before the upgrade"));
		return EX_CONFIG;
	}
	if (rc != 0)
		return rc;
	if (version != 0 && version < o->migrations->version)
		return env_open_migrate(o, version);
	return env_open_schema(o, version == 0, lineage == LINEAGE_OURS);
}

/* Distinguishes a store with one damaged meta page, which can be exported, from a file that is not a store. */
static void
env_open_explain(const char *dir)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = at == -1 ? -1 : openat(at, "data.mdb", O_RDONLY | O_CLOEXEC);
	struct meta_page meta;
	unsigned n;

	if (fd != -1 && meta_page_find(fd, &meta, &n) && n < META_PAGES)
		log_event(LOG_ERROR, "store_damaged", L_STR("error", meta_page_damage),
		    L_STR("help", env_meta_damage_help));
	closefd(&fd);
	closefd(&at);
}

static int
env_open_file(struct env *env, const char *dir)
{
	int rc = env_open_mdb(env, dir, 0);

	if (env_is_damage(rc))
		env_open_explain(dir);
	return rc;
}

/* Without the main tree nothing can be read. LMDB would trust it, and may end the process. */
static int
env_open_check_main(const struct env *env)
{
	int rc = page_tree_check_main(env->mdb);

	if (rc == MDB_CORRUPTED)
		log_event(LOG_ERROR, "store_damaged", L_STR("error", page_tree_main_damage),
		    L_STR("help", env_main_damage_help));
	return rc;
}

static int
env_open_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd == -1 ? errno : env_create_sync_dir(fd);

	closefd(&fd);
	return rc;
}

/* A damaged store is opened, so that it can be read. */
static int
env_open_check_pages(struct env *env)
{
	int rc = page_check_freed(&env->page_check, env->mdb);

	if (env_is_page_damage(rc)) {
		env_found_damage(env, page_check_damage);
		return 0;
	}
	if (rc == 0)
		rc = page_tree_check_roots(env->mdb);
	if (!env_is_page_damage(rc))
		return rc;
	env_found_damage(env, page_tree_root_damage);
	return 0;
}

/* Names our lineage in the store of a release that did not. Without room for that, the next start does it. */
static int
env_open_name_lineage(struct env *env)
{
	enum lineage lineage;
	struct txn t;
	int rc;

	if (env->damage != NULL)
		return 0;
	rc = txn_begin(&t, env, TXN_READ);
	if (rc == 0)
		rc = lineage_read(&t, &lineage);
	txn_abort(&t);
	if (rc != 0 || lineage != LINEAGE_NONE)
		return rc;
	rc = txn_begin(&t, env, TXN_WRITE);
	if (rc == 0)
		rc = lineage_write(&t);
	if (rc == 0)
		rc = txn_commit(&t);
	txn_abort(&t);
	return env_is_full_error(rc) || env->damage != NULL ? 0 : rc;
}

int
env_open_with(struct env *env, const char *dir, uint64_t max_bytes, env_fill_fn *fill,
    const struct migrations *migrations)
{
	const struct env_opening o = {env, dir, fill, migrations};
	int rc;

	env_init(env, max_bytes);
	migrate_file_remove(dir);
	rc = env_create_files(dir);
	if (rc == 0)
		rc = env_open_file(env, dir);
	if (rc == 0)
		rc = env_open_check_main(env);
	if (rc == 0)
		rc = env_open_known(&o);
	if (rc == 0)
		rc = env_open_sync_dir(dir);
	env->bounded = rc == 0;
	if (rc == 0)
		rc = env_open_check_pages(env);
	if (rc == 0)
		rc = env_open_name_lineage(env);
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
