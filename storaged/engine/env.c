/*
 * Opens and watches the LMDB environment. lmdb.h is the reference for the rules obeyed here: one
 * open per process, mdb_env_set_mapsize() only between transactions.
 */
#include "storaged/engine/env.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/engine/meta_page.h"
#include "storaged/engine/page_tree.h"
#include "storaged/engine/safe_read.h"

/* LMDB's own trees, before all tables (mdb.c, CORE_DBS): the free pages, and the list of tables. */
#define CORE_TREES 2

/* A write that fails within RELAPSE_MS after the store became writable doubles the number of
 * probes that are ignored, up to PROBES_IGNORED_MAX: so the reported state changes at most twice
 * in half a minute. */
#define RELAPSE_MS         60000u
#define PROBES_IGNORED_MAX 31u

/* With less than this free, a failed write is taken for a full disk: other processes may have
 * freed some space since. */
#define DISK_FULL_BYTES ((uint64_t)1 << 20)

static bool
env_read_disk_free(const struct env *env, uint64_t *bytes)
{
	struct statvfs disk;
	mdb_filehandle_t fd;

	if (mdb_env_get_fd(env->mdb, &fd) != 0 || fstatvfs(fd, &disk) != 0)
		return false;
	*bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	return true;
}

uint64_t
env_disk_free(const struct env *env)
{
	uint64_t bytes;

	return env_read_disk_free(env, &bytes) ? bytes : 0;
}

static bool
env_disk_is_full(const struct env *env)
{
	uint64_t bytes;

	return env_read_disk_free(env, &bytes) && bytes < DISK_FULL_BYTES;
}

/* On a disk that fills up, a write is short without an error, and LMDB 0.9 turns every short
 * write into EIO (mdb.c, mdb_page_flush()). */
int
env_write_error(const struct env *env, int rc)
{
	return rc == EIO && env_disk_is_full(env) ? ENOSPC : rc;
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
	    rc == MDB_INVALID || rc == COMMIT_LOG_LOST;
}

bool
env_is_damage(int rc)
{
	return rc == MDB_INVALID || rc == MDB_INCOMPATIBLE || rc == MDB_VERSION_MISMATCH ||
	    rc == RECORD_DAMAGED || env_is_page_damage(rc);
}

bool
env_is_page_damage(int rc)
{
	return rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_CURSOR_FULL;
}

static void
env_note_damage(struct env *env, const char *what, const char *help)
{
	if (env->damage != NULL || !env->bounded)
		return;
	env->damage = what;
	env->writable = false;
	log_event(LOG_ERROR, "store_damaged", L_STR("error", what), L_STR("help", help));
}

void
env_found_damage(struct env *env, const char *what)
{
	env_note_damage(env, what,
	    "the store is read-only now: save its contents with banter export, and "
	    "restore a backup");
}

const char env_main_damage_help[] =
    "nothing can be read: save the state before the last commit with banter export, stop "
    "storaged, check the disk, and restore the last backup with banter restore --force FILE";

void
env_found_main_damage(struct env *env)
{
	env_note_damage(env, page_tree_main_damage, env_main_damage_help);
}

const char env_meta_damage_help[] =
    "save the contents with banter export, stop storaged, check the disk, and restore the last "
    "backup with banter restore --force FILE";

void
env_found_meta_damage(struct env *env)
{
	env_note_damage(env, meta_page_damage, env_meta_damage_help);
}

const char *
env_strerror(int rc)
{
	return rc == RECORD_DAMAGED ? "a record is damaged"
	    : rc == COMMIT_LOG_LOST ? "the commit log did not acknowledge it"
				    : mdb_strerror(rc);
}

const char *
env_error_help(int rc)
{
	if (rc == MDB_MAP_FULL)
		return "the store is full: raise STORE_MAX_BYTES";
	if (env_is_full_error(rc))
		return "the disk is full: free some space";
	if (env_is_damage(rc))
		return "this is not a store of banter, or it is damaged: restore a backup "
		       "(banter restore --force FILE)";
	return NULL;
}

void
env_init(struct env *env, uint64_t max_bytes)
{
	*env = (struct env){.writable = true, .freed_pages_hidden = true};
	/* LMDB requires a multiple of the page size. */
	env->max_bytes = (size_t)(max_bytes & ~(uint64_t)0xffff);
	buf_init(&env->record, RECORD_MAX);
	buf_init(&env->list, LIST_MAX);
	buf_init(&env->faces, FACES_MAX);
	buf_init(&env->places, PLACES_MAX);
	buf_init(&env->text, TEXT_MAX);
	buf_init(&env->changes, CHANGES_MAX);
	buf_init(&env->details, DETAILS_MAX);
	buf_init(&env->file_items, FILES_MAX);
	buf_init(&env->words, WORDS_MAX);
	buf_init(&env->answer, ANSWER_PARTS_MAX);
	buf_init(&env->unfit, UNFIT_MAX);
	buf_init(&env->sources, SOURCES_MAX);
}

int
env_open_mdb(struct env *env, const char *path, unsigned flags)
{
	int dead, rc;

	rc = mdb_env_create(&env->mdb);
	if (rc != 0)
		return rc;
	rc = safe_read_init(env->mdb);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->mdb, env->max_bytes);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env->mdb, TABLES_MAX);
	/* NOTLS: a reader's slot belongs to its transaction, so that the one reader can be kept
	 * while a write transaction runs on the same thread. */
	if (rc == 0)
		rc = mdb_env_open(env->mdb, path, flags | MDB_NOTLS, 0600);
	if (rc == 0)
		safe_read_mapped(env->mdb);
	/* The slots of a killed process would keep old pages from being reused. */
	if (rc == 0)
		rc = mdb_reader_check(env->mdb, &dead);
	return rc;
}

