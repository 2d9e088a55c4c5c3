/*
 * Opens a store without changing or creating anything.
 *
 * A data directory has LMDB's lock file, in which a reader takes a slot to protect its pages. It is
 * missing only if storaged has not run since the store was put there. If LMDB created it for root,
 * storaged could not open it; so we open without it, and lock storaged out instead. A file outside
 * a data directory is a backup, which nobody writes to.
 */
#include "storaged/cli/store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/files/store_files.h"
#include "storaged/cli/store/last_commit.h"
#include "storaged/cli/store/lone_meta.h"
#include "storaged/engine/env_tables.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/page_tree.h"
#include "storaged/engine/safe_read.h"
#include "storaged/server/listen.h"

int
snapshot_fail(const char *path, int rc)
{
	switch (rc) {
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_NOTFOUND:
	case MDB_BAD_VALSIZE:
	case RECORD_DAMAGED:
		return console_fail(EX_DATAERR,
		    "%s is not a banter store, or it is damaged (%s): restore a backup "
		    "(banter restore --force FILE)",
		    path, env_strerror(rc));
	case MDB_READERS_FULL:
	case MDB_MAP_RESIZED:
	case EAGAIN:
		return console_fail(
		    EX_TEMPFAIL, "%s is in use (%s): try again later", path, env_strerror(rc));
	default:
		return rc > 0 ? console_fail_path(path, rc)
			      : console_fail(EX_IOERR, "%s: %s", path, env_strerror(rc));
	}
}

/* A crash at the very first start leaves an empty file. */
static int
snapshot_check_file(const char *path, int rc, const struct stat *st)
{
	if (rc == -1 && errno == ENOENT)
		return console_fail(EX_NOINPUT,
		    "there is no store: %s is missing; set DATA_DIR or --data-dir to its "
		    "directory",
		    path);
	if (rc == -1)
		return console_fail_path(path, errno);
	if (!S_ISREG(st->st_mode))
		return console_fail(EX_NOINPUT, "%s is not a regular file", path);
	if (st->st_size == 0)
		return console_fail(EX_DATAERR,
		    "%s is empty: restore a backup, or remove it to start with a new store",
		    path);
	return 0;
}

static int
snapshot_check_data(int dir, const char *path)
{
	char name[4096];
	struct stat st;
	int rc = fstatat(dir, STORE_DATA_NAME, &st, 0);
	int saved = errno;

	(void)snprintf(name, sizeof(name), "%s/" STORE_DATA_NAME, path);
	errno = saved;
	return snapshot_check_file(name, rc, &st);
}

/* Keeps `banter restore` from replacing the store. */
static int
snapshot_lock_dir(struct snapshot *s, const char *path)
{
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir == -1)
		return console_fail_path(path, errno);
	if (flock(s->dir, LOCK_SH | LOCK_NB) == -1)
		return console_fail(
		    EX_TEMPFAIL, "%s: a restore is running; try again when it has ended", path);
	return snapshot_check_data(s->dir, path);
}

/* Keeps storaged from starting, because it cannot see us without the lock file. On a read-only file
 * system it cannot start anyway. */
static int
snapshot_lock_storaged(struct snapshot *s, const char *path)
{
	if (listen_try_lock(path, &s->lock) == 0 || errno == EROFS)
		return 0;
	if (errno == EWOULDBLOCK)
		return console_fail(EX_TEMPFAIL, "%s: storaged is starting; try again", path);
	return console_fail_path(path, errno);
}

/* Reads with the rights of the store's user only, so that storaged can kill us if our snapshot keeps too many
 * pages (engine/readers.h). Only root can change its user. */
static int
snapshot_become_owner(struct snapshot *s, const char *path)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fstat(s->dir, &st) == -1)
		return console_fail_path(path, errno);
	if (st.st_uid == 0)
		return 0;
	/* Without the capability, as in some containers, it reads as root. */
	if (setgroups(0, NULL) == -1 && errno == EPERM)
		return 0;
	if (setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1)
		return console_fail(
		    EX_OSERR, "cannot become the user of the store: %s", strerror(errno));
	/* Only root may be allowed to follow the path. */
	s->inside = fchdir(s->dir) == 0;
	/* A change of the user cancels this (prctl(2)). */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static int
