/*
 * `banter backup`: a compacted copy of one snapshot, which LMDB makes while storaged runs, and a checksum.
 * The file appears when it is complete and on disk.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/backup_sum.h"
#include "storaged/cli/files/backup_writer.h"
#include "storaged/cli/files/new_file.h"
#include "storaged/cli/store/snapshot.h"
#include "storaged/cli/store/store_check.h"
#include "storaged/cli/store/store_conn.h"
#include "storaged/cli/store/store_damage.h"
#include "storaged/server/backups.h"

static const char about[] =
    "Copies the store to FILE: a consistent snapshot of one moment, "
    "while storaged keeps running.\n"
    "FILE appears when it is complete and on disk. `banter restore` "
    "restores it, `banter verify`\n"
    "checks it. FILE - is standard output. storaged need not run. `banter "
    "status` shows the last\n"
    "backup, and whether a newer one has failed.\n";

#define SUFFIX    ".partial"
#define ERROR_MAX 256
/* messages.def: a longer path is not told. */
#define PATH_MAX_TOLD 1024

/* What the process that copies tells. */
struct backup_told {
	volatile uint64_t total; /* bytes of the copy; 0: not known yet */
	volatile uint64_t
	    log_row; /* the copy contains the commit log at least up to this row; 0: there is no log */
	char error[ERROR_MAX]; /* of console_fail(); "" if none */
};

struct backup {
	const char *data_dir;
	int fd;
	bool to_file; /* else to standard output */
	bool json;    /* print the report as JSON */
	bool verify;  /* before the file gets its name */
	struct new_file file;
	struct backup_told *told;
};

/* Counts the pages of a compacted copy: two of LMDB itself, and those of every table. Reads the place in the commit
 * log; the copy may contain more rows. */
static int
backup_measure(struct env *env, struct backup_told *told)
{
	uint64_t row = 0;
	MDB_dbi unnamed;
	MDB_stat stat = {0};
	struct txn t;
	uint64_t pages = 2;
	int rc = txn_begin(&t, env, TXN_READ);

	if (rc != 0)
		return rc;
	rc = mdb_dbi_open(t.mdb, NULL, 0, &unnamed);
	if (rc == 0)
		rc = mdb_stat(t.mdb, unnamed, &stat);
	if (rc == 0)
		pages += stat.ms_branch_pages + stat.ms_leaf_pages;
	for (enum table i = 0; i < TABLES && rc == 0; i++) {
		rc = mdb_stat(t.mdb, env->dbi[i], &stat);
		if (rc == 0)
			pages +=
			    stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
	}
	if (rc == 0)
		rc = backups_log_row(&t, &row);
	txn_abort(&t);
	told->total = pages * stat.ms_psize + BACKUP_SUM_LEN;
	told->log_row = row;
	return rc;
}

/* rc > 0 is an errno of writing; the rest are read errors. */
static int
backup_copy_fail(const struct backup *b, int rc)
{
	if (rc < 0)
		return snapshot_fail(b->data_dir, rc);
	if (b->to_file)
		return new_file_failed(&b->file, rc);
	return console_fail(EX_IOERR, "standard output: %s", strerror(rc));
}

static int
backup_copy_store(const struct backup *b, MDB_env *mdb)
{
	struct backup_writer w;
	int fd, rc = backup_writer_start(&w, b->fd, &fd), copied;

	if (rc != 0)
		return rc;
	copied = mdb_env_copyfd2(mdb, fd, MDB_CP_COMPACT);
	closefd(&fd);
	/* If writing fails, LMDB only knows that the pipe was closed. */
	rc = backup_writer_end(&w, copied == 0);
	return rc != 0 ? rc : copied;
}

static void
backup_found_page(void *arg, enum table table, size_t page, const char *what)
{
	uint64_t *damaged = arg;

	console_warn(
	    "page %zu %s: entries of %s may be missing", page, what, table_name(table));
	++*damaged;
}

/* Counts damaged pages and entries, each after a report; --verify reads the entries of the copy. 0 or an error of
 * txn.h. */
