/*
 * `banter export`: writes the whole store as JSON Lines (line.h), from one snapshot, to standard
 * output or a file. Reports and leaves out unreadable records, so that as much as possible of a
 * damaged store is saved, and reports what is missing.
 */
#include "storaged/cli/export/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/subprocess.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/new_file.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/snapshot.h"

/* Exit status of the child: the export is complete except for unreadable records. */
#define LEFT_OUT 1

static const char about[] =
    "Writes the whole store as JSON Lines, one object per line, from one snapshot, while "
    "storaged\n"
    "runs. A reply that is being written is exported as the interrupted reply that it would be "
    "if\n"
    "nobody continued it. `banter import` imports the file; the last line, of kind \"end\", "
    "shows\n"
    "that it is complete.\n"
    "\n"
    "The export contains the hashes of passwords, keys and tokens: protect it like the store. "
    "It\n"
    "does not contain today's message counts of the widgets' daily caps, vectors, and uploads "
    "that\n"
    "crawld has not read yet.\n"
    "\n"
    "While an export runs, storaged cannot reuse old pages. So the export ends if its reader "
    "takes\n"
    "nothing for 60 s: for a slow reader, use --output. Beyond STORE_SNAPSHOT_MAX_BYTES of "
    "old\n"
    "pages, storaged kills the export.\n";

/* Counts the line that begins at mark in the output. */
static void
export_count_line(struct export *e, size_t mark)
{
	const struct buf *out = &e->sink.out;

	file_sum_add(&e->sum, buf_data(out) + mark, buf_len(out) - mark);
	e->lines++;
}

int
export_line(struct export *e, enum msg_type type, const void *request)
{
	size_t mark = buf_len(&e->sink.out);

	if (line_write(&e->sink.out, type, request) == -1) {
		must(errno == EINVAL);
		buf_truncate(&e->sink.out, mark);
		return RECORD_DAMAGED;
	}
	export_count_line(e, mark);
	if (sink_write(&e->sink) == 0)
		return 0;
	e->sink_errno = errno;
	return EXPORT_SINK_FAILED;
}

void
export_damaged(struct export *e, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_warn("%s cannot be read and is left out", text);
	e->damaged++;
}

static int
export_login(struct export *e, struct slice key, struct slice value)
{
	struct msg_import_login request = {.login = value};
	struct msg_login_record login;
	int rc = RECORD_DAMAGED;

	if (key_fits(TABLE_LOGINS, key) &&
	    record_decode(value, MSG_LOGIN_RECORD, &login) == WIRE_OK) {
		if (e->org != NULL && !id_equal(e->org, &login.org))
			return 0;
		memcpy(request.token.b, key.p, sizeof(request.token.b));
		rc = export_line(e, MSG_IMPORT_LOGIN, &request);
	}
	if (rc != RECORD_DAMAGED)
		return rc;
	export_damaged(e, "a login");
	return 0;
}

/* The organization of a record that is a line by itself: its field org; an organization's own id. */
static struct id
export_record_org(enum msg_type type, const union msg *record)
{
	const char *name = type == MSG_ORG_RECORD ? "id" : "org";
	const struct wire_field *f = msg_desc((uint16_t)type)->fields;
	struct id org;

	while (f->type != WIRE_END && strcmp(f->name, name) != 0)
		f++;
	must(f->type == WIRE_ID);
	memcpy(&org, (const char *)record + f->offset, sizeof(org));
	return org;
}

static int
export_record(struct export *e, struct slice key, struct slice value)
{
	const enum msg_type type = table_record(e->table);
	int rc = RECORD_DAMAGED;
	union msg record;

	(void)key;
	if (record_decode(value, type, &record) == WIRE_OK) {
		struct id org = export_record_org(type, &record);

		if (e->org != NULL && !id_equal(e->org, &org))
			return 0;
		rc = export_line(e, MSG_IMPORT_RECORD,
		    &(struct msg_import_record){.type = (uint16_t)type, .record = value});
	}
	if (rc != RECORD_DAMAGED)
		return rc;
	export_damaged(e, "an entry of %s", table_name(e->table));
	return 0;
}