snapshot_prepare_dir(struct snapshot *s, const char *path, unsigned *flags)
{
	int status = snapshot_lock_dir(s, path);

	if (status != 0)
		return status;
	if (faccessat(s->dir, STORE_LOCK_NAME, F_OK, 0) == 0)
		return snapshot_become_owner(s, path);
	*flags |= MDB_NOLOCK;
	return snapshot_lock_storaged(s, path);
}

/* Refuses a file of a data directory. */
static int
snapshot_check_backup(const char *path, int rc, const struct stat *st)
{
	int status = snapshot_check_file(path, rc, st);

	if (status == 0 && store_files_has_path(path))
		return console_fail(EX_USAGE,
		    "%s is a store, not a backup: name its directory with --data-dir instead",
		    path);
	return status;
}

/* The flags with which LMDB can read the directory or file. */
static int
snapshot_prepare(struct snapshot *s, const char *path, unsigned *flags)
{
	struct stat st;
	int rc = stat(path, &st);

	*flags = MDB_RDONLY | MDB_NOTLS;
	if (rc == 0 && S_ISDIR(st.st_mode))
		return snapshot_prepare_dir(s, path, flags);
	*flags |= MDB_NOSUBDIR | MDB_NOLOCK;
	return snapshot_check_backup(path, rc, &st);
}

static int
snapshot_create_mdb(struct env *env)
{
	int rc = mdb_env_create(&env->mdb);

	if (rc == 0)
		rc = safe_read_init(env->mdb);
	return rc == 0 ? mdb_env_set_maxdbs(env->mdb, TABLES_MAX) : rc;
}

static int
snapshot_open_mdb(struct env *env, const char *path, unsigned flags)
{
	int rc = snapshot_create_mdb(env);

	/* The store contains the size of its map. */
	if (rc == 0)
		rc = mdb_env_open(env->mdb, path, flags, 0600);
	if (rc == 0)
		safe_read_mapped(env->mdb);
	return rc;
}

/* Commits the transaction that opened the tables: only a commit keeps the handles, even if nothing
 * was written (lmdb.h, mdb_dbi_open()). */
static int
snapshot_end_opening(struct txn *t)
{
	t->env->reader = NULL;
	safe_read_take_back(&t->lent);
	return mdb_txn_commit(t->mdb);
}

/* Opens meta first, because it holds the schema version, which decides about the other tables. *schema: the version,
 * which is read if it is 0. */
static int
snapshot_open_tables(struct env *env, uint64_t *schema)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(t.mdb, table_name(TABLE_META), 0, &env->dbi[TABLE_META]);
	if (rc == 0 && *schema == 0)
		rc = env_tables_version(&t, schema);
	if (rc == 0 && *schema == SCHEMA_VERSION)
		rc = env_tables_open(&t, false);
	if (rc == 0)
		return snapshot_end_opening(&t);
	txn_abort(&t);
	return rc;
}

/* is_salvage: a version that cannot be read is taken for the present one. */
static int
snapshot_read_schema(struct env *env, uint64_t *schema, bool is_salvage)
{
	int rc;

	*schema = 0;
	rc = snapshot_open_tables(env, schema);
	if (!is_salvage || !env_is_damage(rc))
		return rc;
	console_warn(
	    "the version of the store cannot be read: it is taken for %d", SCHEMA_VERSION);
	*schema = SCHEMA_VERSION;
	return snapshot_open_tables(env, schema);
}

/* Opens the environment again, as it was before the last commit. storaged does not write without the main tree. */
static int
snapshot_go_back(struct snapshot *s, const char *path, unsigned flags)
{
	int rc;

	safe_read_unmapped(s->env.mdb);
	mdb_env_close(s->env.mdb);
	s->env.mdb = NULL;
	s->went_back = true;
	rc = snapshot_open_mdb(&s->env, path, flags | MDB_NOLOCK);
	if (rc == 0)
		rc = last_commit_hide(s->env.mdb);
	return rc != 0 ? rc : page_tree_check_main(s->env.mdb);
}

