/*
 * Runs verify_store(), and prints its results as text or JSON Lines.
 */
#include "storaged/cli/store/store_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/backup_sum.h"
#include "storaged/cli/store/snapshot.h"
#include "storaged/engine/safe_read.h"
#include "storaged/verify/verify.h"

struct store_check_state {
	const struct store_check *check;
	uint64_t total; /* entries of all tables */
};

static void
store_check_print_found(void *arg, enum table table, const char *what)
{
	const struct store_check_state *run = arg;
	struct buf text;

	if (!run->check->json) {
		console_print("%s: %s", table_name(table), what);
		return;
	}
	buf_init(&text, 65536);
	if (json_escape(&text, slice_str(what)) == 0)
		console_print("{\"table\":\"%s\",\"broken\":\"%.*s\"}", table_name(table),
		    (int)buf_len(&text), (const char *)buf_data(&text));
	buf_clear(&text);
}

static void
store_check_show_progress(void *arg, uint64_t entries)
{
	const struct store_check_state *run = arg;

	if (progress_due())
		progress_show("%" PRIu64 " of %" PRIu64 " entries", entries, run->total);
}

static void
store_check_print_sum(const struct store_check *check, const struct verify_result *result)
{
	progress_clear();
	if (check->quiet && result->broken == 0)
		return;
	if (check->json)
		console_print("{\"entries\":%" PRIu64 ",\"broken\":%" PRIu64 "}",
		    result->entries, result->broken);
	else if (result->broken > 0)
		console_print("%s: %s, %s found", check->path,
		    units_count(result->entries, "entry", "entries").text,
		    units_count(result->broken, "problem", "problems").text);
	else
		console_print("%s: %s, no problems found", check->path,
		    units_count(result->entries, "entry", "entries").text);
}

static int
store_check_count_entries(struct env *env, uint64_t *total)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	*total = 0;
	if (rc != 0)
		return rc;
	for (enum table i = 0; i < TABLES && rc == 0; i++) {
		size_t n = 0;

		rc = txn_count(&t, i, &n);
		*total += n;
	}
	txn_abort(&t);
	return rc;
}

static int
store_check_current(const struct store_check *check, struct env *env)
{
	struct store_check_state run = {.check = check};
	const struct verify how = {store_check_print_found, store_check_show_progress, &run};
	struct verify_result result;
	struct txn t;
	int rc = store_check_count_entries(env, &run.total);

	if (check->sum_is_wrong)
		store_check_print_found(&run, TABLE_META,
		    check->sum_is_missing ? "the checksum at the end of the file is missing"
					  : "the checksum of the file is wrong");
	if (rc == 0)
		rc = txn_begin(&t, env, TXN_READ);
	if (rc == 0) {
		rc = verify_store(&t, &how, &result);
		result.broken += check->sum_is_wrong;
		txn_abort(&t);
	}
	if (rc != 0)
		return snapshot_fail(check->path, rc);
	store_check_print_sum(check, &result);
	return result.broken == 0 ? 0 : STORE_CHECK_BROKEN;
}

/* Checks the checksum of a file; a directory has none. 0, or the exit status after an error message. */
static int
store_check_sum(struct store_check *check)
{
	enum backup_sum_result result = BACKUP_SUM_RIGHT;
	int fd = open(check->path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	/* snapshot_open() reports a file that cannot be opened, or is empty. */
	if (fd != -1 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		result = backup_sum_check(fd);
	if (result == BACKUP_SUM_FAILED) {
		closefd(&fd);
		return console_fail_path(check->path, errno);
	}
	closefd(&fd);
	check->sum_is_wrong = result == BACKUP_SUM_WRONG;
	check->sum_is_missing = result == BACKUP_SUM_NONE;
	return 0;
}

/* A compacted copy has one transaction (mdb.c, mdb_env_copyfd1()), a store that was in use has more. */
static int
store_check_is_backup(const struct env *env, bool *backup)
{
	MDB_envinfo info;
	int rc = mdb_env_info(env->mdb, &info);

	*backup = rc == 0 && info.me_last_txnid == 1;
	return rc;
}

/* Only backups of a banter without checksums, and files of a store such as data.mdb.replaced, have no
 * checksum. */
static int
store_check_missing_sum(struct store_check *check, const struct env *env, uint64_t schema)
{
	bool backup;
	int rc;

	if (!check->sum_is_missing)
		return 0;
	if (schema <= SCHEMA_UNCHECKED) {
		console_warn("%s has no checksum, as backups of an older banter (schema 1)",
		    check->path);
		return 0;
	}
	rc = store_check_is_backup(env, &backup);
	if (rc != 0)
		return snapshot_fail(check->path, rc);
	check->sum_is_wrong = backup;
	if (!backup)
		console_warn("%s has no checksum, because it was a store in use, not a backup",
		    check->path);
	return 0;
}

/* Reads every entry to its last byte, which a truncated file does not have. */
static int
store_check_read_table(MDB_txn *txn, const char *name)
{
	volatile uint8_t last;
	MDB_cursor *c;
	MDB_val k, v;
	MDB_dbi dbi;
	int rc = mdb_dbi_open(txn, name, 0, &dbi);

	if (rc == 0)
		rc = mdb_cursor_open(txn, dbi, &c);
	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(c, &k, &v, MDB_NEXT)) == 0)
		if (v.mv_size > 0)
			last = ((const uint8_t *)v.mv_data)[v.mv_size - 1];
	(void)last;
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Each entry of the unnamed table is a table. */
static int
store_check_read_tables(MDB_txn *txn)
{
	MDB_val name, value;
	MDB_cursor *c;
	MDB_dbi dbi;
	int rc = mdb_dbi_open(txn, NULL, 0, &dbi);

	if (rc == 0)
		rc = mdb_cursor_open(txn, dbi, &c);
	if (rc != 0)
		return rc;
	while ((rc = safe_read_move(c, &name, &value, MDB_NEXT)) == 0) {
		char text[64];

		(void)snprintf(
		    text, sizeof(text), "%.*s", (int)name.mv_size, (char *)name.mv_data);
		rc = store_check_read_table(txn, text);
		if (rc != 0)
			break;
	}
	mdb_cursor_close(c);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Only the migration knows the records of an older schema: checks that all can be read. */
static int
store_check_older(const struct store_check *check, struct env *env)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc == 0) {
		rc = store_check_read_tables(t.mdb);
		txn_abort(&t);
	}
	if (rc == 0 && check->sum_is_wrong)
		return console_fail(
		    EX_DATAERR, "%s is damaged: its checksum is wrong or missing", check->path);
	return rc == 0 ? 0 : snapshot_fail(check->path, rc);
}

/* Runs in a child process. */
static int
store_check_work(void *arg)
{
	struct store_check *check = arg;
	struct snapshot snapshot = {0};
	uint64_t schema = SCHEMA_VERSION;
	int status = store_check_sum(check);

	if (status == 0)
		status = check->older_too ? snapshot_open_older(&snapshot, check->path, &schema)
					  : snapshot_open(&snapshot, check->path);
	if (status == 0)
		status = store_check_missing_sum(check, &snapshot.env, schema);
	if (status == 0)
		status = schema == SCHEMA_VERSION ? store_check_current(check, &snapshot.env)
						  : store_check_older(check, &snapshot.env);
	snapshot_close(&snapshot);
	return status;
}

int
store_check_run(struct store_check *check)
{
	return subprocess_run(check->path, store_check_work, NULL, check);
}