/* Whether a user is there is not exported: a second export of an import is the same. */
static int
export_user(struct export *e, struct slice key, struct slice value)
{
	struct msg_user_record user;
	struct buf record;
	int rc;

	if (record_decode(value, MSG_USER_RECORD, &user) != WIRE_OK)
		return export_record(e, key, value);
	user.active_at = user.away_at = 0;
	buf_init(&record, WIRE_FRAME_MAX);
	must(record_encode(&record, MSG_USER_RECORD, &user) == 0);
	rc = export_record(e, key, buf_slice(&record));
	buf_clear(&record);
	return rc;
}

/* Exports a table whose records are a line each. */
static int
export_table_of(struct export *e, enum table table)
{
	e->table = table;
	return export_table(e, table, table == TABLE_USERS ? export_user : export_record);
}

/* Exports the records that are a line each; a record comes after those that it refers to. */
static int
export_records(struct export *e)
{
	static const enum table all[] = {TABLE_AGENTS, TABLE_WIDGETS, TABLE_ORGS, TABLE_USERS,
	    TABLE_TEAMS, TABLE_KEYS, TABLE_TAGS, TABLE_SNIPPETS, TABLE_BLOCKS, TABLE_CONTACTS,
	    TABLE_VISITORS, TABLE_RETURNS, TABLE_ADDRESSES, TABLE_WEBHOOKS, TABLE_INVITATIONS,
	    TABLE_TOOLS, TABLE_SOURCES};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(all) && rc == 0; i++)
		rc = export_table_of(e, all[i]);
	if (rc == 0)
		rc = export_table(e, TABLE_SOURCE_PAGES, export_source_page);
	if (rc == 0)
		rc = export_table_of(e, TABLE_ANSWERS);
	if (rc == 0)
		rc = export_table(e, TABLE_NUMBERS, export_numbers_row);
	return rc != 0 ? rc : export_numbers_end(e);
}

/* Writes the first line, all records, and the last line. */
static int
export_all(struct export *e)
{
	int rc = unfinished_load(&e->unfinished, &e->txn);

	e->damaged += e->unfinished.damaged;
	if (export_is_page_error(rc)) {
		export_damaged(e, "a part of the running replies");
		rc = export_renew(e, rc);
	}
	if (rc != 0)
		return rc;
	must(line_write_head(&e->sink.out) == 0);
	export_count_line(e, 0);
	rc = export_records(e);
	if (rc == 0)
		rc = export_table(e, TABLE_CONVERSATIONS, export_conversation);
	if (rc == 0)
		rc = export_table(e, TABLE_LOGINS, export_login);
	if (rc == 0)
		rc = export_table_of(e, TABLE_BUDGETS);
	if (rc == 0)
		rc = export_table_of(e, TABLE_RESPONSES);
	if (rc == 0)
		rc = export_check_entries(e);
	if (rc != 0)
		return rc;
	must(line_write_end(&e->sink.out, e->lines, file_sum_text(&e->sum).s) == 0);
	if (sink_flush(&e->sink) == 0)
		return 0;
	e->sink_errno = errno;
	return EXPORT_SINK_FAILED;
}

/* A reader that closed the pipe has read enough. */
static int
export_sink_failed(int error)
{
	if (error == EPIPE)
		return EX_IOERR;
	if (error == ETIMEDOUT)
		return console_fail(EX_IOERR,
		    "timeout: the reader took nothing for 60 s; use --output to export to a "
		    "file");
	return console_fail(EX_IOERR, "cannot write the export: %s", strerror(error));
}

static int
export_finish(const struct export *e, int rc)
{
	progress_clear();
	if (rc == EXPORT_SINK_FAILED)
		return export_sink_failed(e->sink_errno);
	if (rc != 0)
		return snapshot_fail(e->data_dir, rc);
	if (e->missing > 0)
		console_warn("%s of %s cannot be found and %s left out",
		    units_count(e->missing, "message", "messages").text,
		    units_count(e->missing_in, "conversation", "conversations").text,
		    e->missing == 1 ? "is" : "are");
	if (e->damaged > 0)
		return console_fail(LEFT_OUT, "%s left out; run banter verify for details",
		    units_count(e->damaged, "record was", "records were").text);
	if (e->faults + e->missing > 0)
		return console_fail(LEFT_OUT,
		    "the store is damaged, and the export is incomplete; run banter verify "
		    "for details");
	return 0;
}