int
env_defer_meta_sync(struct env *env, bool on)
{
	int rc = mdb_env_set_flags(env->mdb, MDB_NOMETASYNC, on);

	return rc != 0 || on ? rc : mdb_env_sync(env->mdb, 1);
}

int
env_hold_log(struct env *env)
{
	return env->log == NULL || env->log->hold(env->log) ? 0 : COMMIT_LOG_LOST;
}

void
env_close_mdb(struct env *env)
{
	if (env->reader != NULL)
		mdb_txn_abort(env->reader);
	env->reader = NULL;
	page_check_clear(&env->page_check);
	safe_read_unmapped(env->mdb);
	if (env->mdb != NULL)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
	readers_clear(&env->readers);
}

void
env_close(struct env *env)
{
	env_close_mdb(env);
	buf_clear(&env->record);
	buf_clear(&env->list);
	buf_clear(&env->faces);
	buf_clear(&env->places);
	buf_clear(&env->text);
	buf_clear(&env->changes);
	buf_clear(&env->details);
	buf_clear(&env->file_items);
	buf_clear(&env->words);
	buf_clear(&env->answer);
	buf_clear(&env->unfit);
	buf_clear(&env->sources);
	free(env->numbers);
	env->numbers = NULL;
}

static int
env_map_reserve(struct env *env, bool use)
{
	int rc = mdb_env_set_mapsize(env->mdb, env->max_bytes + (use ? ENV_RESERVE_BYTES : 0));

	page_check_moved(&env->page_check);
	safe_read_mapped(env->mdb);
	return rc;
}

int
env_use_reserve(struct env *env, bool use)
{
	/* A size below what is in use becomes what is in use (lmdb.h): a reserve that was used
	 * stays, and becomes free pages again. */
	if (use)
		env->freed_pages_hidden = true;
	return env->keeps_reserve ? 0 : env_map_reserve(env, use);
}

int
env_keep_reserve(struct env *env)
{
	int rc = env_map_reserve(env, true);

	env->keeps_reserve = rc == 0;
	return rc;
}

/* Whether the file is so short that not even a transaction that takes the whole reserve comes to the bound. */
static bool
env_is_far_below_bound(const struct env *env, const MDB_envinfo *info)
{
	MDB_stat stat;

	return mdb_env_stat(env->mdb, &stat) == 0 &&
	    (info->me_last_pgno + 1) * stat.ms_psize + ENV_RESERVE_BYTES <= env->max_bytes;
}

static int
env_add_tree(MDB_txn *txn, MDB_dbi tree, uint64_t *pages)
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

	*pages = META_PAGES;
	for (MDB_dbi i = 0; i < CORE_TREES && rc == 0; i++)
		rc = env_add_tree(txn, i, pages);
	for (enum table i = 0; i < TABLES && rc == 0; i++)
		rc = env_add_tree(txn, env->dbi[i], pages);
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

	/* Without env_keep_reserve(), the map is larger than requested only if more was in use. */
	if (!env->bounded || mdb_env_info(env->mdb, &info) != 0 ||
	    info.me_mapsize <= env->max_bytes || env_is_far_below_bound(env, &info))
		return false;
	return env_used_bytes(env, txn, &used) == 0 && used > env->max_bytes;
}

static unsigned
env_next_probes_ignored(const struct env *env)
{
	unsigned doubled = 2 * env->probes_ignored + 1;

	if (env->writable_at == 0 || clock_mono_ms() - env->writable_at >= RELAPSE_MS)
		return 0;
	return doubled < PROBES_IGNORED_MAX ? doubled : PROBES_IGNORED_MAX;
}

void
env_work_failed(const char *event, int rc, const char *help)
{
	if (rc != COMMIT_LOG_LOST)
		log_event(
		    LOG_ERROR, event, L_STR("error", env_strerror(rc)), L_STR("help", help));
}

void
env_write_failed(struct env *env, int rc)
{
	/* The disk is not to blame. */
	if (rc == COMMIT_LOG_LOST)
		return;
	env->probes_passed = 0;
	env->full = env_is_full_error(rc);
	if (!env->writable)
		return;
	env->writable = false;
	env->probes_ignored = env_next_probes_ignored(env);
	log_event(LOG_ERROR, "store_not_writable", L_STR("error", env_strerror(rc)),
	    L_STR("help", env_error_help(rc)));
}

void
env_watch_readers(struct env *env, const char *dir, uint64_t max_bytes)
{
	if (readers_init(&env->readers, dir, max_bytes) == -1)
		log_event(LOG_WARN, "readers_unchecked", L_ERRNO());
}

void
env_look_at_readers(struct env *env)
{
	readers_look(&env->readers, env->mdb, env->page_check.freed_pages);
}

unsigned
env_check_readers(struct env *env)
{
	int dead = 0, rc = mdb_reader_check(env->mdb, &dead);

	if (rc != 0)
		log_event(LOG_WARN, "readers_unchecked", L_STR("error", mdb_strerror(rc)));
	else if (dead > 0)
		log_event(LOG_NOTICE, "dead_readers", L_INT("readers", dead));
	env_look_at_readers(env);
	readers_limit(&env->readers);
	return rc == 0 && dead > 0 ? (unsigned)dead : 0;
}
