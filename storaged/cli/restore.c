/*
 * `banter restore`: replaces the store by a backup.
 *
 * Copies the backup next to the store, syncs and checks the copy, and then renames it to the
 * store's name by one rename(2): after a power failure there is the complete old store or the
 * complete new one. The lock file of storaged keeps storaged out, a lock on the directory other
 * readers (snapshot.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/backup_sum.h"
#include "storaged/cli/files/new_file.h"
#include "storaged/cli/files/store_files.h"
#include "storaged/cli/files/write_all.h"
#include "storaged/cli/store/store_check.h"
#include "storaged/engine/env.h"
#include "storaged/engine/env_tables.h"
#include "storaged/server/listen.h"

#define OLD_NAME STORE_DATA_NAME ".replaced"
#define SUFFIX   ".restoring"

static const char about[] =
    "Replaces the store by the backup FILE. storaged must be stopped. FILE is copied and "
    "checked\n"
    "first, as `banter verify` does; a damaged one is refused. A backup of an older banter is\n"
    "accepted; storaged migrates it when it starts. FILE - is standard input.\n"
    "\n"
    "With --force an existing store is kept as data.mdb.replaced, in place of an earlier one "
    "of\n"
    "that name.\n"
    "\n"
    "On several machines, storaged applies what the commit log has after the backup. With "
    "--new-log it\n"
    "returns to the backup instead: the store begins a new log, which must be empty.\n";

struct restore {
	const char *data_dir;
	const char *from; /* as given */
	bool force, json, new_log;
	int dir, lock;
	int in;
	char *path; /* of data.mdb */
	uint64_t bytes;
	bool kept;   /* the old store was kept */
	bool in_log; /* the backup has a place in a commit log */
};

/* Creates the data directory, as storaged does at its first start. */
static int
restore_make_dir(const char *path)
{
	if (mkdir(path, 0700) == -1)
		return errno == EEXIST
		    ? 0
		    : console_fail(EX_CANTCREAT, "%s: %s", path, strerror(errno));
	if (geteuid() == 0)
		console_warn(
		    "created %s, which belongs to root: chown it to the user of storaged",
		    path);
	return 0;
}

/* Takes the locks that keep other processes away. */
static int
restore_lock(struct restore *r)
{
	r->dir = open(r->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir == -1)
		return console_fail_path(r->data_dir, errno);
	if (listen_try_lock(r->data_dir, &r->lock) == -1)
		return errno == EWOULDBLOCK
		    ? console_fail(EX_TEMPFAIL,
			  "storaged runs on %s (storaged.lock has its pid): stop it first",
			  r->data_dir)
		    : console_fail_path(r->data_dir, errno);
	if (flock(r->dir, LOCK_EX | LOCK_NB) == -1)
		return console_fail(EX_TEMPFAIL,
		    "another banter process reads or restores %s: try again when it has ended",
		    r->data_dir);
	return 0;
}