static int
backup_count_damage(const struct backup *b, struct env *env, uint64_t *damaged)
{
	struct txn t;
	int rc = txn_begin(&t, env, TXN_READ);

	*damaged = 0;
	if (rc == 0)
		rc = store_damage_check_pages(&t, backup_found_page, damaged);
	for (enum table i = 0; i < TABLES && rc == 0 && *damaged == 0 && !b->verify; i++) {
		rc = store_damage_count_entries(&t, i, damaged);
		if (*damaged > 0)
			console_warn("%s of %s cannot be read",
			    units_count(*damaged, "entry", "entries").text, table_name(i));
	}
	txn_abort(&t);
	return rc;
}

/* LMDB copies what it finds. Without this check, a damaged store would replace a good backup. */
static int
backup_check_store(const struct backup *b, struct env *env)
{
	uint64_t damaged;
	int rc = backup_count_damage(b, env, &damaged);

	if (rc != 0)
		return backup_copy_fail(b, rc);
	if (damaged == 0)
		return 0;
	return console_fail(EX_DATAERR,
	    "the store is damaged: no backup was written; run banter verify for details, and "
	    "banter export to save what can be read");
}

/* Runs in a child process. */
static int
backup_copy(void *arg)
{
	struct backup *b = arg;
	struct snapshot snapshot;
	int rc, status = snapshot_open(&snapshot, b->data_dir);

	if (status == 0)
		status = backup_check_store(b, &snapshot.env);
	if (status == 0) {
		rc = backup_measure(&snapshot.env, b->told);
		if (rc == 0)
			rc = backup_copy_store(b, snapshot.env.mdb);
		status = rc == 0 ? 0 : backup_copy_fail(b, rc);
	}
	snapshot_close(&snapshot);
	return status;
}

static void
backup_show_progress(void *arg)
{
	const struct backup *b = arg;
	struct stat st;

	if (!b->to_file || b->told->total == 0 || !progress_due() || fstat(b->fd, &st) == -1)
		return;
	progress_show("%s of %s", units_bytes((uint64_t)st.st_size).text,
	    units_bytes(b->told->total).text);
}

/* What the finished file contains. */
struct backup_report {
	const char *path;
	uint64_t bytes, ms;
	size_t conversations, messages;
};

/* Opening the file is a first test of it. */
static int
backup_count(struct backup_report *r)
{
	struct snapshot snapshot;
	struct txn t;
	int rc, status = snapshot_open(&snapshot, r->path);

	if (status == 0) {
		rc = txn_begin(&t, &snapshot.env, TXN_READ);
		if (rc == 0)
			rc = txn_count(&t, TABLE_CONVERSATIONS, &r->conversations);
		if (rc == 0)
			rc = txn_count(&t, TABLE_MESSAGES, &r->messages);
		txn_abort(&t);
		status = rc == 0 ? 0 : snapshot_fail(r->path, rc);
	}
	snapshot_close(&snapshot);
	return status;
}

static void
backup_print_report(const struct backup_report *r, bool json)
{
	if (json)
		list_print_json(
		    json_pack("{s:o, s:I, s:I, s:I, s:I}", "file", list_text(r->path), "bytes",
			(json_int_t)r->bytes, "conversations", (json_int_t)r->conversations,
			"messages", (json_int_t)r->messages, "ms", (json_int_t)r->ms));
	else
		console_print("%s: %s, %s in %s, made in %s", r->path,
		    units_bytes(r->bytes).text,
		    units_count(r->messages, "message", "messages").text,
		    units_count(r->conversations, "conversation", "conversations").text,
		    units_duration(r->ms).text);
}

static int
backup_report(const char *path, uint64_t bytes, uint64_t began, bool json)
{
	struct backup_report r = {.path = path, .bytes = bytes};
	int status = backup_count(&r);

	r.ms = clock_mono_ms() - began;
	if (status == 0)
		backup_print_report(&r, json);
	return status;
}

/* A text that storaged accepts; else an empty one. */
static struct slice
backup_text(const char *text, size_t max)
{
	struct slice s = slice_str(text);

	return s.len <= max && utf8_valid(s) ? s : (struct slice){0};
}

/* Reports the backup, or that it failed, to storaged, for `banter status`. It is valid without that. */
static void
backup_notify_storaged(const char *path, const struct msg_backup_done *done)
{
	struct store_conn conn;
	union msg m;
	int status;

	console_keep_errors(NULL, 0);
	status = store_conn_open(&conn, path);
	if (status == 0)
		status = store_conn_request(&conn, MSG_BACKUP_DONE, done, MSG_OK, &m);
	store_conn_close(&conn);
	if (status != 0 && status != EX_UNAVAILABLE)
		console_warn("storaged could not record that the backup %s: banter status will "
			     "not show it",
		    done->error.len > 0 ? "failed" : "is complete");
}

