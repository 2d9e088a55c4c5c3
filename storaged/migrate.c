/*
 * The steps from each schema to the next, and the copy of the store before the first of them.
 */
#include "storaged/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/basics.h"
#include "proto/log.h"

/* -- from 1 to 2: an open turn names its conversation -------------------------------------- */

/*
 * So that all that belongs to a conversation can be found from it. The bytes:
 *
 *	turns            both    version 1, organization 16, conversation 16, sequence number 8
 *	open_turns       1       version 1, started at 8
 *	                 2       the same, conversation 16
 */
enum {
	TURN_BYTES = 41,
	TURN_CONVERSATION = 17,
	OPEN_TURN_1_BYTES = 9,
	OPEN_TURN_2_BYTES = 25,
};

/* Removes an open turn with the pieces of its reply, and all keys begin with its id. */
static int
drop_open_turn(struct txn *t, const struct key *turn)
{
	struct walk w;
	int rc = txn_del(t, TABLE_OPEN_TURNS, turn);

	if (rc != 0)
		return rc;
	rc = walk_open(&w, t, TABLE_PARTIALS, turn);
	while (rc == 0) {
		rc = walk_from(&w, turn);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/*
 * An open turn that has no place in any conversation has no future either: no worker can finish it
 * and no start can end it as interrupted. Schema 1 wrote both records in one transaction, so only
 * damage makes such a one. It goes, with a line in the log; the copy of the store still has it.
 */
static int
drop_homeless(struct txn *t, const struct key *turn)
{
	struct id id = key_front(key_slice(turn));

	log_event(LOG_WARN, "open_turn_dropped", L_ID("turn", &id),
	    L_STR("why", "it has no place in any conversation"));
	return drop_open_turn(t, turn);
}

static int
name_conversation(struct txn *t, const struct key *turn, struct slice old)
{
	uint8_t record[OPEN_TURN_2_BYTES] = {2};
	struct slice place;
	int rc;

	/* By its key alone it is open; when it began matters to nobody. */
	if (old.len == OPEN_TURN_1_BYTES && old.p[0] == 1)
		memcpy(record + 1, old.p + 1, 8);
	rc = txn_get(t, TABLE_TURNS, turn, &place);
	if (rc == MDB_NOTFOUND || (rc == 0 && (place.len != TURN_BYTES || place.p[0] != 1)))
		return drop_homeless(t, turn);
	if (rc != 0)
		return rc;
	memcpy(record + OPEN_TURN_1_BYTES, place.p + TURN_CONVERSATION, sizeof(struct id));
	return txn_put(t, TABLE_OPEN_TURNS, turn, (struct slice){record, sizeof(record)});
}

/* The open turn behind `at` (an empty key: the first). Its bytes lie in the map. */
static int
next_open_turn(struct txn *t, struct key *at, struct slice *record)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, TABLE_OPEN_TURNS, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && at->len > 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	if (rc == 0 && !key_fits(TABLE_OPEN_TURNS, w.key))
		rc = RECORD_DAMAGED;
	if (rc == 0) {
		*at = key_of(w.key);
		*record = w.value;
	}
	walk_close(&w);
	return rc;
}

/* Calls change for each of them. */
static int
change_open_turns(
    struct txn *t, int (*change)(struct txn *, const struct key *turn, struct slice old))
{
	struct key turn = {0};
	struct slice record;
	int rc;

	while ((rc = next_open_turn(t, &turn, &record)) == 0) {
		rc = change(t, &turn, record);
		if (rc != 0)
			break;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
name_conversations(struct txn *t)
{
	return change_open_turns(t, name_conversation);
}

/* -- from 2 to 3: an open turn names its run, and clients' ids have a table ----------------- */

/*
 * Every turn of before was its own run. The bytes:
 *
 *	open_turns       2       as above
 *	                 3       the same but the version, run 16
 *
 * The table client_ids is made by who opens the tables.
 */
enum {
	OPEN_TURN_3_BYTES = 41,
};

static int
name_run(struct txn *t, const struct key *turn, struct slice old)
{
	uint8_t record[OPEN_TURN_3_BYTES] = {3};
	struct slice place;
	int rc;

	if (old.len == OPEN_TURN_2_BYTES && old.p[0] == 2) {
		memcpy(record + 1, old.p + 1, OPEN_TURN_2_BYTES - 1);
	} else {
		/* By its key alone it is open. */
		rc = txn_get(t, TABLE_TURNS, turn, &place);
		if (rc == MDB_NOTFOUND ||
		    (rc == 0 && (place.len != TURN_BYTES || place.p[0] != 1)))
			return drop_homeless(t, turn);
		if (rc != 0)
			return rc;
		memcpy(
		    record + OPEN_TURN_1_BYTES, place.p + TURN_CONVERSATION, sizeof(struct id));
	}
	memcpy(record + OPEN_TURN_2_BYTES, turn->b, sizeof(struct id));
	return txn_put(t, TABLE_OPEN_TURNS, turn, (struct slice){record, sizeof(record)});
}

static int
name_runs(struct txn *t)
{
	return change_open_turns(t, name_run);
}

/* -- all of them --------------------------------------------------------------------------- */

/* In their order: the first makes 2 of 1. */
static int (*const steps[])(struct txn *) = {
    name_conversations,
    name_runs,
};

_Static_assert(
    ARRAY_LEN(steps) == SCHEMA_VERSION - 1, "each version but the last has its step");

int
migrate(struct txn *t, uint64_t from)
{
	int rc = 0;

	must(from >= 1 && from < SCHEMA_VERSION);
	for (uint64_t version = from; version < SCHEMA_VERSION && rc == 0; version++)
		rc = steps[version - 1](t);
	return rc;
}

/* -- the copy ------------------------------------------------------------------------------ */

/* Writes all of the store to a file. */
static int
copy_to(struct env *env, int fd)
{
	int rc = mdb_env_copyfd2(env->mdb, fd, MDB_CP_COMPACT);

	/* It counts the pages and finds that some are lost: LMDB's word for a leak, which harms
	 * nobody. Then they are copied as well. */
	if (rc == MDB_INCOMPATIBLE) {
		if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1)
			return errno;
		rc = mdb_env_copyfd2(env->mdb, fd, 0);
	}
	if (rc == 0 && fsync(fd) == -1)
		rc = errno;
	return rc;
}

/* The same to a file of this name, whose size it gets. */
static int
make_copy(struct env *env, const char *path, uint64_t *bytes)
{
	/* What a try before left here is worth nothing. */
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st = {0};
	int rc;

	if (fd == -1)
		return errno;
	rc = copy_to(env, fd);
	if (rc == 0 && fstat(fd, &st) == -1)
		rc = errno;
	*bytes = (uint64_t)st.st_size;
	closefd(&fd);
	return rc;
}

/* Gives a file its last name, on disk. */
static int
rename_synced(const char *dir, const char *from, const char *to)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (fd == -1)
		return errno;
	if (rename(from, to) == -1 || fsync(fd) == -1)
		rc = errno;
	closefd(&fd);
	return rc;
}

int
migrate_backup(struct env *env, const char *dir, uint64_t from)
{
	char path[PATH_MAX], part[PATH_MAX];
	uint64_t bytes = 0;
	int n, rc;

	n = snprintf(part, sizeof(part), "%s/data-schema%u.mdb.part", dir, (unsigned)from);
	if (n < 0 || (size_t)n >= sizeof(part))
		return ENAMETOOLONG;
	(void)snprintf(path, sizeof(path), "%s/data-schema%u.mdb", dir, (unsigned)from);
	rc = make_copy(env, part, &bytes);
	if (rc == 0)
		rc = rename_synced(dir, part, path);
	if (rc == 0) {
		log_event(LOG_NOTICE, "store_copied", L_STR("path", path),
		    L_UINT("bytes", bytes), L_UINT("schema", from));
		return 0;
	}
	unlink(part);
	log_event(LOG_ERROR, "store_not_copied", L_STR("path", path),
	    L_STR("error", mdb_strerror(rc)),
	    L_STR("help",
		"the store must be copied before it can be brought to this version's schema, "
		"and "
		"nothing of it was changed: make room in this directory, or install the old "
		"version again"));
	return rc;
}