/* An error, not an empty export, for an organization that does not exist. What of a damaged store is left
 * is exported anyway. */
static bool
export_org_is_missing(struct export *e)
{
	struct key key;
	struct slice value;

	if (e->org == NULL)
		return false;
	key = key_id(e->org);
	return txn_get(&e->txn, TABLE_ORGS, &key, &value) == MDB_NOTFOUND;
}

static int
export_snapshot(struct export *e, struct env *env)
{
	int rc = txn_begin(&e->txn, env, TXN_READ);

	if (rc != 0)
		return snapshot_fail(e->data_dir, rc);
	rc = export_check_pages(e);
	if (rc != 0) {
		txn_abort(&e->txn);
		return snapshot_fail(e->data_dir, rc);
	}
	if (export_org_is_missing(e)) {
		txn_abort(&e->txn);
		return console_fail(EX_NOINPUT, "no such organization");
	}
	sink_init(&e->sink, e->fd, LINE_MAX_BYTES);
	file_sum_init(&e->sum);
	rc = export_all(e);
	file_sum_clear(&e->sum);
	unfinished_clear(&e->unfinished);
	recover_clear(&e->recover);
	sink_clear(&e->sink);
	txn_abort(&e->txn);
	return export_finish(e, rc);
}

/* Runs in a child process. */
static int
export_work(void *arg)
{
	struct export *e = arg;
	struct snapshot snapshot;
	int status = snapshot_open_damaged(&snapshot, e->data_dir);

	if (status == 0 && snapshot.went_back)
		export_damaged(e, "the last commit");
	if (status == 0 && snapshot.lost_meta)
		export_damaged(
		    e, "one of the first two pages of the file, and perhaps the last commit,");
	if (status == 0)
		status = export_snapshot(e, &snapshot.env);
	snapshot_close(&snapshot);
	return status;
}

/* A file with records left out is kept. */
static int
export_to_file(struct export *e, const char *path, bool replace)
{
	struct new_file file;
	int kept,
	    status = new_file_open(&file, path, ".partial", replace ? NEW_FILE_REPLACE : 0);

	if (status == 0) {
		e->fd = file.fd;
		status = subprocess_run(e->data_dir, export_work, NULL, e);
	}
	if (status == 0 || status == LEFT_OUT) {
		kept = new_file_keep(&file);
		status = kept != 0 ? kept : status;
	}
	new_file_close(&file);
	return status;
}

static int
export_read_args(struct export *e, const char *org, const char *since, struct id *id)
{
	int status = org_option_parse(org, id);

	if (status != 0)
		return status;
	if (since != NULL && !units_parse_time(since, &e->since))
		return console_fail(EX_USAGE,
		    "--since %s is not a time: use a date or time in UTC, for example "
		    "2026-01-31 or 2026-01-31T10:00:00, or milliseconds since 1970",
		    since);
	e->org = org == NULL ? NULL : id;
	return 0;
}

int
export_command(struct invocation *inv)
{
	const char *org = NULL, *since = NULL, *output = NULL;
	bool force = false, progress = false;
	const struct option_row rows[] = {
	    {"org", "ID", "only data of this organization", .text = &org},
	    {"since", "TIME", "only conversations with activity since this time (UTC)",
		.text = &since},
	    {"output", "FILE", "write to a new file instead of standard output",
		.text = &output},
	    {"force", NULL, "replace FILE if it exists", .flag = &force},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {0},
	};
	struct export e = {.fd = STDOUT_FILENO};
	struct id id;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	status = export_read_args(&e, org, since, &id);
	if (status != 0)
		return status;
	e.data_dir = inv->settings.data_dir;
	/* Progress lines would mix with an export on the terminal. */
	if (output != NULL || isatty(STDOUT_FILENO) != 1)
		progress_open(progress);
	status = output == NULL ? subprocess_run(e.data_dir, export_work, NULL, &e)
				: export_to_file(&e, output, force);
	return status == LEFT_OUT ? EX_DATAERR : status;
}