/* Checks the copy, which is complete on disk, by its temporary name. */
static int
backup_verify(const struct backup *b, const char *path)
{
	size_t size = strlen(path) + sizeof(SUFFIX);
	struct store_check check = {.quiet = b->json};
	char *partial = xcalloc(1, size);
	int status;

	(void)snprintf(partial, size, "%s" SUFFIX, path);
	check.path = partial;
	status = store_check_run(&check);
	if (status == STORE_CHECK_BROKEN)
		status = console_fail(EX_DATAERR,
		    "the copy of the store has the problems above: %s was not written", path);
	free(partial);
	return status;
}

static int
backup_to_file(struct backup *b, const char *path, bool replace, uint64_t *bytes)
{
	unsigned how = (replace ? NEW_FILE_REPLACE : 0) | (b->verify ? NEW_FILE_NAMED : 0);
	int status = new_file_open(&b->file, path, SUFFIX, how);
	struct stat st;

	if (status == 0) {
		b->to_file = true;
		b->fd = b->file.fd;
		status = subprocess_run(b->data_dir, backup_copy, backup_show_progress, b);
	}
	progress_clear();
	if (status == 0 && fstat(b->fd, &st) == -1)
		status = new_file_failed(&b->file, errno);
	if (status == 0 && b->verify && fsync(b->fd) == -1)
		status = new_file_failed(&b->file, errno);
	if (status == 0 && b->verify)
		status = backup_verify(b, path);
	if (status == 0)
		status = new_file_keep(&b->file);
	if (status == 0)
		*bytes = (uint64_t)st.st_size;
	new_file_close(&b->file);
	return status;
}

static int
backup_to_stdout(struct backup *b, uint64_t *bytes)
{
	int status;

	if (isatty(STDOUT_FILENO) == 1)
		return console_fail(EX_USAGE,
		    "refusing to write binary data to a terminal: name a file or redirect the "
		    "output");
	b->fd = STDOUT_FILENO;
	status = subprocess_run(b->data_dir, backup_copy, NULL, b);
	*bytes = b->told->total;
	return status;
}

static int
backup_make(const struct invocation *inv, struct backup *b, bool replace)
{
	struct msg_backup_done done = {.at = clock_wall_ms()};
	uint64_t began = clock_mono_ms();
	bool is_pipe = strcmp(inv->operand, "-") == 0;
	char *file = NULL;
	int status;

	b->data_dir = inv->settings.data_dir;
	console_keep_errors(b->told->error, sizeof(b->told->error));
	status = is_pipe ? backup_to_stdout(b, &done.bytes)
			 : backup_to_file(b, inv->operand, replace, &done.bytes);
	if (status == 0 && !is_pipe)
		status = backup_report(inv->operand, done.bytes, began, b->json);
	if (status == 0 && !is_pipe)
		file = realpath(inv->operand, NULL);
	if (status != 0)
		done.error = backup_text(b->told->error, sizeof(b->told->error));
	if (status != 0 && done.error.len == 0)
		done.error = slice_str("see the output of banter backup");
	done.log_row = b->told->log_row;
	if (file != NULL)
		done.file = backup_text(file, PATH_MAX_TOLD);
	/* Wrong arguments are no attempt to make a backup. */
	if (status != EX_USAGE)
		backup_notify_storaged(inv->settings.store_socket, &done);
	free(file);
	return status;
}

int
backup_command(struct invocation *inv)
{
	bool force = false, progress = false;
	struct backup b = {.data_dir = NULL};
	const struct option_row rows[] = {
	    {"force", NULL, "replace FILE if it exists", .flag = &force},
	    {"verify", NULL, "check the copy, as banter verify does, before FILE appears",
		.flag = &b.verify},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {"json", NULL, "print the report as JSON", .flag = &b.json},
	    {0},
	};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	if ((b.json || b.verify) && strcmp(inv->operand, "-") == 0)
		return console_fail(EX_USAGE, "--%s needs a file, not standard output",
		    b.json ? "json" : "verify");
	progress_open(progress);
	b.told = subprocess_memory_new(sizeof(*b.told));
	status = backup_make(inv, &b, force);
	subprocess_memory_free(b.told, sizeof(*b.told));
	return status;
}