/* Opens a store of which one meta page is damaged. storaged does not write without both. */
static int
snapshot_open_lone_meta(struct snapshot *s, const char *path)
{
	int file = s->dir == -1 ? open(path, O_RDONLY | O_CLOEXEC)
				: openat(s->dir, STORE_DATA_NAME, O_RDONLY | O_CLOEXEC);
	int rc;

	safe_read_unmapped(s->env.mdb);
	mdb_env_close(s->env.mdb);
	s->env.mdb = NULL;
	s->lost_meta = true;
	if (file == -1)
		return errno;
	rc = snapshot_create_mdb(&s->env);
	if (rc == 0)
		rc = lone_meta_open(s->env.mdb, file);
	closefd(&file);
	return rc;
}

/* Checks the meta pages and the main tree before LMDB trusts them. */
static int
snapshot_check_main(struct snapshot *s, const char *path, unsigned flags, bool may_go_back)
{
	bool was_lost = s->lost_meta;
	int rc = was_lost ? 0 : meta_page_check_numbers(s->env.mdb);

	if (rc == MDB_CORRUPTED && may_go_back)
		s->lost_meta = true;
	else if (rc != 0)
		return rc;
	rc = page_tree_check_main(s->env.mdb);

	return rc == MDB_CORRUPTED && may_go_back && !was_lost
	    ? snapshot_go_back(s, path, flags)
	    : rc;
}

static int
snapshot_open_any(struct snapshot *s, const char *path, uint64_t *schema, bool may_go_back)
{
	const char *inside;
	unsigned flags;
	int rc, status;

	*s = (struct snapshot){.dir = -1, .lock = -1, .open = true};
	*schema = 0;
	buf_init(&s->env.record, RECORD_MAX);
	buf_init(&s->env.list, LIST_MAX);
	buf_init(&s->env.text, TEXT_MAX);
	status = snapshot_prepare(s, path, &flags);
	if (status != 0)
		return status;
	inside = s->inside ? "." : path;
	rc = snapshot_open_mdb(&s->env, inside, flags);
	if (may_go_back && env_is_damage(rc))
		rc = snapshot_open_lone_meta(s, inside);
	if (rc == 0)
		rc = snapshot_check_main(s, inside, flags, may_go_back);
	if (rc == 0)
		rc = snapshot_read_schema(&s->env, schema, may_go_back);
	return rc == 0 ? 0 : snapshot_fail(path, rc);
}

static int
snapshot_open_not_newer(
    struct snapshot *s, const char *path, uint64_t *schema, bool may_go_back)
{
	int status = snapshot_open_any(s, path, schema, may_go_back);

	if (status != 0 || *schema <= SCHEMA_VERSION)
		return status;
	return console_fail(EX_CONFIG,
	    "%s was written by a newer banter (schema %llu; this version reads up to %d): use "
	    "the banter version that wrote it",
	    path, (unsigned long long)*schema, SCHEMA_VERSION);
}

int
snapshot_open_older(struct snapshot *s, const char *path, uint64_t *schema)
{
	return snapshot_open_not_newer(s, path, schema, false);
}

static int
snapshot_open_known(struct snapshot *s, const char *path, bool may_go_back)
{
	uint64_t schema = 0;
	int status = snapshot_open_not_newer(s, path, &schema, may_go_back);

	if (status != 0 || schema == SCHEMA_VERSION)
		return status;
	return console_fail(EX_CONFIG,
	    "%s was written by an older banter (schema %llu, not %d): start storaged once to "
	    "migrate it",
	    path, (unsigned long long)schema, SCHEMA_VERSION);
}

int
snapshot_open(struct snapshot *s, const char *path)
{
	return snapshot_open_known(s, path, false);
}

int
snapshot_open_damaged(struct snapshot *s, const char *path)
{
	return snapshot_open_known(s, path, true);
}

void
snapshot_close(struct snapshot *s)
{
	if (!s->open)
		return;
	env_close(&s->env);
	closefd(&s->dir);
	closefd(&s->lock);
	s->open = false;
}
