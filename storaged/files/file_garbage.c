#include "storaged/files/file_garbage.h"

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/files/file_records.h"
#include "storaged/request/store_time.h"

/* Pieces of a step. */
#define STEP_PIECES      64u
#define STEP_PIECES_FULL 1u /* in a full store */

/* Removes something of a removed file. MDB_NOTFOUND: there is none. */
static int
file_garbage_remove(struct txn *t, unsigned most)
{
	static const struct id nobody;
	const struct key front = key_id(&nobody);
	struct key entry, key;
	struct id file;
	int rc = txn_first(t, TABLE_FILES_BY_OWNER, &front, &entry);

	if (rc != 0)
		return rc;
	if (!key_fits(TABLE_FILES_BY_OWNER, key_slice(&entry)))
		return txn_del(t, TABLE_FILES_BY_OWNER, &entry);
	file = key_back(key_slice(&entry));
	key = key_id(&file);
	rc = file_remove_pieces(t, &key, most);
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = file_forget(t, &key);
	/* The record is damaged or missing; its entry must not stop all others. */
	return rc != 0 && txn_survives(rc) ? txn_del(t, TABLE_FILES_BY_OWNER, &entry) : rc;
}

/* The first of all files, which is the oldest: ids are in the order of their times. MDB_NOTFOUND: it is not too old. */
static int
file_garbage_oldest(struct txn *t, uint64_t before, struct msg_file_record *r)
{
	const struct key all = {0};
	struct key first;
	int rc = txn_first(t, TABLE_FILES, &all, &first);

	if (rc == 0)
		rc = txn_get_record(t, TABLE_FILES, &first, r);
	return rc == 0 && r->created_at >= before ? MDB_NOTFOUND : rc;
}

/* Drops the oldest file if it is too old. MDB_NOTFOUND: it is not. */
static int
file_garbage_retire(struct txn *t)
{
	const uint64_t kept = t->env->files_retention_days * CLOCK_DAY_MS;
	const uint64_t now = store_time_steady(t->env);
	struct msg_file_record r;
	struct id file;
	int rc;

	if (kept == 0 || now <= kept)
		return MDB_NOTFOUND;
	rc = file_garbage_oldest(t, now - kept, &r);
	/* A copy is as old as its picture. */
	if (rc == 0 && r.check == FILE_COPY) {
		file = r.owner;
		rc = file_find(t, &file, &r);
	}
	return rc != 0 ? rc : file_drop(t, &r);
}

/* MDB_NOTFOUND: nothing is to be done. */
static int
file_garbage_run(struct txn *t, unsigned most)
{
	int rc = file_garbage_remove(t, most);

	return rc == MDB_NOTFOUND ? file_garbage_retire(t) : rc;
}

static int
file_garbage_try(struct env *env, enum txn_mode mode, unsigned most)
{
	struct txn t;
	int rc = txn_begin(&t, env, mode);

	if (rc != 0)
		return rc;
	rc = file_garbage_run(&t, most);
	if (rc == 0)
		return txn_commit(&t);
	txn_abort(&t);
	return rc;
}

void
file_garbage_start(struct env *env)
{
	env->files.clean = false;
	env->files.paused = false;
}

/* Whether there is nothing to do, so that no transaction for writing has to begin. */
static bool
file_garbage_is_clean(struct env *env)
{
	static const struct id nobody;
	const struct key front = key_id(&nobody);
	const uint64_t kept = env->files_retention_days * CLOCK_DAY_MS;
	const uint64_t now = store_time_steady(env);
	struct msg_file_record r;
	struct key entry;
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return true;
	rc = txn_first(&t, TABLE_FILES_BY_OWNER, &front, &entry);
	if (rc == MDB_NOTFOUND && kept > 0 && now > kept)
		rc = file_garbage_oldest(&t, now - kept, &r);
	txn_abort(&t);
	return rc != 0;
}

bool
file_garbage_step(struct env *env)
{
	int rc;

	if (env->files.clean || env->files.paused || env->damage != NULL)
		return false;
	env->files.clean = file_garbage_is_clean(env);
	if (env->files.clean)
		return false;
	rc = file_garbage_try(env, TXN_WRITE, STEP_PIECES);
	/* On a full disk a small step may fit, and frees some space. */
	if (env_is_full_error(rc))
		rc = file_garbage_try(env, TXN_DELETE, STEP_PIECES_FULL);
	if (rc == 0)
		return true;
	env->files.clean = rc == MDB_NOTFOUND;
	/* Tried again with the next maintenance. */
	env->files.paused = rc != MDB_NOTFOUND;
	if (rc != MDB_NOTFOUND && !env_is_full_error(rc))
		env_work_failed("files_not_removed", rc, NULL);
	return false;
}