static bool
restore_has_store(const struct restore *r)
{
	return faccessat(r->dir, STORE_DATA_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
restore_open_input(struct restore *r)
{
	struct stat st;

	r->in = strcmp(r->from, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					  : open(r->from, O_RDONLY | O_CLOEXEC);
	if (r->in == -1 || fstat(r->in, &st) == -1)
		return console_fail_path(r->from, errno);
	if (S_ISDIR(st.st_mode))
		return console_fail(EX_NOINPUT, "%s is a directory, not a backup", r->from);
	return 0;
}

static int
restore_copy(struct restore *r, const struct new_file *file)
{
	static uint8_t piece[262144];

	for (;;) {
		ssize_t n = read(r->in, piece, sizeof(piece));
		int rc;

		if (n == 0)
			return 0;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return console_fail_path(r->from, errno);
		rc = write_all(file->fd, piece, (size_t)n);
		if (rc != 0)
			return new_file_failed(file, rc);
		r->bytes += (uint64_t)n;
		if (progress_due())
			progress_show("%s copied", units_bytes(r->bytes).text);
	}
}

/* The owner of the directory gets the file, so that storaged can use it. */
static int
restore_give_to_owner(const struct restore *r, const struct new_file *file)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fstat(r->dir, &st) == -1 || fchown(file->fd, st.st_uid, st.st_gid) == -1)
		return console_fail_path(r->path, errno);
	return 0;
}

/* Checks the copy on disk. */
static int
restore_check_copy(const struct restore *r)
{
	size_t size = strlen(r->path) + sizeof(SUFFIX);
	struct store_check check = {.older_too = true, .quiet = true, .json = r->json};
	char *path = xcalloc(1, size);
	int status;

	(void)snprintf(path, size, "%s" SUFFIX, r->path);
	check.path = path;
	status = store_check_run(&check);
	free(path);
	return status == STORE_CHECK_BROKEN ? EX_DATAERR : status;
}

/* With its place in the log, storaged applies again what came after the backup. */
static int
restore_look_at_log(struct restore *r)
{
	size_t size = strlen(r->path) + sizeof(SUFFIX);
	char *path = xcalloc(1, size);
	int rc;

	(void)snprintf(path, size, "%s" SUFFIX, r->path);
	rc = env_tables_log_place(path, r->new_log, &r->in_log);
	if (rc != 0)
		console_warn("%s: %s", path, env_strerror(rc));
	free(path);
	return rc == 0 ? 0 : EX_IOERR;
}

/* Adds a second name for the old store; data.mdb is a complete store at any time. */
static int
restore_keep_old(struct restore *r)
{
	if (!restore_has_store(r))
		return 0;
	if ((unlinkat(r->dir, OLD_NAME, 0) == -1 && errno != ENOENT) ||
	    linkat(r->dir, STORE_DATA_NAME, r->dir, OLD_NAME, 0) == -1 || fsync(r->dir) == -1)
		return console_fail(
		    EX_CANTCREAT, "%s/" OLD_NAME ": %s", r->data_dir, strerror(errno));
	r->kept = true;
	return 0;
}

/* LMDB's lock file describes the transactions of the old store. */
static int
restore_remove_lock_file(const struct restore *r)
{
	if (unlinkat(r->dir, STORE_LOCK_NAME, 0) == -1 && errno != ENOENT)
		return console_fail_path(r->data_dir, errno);
	return 0;
}

static int
restore_replace(struct restore *r, struct new_file *file)
{
	int status = restore_copy(r, file);

	if (status == 0)
		status = restore_give_to_owner(r, file);
	if (status == 0 && fsync(file->fd) == -1)
		status = new_file_failed(file, errno);
	if (status == 0)
		status = restore_check_copy(r);
	if (status == 0) {
		int rc = backup_sum_cut(file->fd);

		status = rc == 0 ? 0 : new_file_failed(file, rc);
	}
	if (status == 0)
		status = restore_look_at_log(r);
	if (status == 0)
		status = restore_keep_old(r);
	if (status == 0)
		status = restore_remove_lock_file(r);
	return status == 0 ? new_file_keep(file) : status;
}

static void
restore_print_report(const struct restore *r)
{
	if (r->json) {
		list_print_json(json_pack("{s:o, s:o, s:I, s:b}", "file", list_text(r->path),
		    "from", list_text(r->from), "bytes", (json_int_t)r->bytes, "old_kept",
		    (int)r->kept));
		return;
	}
	console_print("%s: %s, restored from %s; you can start storaged now", r->path,
	    units_bytes(r->bytes).text, r->from);
	if (r->kept)
		console_print("the old store is kept as %s/" OLD_NAME, r->data_dir);
	if (r->new_log)
		console_print("it begins a new commit log: empty the old one before you start "
			      "storaged, and give a backup of this machine to the others");
}

/* The locks are held. */
static int
restore_run(struct restore *r)
{
	size_t size = strlen(r->data_dir) + sizeof("/" STORE_DATA_NAME);
	struct new_file file;
	int status;

	if (!r->force && restore_has_store(r))
		return console_fail(EX_CANTCREAT,
		    "%s already contains a store; --force replaces it by the backup, and keeps "
		    "it as " OLD_NAME,
		    r->data_dir);
	r->path = xcalloc(1, size);
	(void)snprintf(r->path, size, "%s/" STORE_DATA_NAME, r->data_dir);
	status = new_file_open(&file, r->path, SUFFIX,
	    NEW_FILE_NAMED | NEW_FILE_OF_STORE | (r->force ? NEW_FILE_REPLACE : 0));
	if (status == 0)
		status = restore_replace(r, &file);
	new_file_close(&file);
	progress_clear();
	if (status != 0) {
		console_warn("%s was not restored", r->from);
		return status;
	}
	restore_print_report(r);
	if (r->in_log && !r->new_log)
		console_warn("several machines have this store: storaged applies what their "
			     "commit log has after this "
			     "backup; to return to the backup, use --new-log");
	return 0;
}

int
restore_command(struct invocation *inv)
{
	bool force = false, new_log = false, progress = false, json = false;
	const struct option_row rows[] = {
	    {"force", NULL, "replace an existing store", .flag = &force},
	    {"new-log", NULL, "begin a new commit log, which must be empty", .flag = &new_log},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {"json", NULL, "print the report as JSON", .flag = &json},
	    {0},
	};
	struct restore r = {.dir = -1, .lock = -1, .in = -1};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	progress_open(progress);
	r.data_dir = inv->settings.data_dir;
	r.from = inv->operand;
	r.force = force;
	r.new_log = new_log;
	r.json = json;
	status = restore_open_input(&r);
	if (status == 0)
		status = restore_make_dir(r.data_dir);
	if (status == 0)
		status = restore_lock(&r);
	if (status == 0)
		status = restore_run(&r);
	closefd(&r.in);
	closefd(&r.dir);
	closefd(&r.lock);
	free(r.path);
	return status;
}
