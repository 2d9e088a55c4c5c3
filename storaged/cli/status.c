/*
 * `banter status`: the state of every part of the service, as text or JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/process/old_libraries.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/message_json.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/processes.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/config_dir.h"
#include "storaged/cli/service/component.h"
#include "storaged/cli/store/search_status.h"
#include "storaged/cli/store/store_conn.h"

#define COLUMNS 80
#define INDENT  12

/* The nightly backup. */
#define BACKUP_UNIT "banter-backup.service"

/* From when on the time of the retention is shown as behind the clock. */
#define RETENTION_BEHIND_MS 3600000u

static const char about[] =
    "Shows whether each part of the service runs, with its addresses, the newest error and "
    "what\n"
    "to do, and the state of the store: space in use, records, activity, and the last backup.\n"
    "The exit status is 0 if everything runs, and 69 if a part does not.\n";

/* What the command found out. */
struct overview {
	const char *socket;
	struct component front, store;
	const struct msg_status *status;        /* NULL: storaged did not answer */
	const struct msg_search_status *search; /* NULL: searchd did not answer */
	bool backup_unit_failed;                /* the nightly one */
	uint64_t now;
};

/* Prints a label and text, which continues in lines of at most COLUMNS that begin below it. */
[[gnu::format(printf, 2, 3)]] static void
status_print(const char *label, const char *fmt, ...)
{
	char text[2 * UNIT_ERROR_MAX];
	const char *line = text;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	while (strlen(line) > COLUMNS - INDENT) {
		size_t len = COLUMNS - INDENT;

		while (len > 0 && line[len] != ' ')
			len--;
		if (len == 0)
			len = strcspn(line, " ");
		console_print("%-*s%.*s", INDENT, label, (int)len, line);
		line += len + (line[len] == ' ');
		label = "";
	}
	if (*line != '\0')
		console_print("%-*s%s", INDENT, label, line);
}

/* The masterd that started the workers, if we can see it; else 0. */
static pid_t
status_find_masterd(struct slice peers)
{
	struct msg_peer_status peer;
	struct slice item;

	while (wire_list_next(&peers, &item)) {
		pid_t master = 0;

		if (record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK &&
		    peer.role == ROLE_WORKER)
			master = process_parent((pid_t)peer.pid, "masterd");
		if (master != 0)
			return master;
	}
	return 0;
}

/* How many replies of other workers the worker relays; usually none. */
static struct units_text
status_following_text(uint32_t n)
{
	struct units_text w = {""};

	if (n > 0)
		(void)snprintf(w.text, sizeof(w.text), ", follows %" PRIu32, n);
	return w;
}

/* "up 3 h"; never in milliseconds. */
static struct units_text
status_up_text(uint64_t since, uint64_t now)
{
	uint64_t ms = now < since + 2000 ? 2000 : now - since;
	struct units_text w;

	(void)snprintf(w.text, sizeof(w.text), "up %.32s", units_duration(ms).text);
	return w;
}

/* State and uptime of a component. */
static struct units_text
status_run_text(const struct component *c, uint64_t now)
{
	struct units_text w = {"running"};

	if (c->state == COMPONENT_FAILED)
		(void)snprintf(
		    w.text, sizeof(w.text), "FAILED with exit status %d", c->exit_status);
	else if (c->state != COMPONENT_RUNNING && c->state != COMPONENT_SILENT)
		(void)snprintf(w.text, sizeof(w.text), "%s", component_state_name(c->state));
	else if (c->started_at != 0)
		w = status_up_text(c->started_at, now);
	return w;
}

static void
status_print_trouble(const struct component *c, uint64_t now)
{
	if (c->error[0] != '\0')
		status_print(
		    "", "last error %s: %s", units_ago(c->error_at, now).text, c->error);
	if (c->advice != NULL)
		status_print("", "to do: %s", c->advice);
}

static void
status_print_front_end(const struct overview *o)
{
	const struct component *c = &o->front;

	const struct units_text run = status_run_text(c, o->now);
	const char *version = c->version.text;

	if (c->pid == 0)
		status_print(c->name, "%s", run.text);
	else if (!c->replaced)
		status_print(
		    c->name, "%s, pid %d, banter " BANTER_VERSION, run.text, (int)c->pid);
	else
		status_print(c->name,
		    "%s, pid %d, banter %s; " BANTER_VERSION " was installed since then",
		    run.text, (int)c->pid,
		    *version == '\0' ? "of an unknown version" : version);
	for (size_t i = 0; i < c->listening; i++)
		status_print(
		    "", "%s%s", c->at[i].url, c->at[i].answers ? "" : " does not answer");
	status_print_trouble(c, o->now);
}

static void
status_print_store(const struct overview *o)
{
	const struct msg_status *s = o->status;

	if (s == NULL) {
		status_print(o->store.name, "%s%s", status_run_text(&o->store, o->now).text,
		    o->store.state == COMPONENT_SILENT ? ", does not answer" : "");
	} else {
		status_print("storaged", "%s, pid %" PRIu32 ", %.*s, schema %" PRIu32,
		    status_up_text(s->started_at, o->now).text, s->pid, (int)s->program.len,
		    (const char *)s->program.p, s->schema);
		status_print("", "%s", o->socket);
	}
	status_print_trouble(&o->store, o->now);
}

/* Everything else works without searchd, so it does not count for the exit status. */
static void
status_print_search(const struct overview *o)
{
	const struct msg_search_status *s = o->search;

	if (s == NULL) {
		status_print("searchd", "does not answer: searches return 503");
		return;
	}
	status_print("searchd", "%s%.*s, pid %" PRIu32 ", %.*s",
	    s->ready ? "ready" : "not ready: ", (int)s->reason.len, (const char *)s->reason.p,
	    s->pid, (int)s->program.len, (const char *)s->program.p);
	if (s->standing_ms >= SEARCH_STANDING_MS)
		status_print("",
		    "the index stands still for %s: see ev=search_index_failed and "
		    "ev=store_refused in searchd's log",
		    units_duration(s->standing_ms).text);
	status_print("", "%s in the index, the file has %s",
	    units_count(s->documents, "text", "texts").text, units_bytes(s->bytes).text);
	status_print("", "%s%s, the file has %s",
	    units_count(s->passages, "passage of the content", "passages of the content").text,
	    s->passages_ready ? "" : " (being read)", units_bytes(s->passages_bytes).text);
	if (s->passages_standing_ms >= SEARCH_STANDING_MS)
		status_print("",
		    "the index of passages stands still for %s: see "
		    "ev=passages_index_failed and ev=store_lost in searchd's log",
		    units_duration(s->passages_standing_ms).text);
	if (s->vectors > 0)
		status_print("", "%s in %s of memory",
		    units_count(s->vectors, "vector", "vectors").text,
		    units_bytes(s->vectors_bytes).text);
}

/* A daemon that has no socket. Everything else works without it, so it does not count for the exit status. */
static void
status_print_daemon(
    const struct overview *o, const char *name, enum role role, const char *without)
{
	struct msg_peer_status peer;
	struct slice list, item;

	if (o->status == NULL)
		return;
	list = o->status->peers;
	while (wire_list_next(&list, &item)) {
		if (record_decode(item, MSG_PEER_STATUS, &peer) != WIRE_OK || peer.role != role)
			continue;
		status_print(name, "%s, pid %" PRIu32 ", %.*s",
		    status_up_text(peer.since, o->now).text, peer.pid, (int)peer.program.len,
		    (const char *)peer.program.p);
		return;
	}
	status_print(name, "is not connected: %s", without);
}

static void
status_print_mails(const struct overview *o)
{
	const struct msg_status *s = o->status;

	status_print_daemon(o, "maild", ROLE_MAIL, "mails wait");
	if (s == NULL || s->mails_waiting == 0)
		return;
	status_print("", "%s", units_count(s->mails_waiting, "mail waits", "mails wait").text);
	if (s->mail_failing_at > 0)
		status_print("", "none could be sent for %s: %.*s",
		    units_duration(o->now - s->mail_failing_at).text, (int)s->mail_error.len,
		    (const char *)s->mail_error.p);
	else if (msg_mail_standing_ms(0, s->mail_due_at, o->now) > 0)
		status_print("", "the first one should have been sent %s ago",
		    units_duration(o->now - s->mail_due_at).text);
}

static void
status_print_pictures(const struct overview *o)
{
	const struct msg_status *s = o->status;

	status_print_daemon(o, "mediad", ROLE_MEDIA, "with CHECK_PICTURES=1, pictures wait");
	if (s == NULL || s->pictures_waiting == 0)
		return;
	status_print(
	    "", "%s", units_count(s->pictures_waiting, "picture waits", "pictures wait").text);
	if (msg_pictures_standing_ms(s->picture_waits_at, o->now) > 0)
		status_print("", "the first one has waited for %s",
		    units_duration(o->now - s->picture_waits_at).text);
}

static void
status_print_peer(const struct msg_peer_status *peer, uint64_t now)
{
	/* A worker of another machine may have our pid. */
	if ((peer->role == ROLE_TOOL && peer->pid == (uint32_t)getpid()) ||
	    peer->role == ROLE_SEARCH || peer->role == ROLE_CRAWL || peer->role == ROLE_MAIL ||
	    peer->role == ROLE_MEDIA)
		return;
	status_print(peer->role == ROLE_WORKER ? "worker" : "tool",
	    "%s, pid %" PRIu32 ", %.*s, %s%s", status_up_text(peer->since, now).text, peer->pid,
	    (int)peer->program.len, (const char *)peer->program.p,
	    units_count(peer->open_turns, "open reply", "open replies").text,
	    status_following_text(peer->following).text);
}

/* The libraries of all processes of this machine. */
static void
status_add_old_libraries(const struct overview *o, char names[OLD_LIBRARIES_SIZE])
{
	struct slice peers = o->status == NULL ? (struct slice){0} : o->status->peers;
	struct msg_peer_status peer;
	struct slice item;

	for (size_t i = 0; i < 2; i++) {
		pid_t pid = i == 0 ? o->front.pid : o->store.pid;

		if (pid != 0)
			old_libraries_add(pid, names);
	}
	while (wire_list_next(&peers, &item))
		if (record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK &&
		    peer.role != ROLE_TOOL)
			old_libraries_add((pid_t)peer.pid, names);
}

static void
status_print_old_libraries(const struct overview *o)
{
	char names[OLD_LIBRARIES_SIZE] = "";

	status_add_old_libraries(o, names);
	if (names[0] != '\0')
		status_print("libraries",
		    "%s: an update has replaced them, and the running processes still use the "
		    "old files; run systemctl restart banter.target at a quiet time",
		    names);
}

static void
status_print_peers(struct slice peers, uint64_t now)
{
	struct msg_peer_status peer;
	struct slice item;

	while (wire_list_next(&peers, &item))
		if (record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK)
			status_print_peer(&peer, now);
}

static void
status_print_reader(const struct msg_status *s)
{
	bool limited = s->reader_max_bytes > 0;

	if (s->reader_pid == 0)
		return;
	status_print("reader",
	    "process %" PRIu32
	    " has read a snapshot for %s and keeps %s of old pages from being "
	    "reused%s%s",
	    s->reader_pid, units_duration(s->reader_ms).text, units_bytes(s->reader_bytes).text,
	    limited ? "; storaged kills it at " : "",
	    limited ? units_bytes(s->reader_max_bytes).text : "");
}

static void
status_print_space(const struct msg_status *s)
{
	double share =
	    s->max_bytes == 0 ? 0 : 100 * (double)s->used_bytes / (double)s->max_bytes;

	status_print("space", "%s of %s in use (%.1f %%), the file has %s",
	    units_bytes(s->used_bytes).text, units_bytes(s->max_bytes).text, share,
	    units_bytes(s->file_bytes).text);
	if (s->damage.len > 0)
		status_print("writes",
		    "are refused: the store is damaged (%.*s): save its contents with banter "
		    "export, and restore a backup",
		    (int)s->damage.len, (const char *)s->damage.p);
	else if (s->full)
		status_print("writes",
		    "are refused: the store or its disk is full: free some space, raise "
		    "STORE_MAX_BYTES, or erase conversations");
	else if (!s->writable)
		status_print("writes",
		    "are refused: the disk fails, or is read-only: see ev=store_not_writable "
		    "in storaged's log, and check the disk");
}

/* From here on, a quota of files is a warning. */
#define FILES_WARNING_PERCENT 80.0

static void
status_print_quota(const char *name, uint64_t bytes, uint64_t most, const char *setting)
{
	const double share = most == 0 ? 0 : 100 * (double)bytes / (double)most;

	if (share >= FILES_WARNING_PERCENT)
		status_print("",
		    "%s almost reached (%.1f %%): files beyond %s are refused; raise it, or "
		    "set FILES_RETENTION_DAYS",
		    name, share, setting);
}

/* Only if there are any. */
static void
status_print_files(const struct msg_status *s)
{
	if (s->files == 0)
		return;
	status_print("files", "%s of visitors and operators, %s of %s",
	    units_count(s->files, "file", "files").text, units_bytes(s->files_bytes).text,
	    units_bytes(s->files_max_bytes).text);
	status_print_quota(
	    "their limit is", s->files_bytes, s->files_max_bytes, "FILES_MAX_BYTES");
	if (s->files_org_max_bytes == 0)
		return;
	status_print("", "%.*s has the most, %s of %s", (int)s->files_org_name.len,
	    (const char *)s->files_org_name.p, units_bytes(s->files_org_bytes).text,
	    units_bytes(s->files_org_max_bytes).text);
	status_print_quota("the limit of an organization is", s->files_org_bytes,
	    s->files_org_max_bytes, "FILES_ORG_MAX_BYTES");
}

/* Only on several machines. */
static void
status_print_log(const struct msg_status *s)
{
	if (s->store_role == STORE_OWNER)
		status_print("log",
		    "owner, epoch %" PRIu64 ", row %" PRIu64
		    ", %s, the nearest one %s behind, appends take %.1f ms",
		    s->log_epoch, s->log_seq,
		    units_count(s->log_standbys, "standby", "standbys").text,
		    units_count(s->log_behind, "row", "rows").text, s->log_append_us / 1000.0);
	else if (s->store_role == STORE_STANDBY)
		status_print("log", "standby of %.*s, row %" PRIu64 ", %s behind",
		    s->log_owner.len == 0 ? 7 : (int)s->log_owner.len,
		    s->log_owner.len == 0 ? "nobody" : (const char *)s->log_owner.p, s->log_seq,
		    units_count(s->log_behind, "row", "rows").text);
	if (s->log_error.len > 0)
		status_print("", "%.*s", (int)s->log_error.len, (const char *)s->log_error.p);
	if (s->store_role == STORE_OWNER && s->log_standbys == 0)
		status_print(
		    "", "no standby follows: if this machine is lost, the service stops");
}

static uint64_t
status_count(struct slice tables, const char *name)
{
	struct msg_table_status table;
	struct slice item;

	while (wire_list_next(&tables, &item))
		if (record_decode(item, MSG_TABLE_STATUS, &table) == WIRE_OK &&
		    slice_eq_str(table.name, name))
			return table.entries;
	return 0;
}

static void
status_print_records(struct slice tables)
{
	status_print("records", "%s, %s, %s, %s, %s",
	    units_count(status_count(tables, "conversations"), "conversation", "conversations")
		.text,
	    units_count(status_count(tables, "messages"), "message", "messages").text,
	    units_count(status_count(tables, "visitors_by_id"), "visitor", "visitors").text,
	    units_count(status_count(tables, "contacts"), "contact", "contacts").text,
	    units_count(status_count(tables, "users"), "user", "users").text);
}

/* Only if there is any. */
static void
status_print_content(struct slice tables)
{
	uint64_t sources = status_count(tables, "sources");
	uint64_t answers = status_count(tables, "answers");
	uint64_t gaps = status_count(tables, "gaps");

	if (sources + answers + gaps == 0)
		return;
	status_print("content", "%s with %s and %s, %s, %s, %s",
	    units_count(sources, "source", "sources").text,
	    units_count(status_count(tables, "source_pages"), "page", "pages").text,
	    units_count(status_count(tables, "chunks"), "chunk", "chunks").text,
	    units_count(status_count(tables, "vectors"), "vector", "vectors").text,
	    units_count(answers, "answer", "answers").text,
	    units_count(gaps, "question without an answer", "questions without an answer")
		.text);
}

static void
status_print_activity(const struct msg_status *s)
{
	double rate = s->recent_ms == 0 ? 0 : 1000.0 * s->recent_commits / s->recent_ms;

	status_print("open", "%s", units_count(s->open_turns, "reply", "replies").text);
	status_print("activity", "%.1f commits/s; since the start %s, %s (%" PRIu64 " refused)",
	    rate, units_count(s->commits, "commit", "commits").text,
	    units_count(s->requests, "request", "requests").text, s->refused);
}

/* Whether the file of the last backup was removed, as far as we can see. */
static bool
status_backup_is_gone(struct slice file)
{
	char path[1024 + 1];

	return file.len > 0 && slice_copy_text(file, path, sizeof(path)) &&
	    access(path, F_OK) == -1 && errno == ENOENT;
}

static bool
status_backup_failed(const struct overview *o)
{
	return o->backup_unit_failed || (o->status != NULL && o->status->backup_failed_at != 0);
}

/* The last good one of this machine, and what happened after it. */
static void
status_print_backup(const struct overview *o)
{
	const struct msg_status *s = o->status;

	if (s->last_backup_at == 0 && s->damage.len > 0)
		status_print("backup", "unknown, because the store is damaged");
	else if (s->store_role == STORE_STANDBY)
		status_print("backup", "a standby does not record its backups");
	else if (s->last_backup_at == 0)
		status_print("backup", "never made on this machine: run banter backup FILE");
	else
		status_print("backup", "%s (%s), %s", units_time(s->last_backup_at).text,
		    units_ago(s->last_backup_at, o->now).text,
		    units_bytes(s->last_backup_bytes).text);
	if (s->last_backup_file.len > 0)
		status_print("", "%.*s%s", (int)s->last_backup_file.len,
		    (const char *)s->last_backup_file.p,
		    status_backup_is_gone(s->last_backup_file) ? " is GONE" : "");
	if (s->backup_failed_at != 0)
		status_print("", "the last attempt FAILED %s: %.*s",
		    units_ago(s->backup_failed_at, o->now).text, (int)s->backup_error.len,
		    (const char *)s->backup_error.p);
	if (o->backup_unit_failed)
		status_print("",
		    "the nightly one FAILED: journalctl -u " BACKUP_UNIT
		    ", then systemctl start " BACKUP_UNIT);
}

/* The check of all checksums. */
static void
status_print_scrub(const struct msg_status *s, uint64_t now)
{
	if (s->scrub_damaged + s->scrubbing_damaged > 0)
		status_print("checksums", "%s damaged: run banter verify, and restore a backup",
		    units_count(s->scrub_damaged > s->scrubbing_damaged ? s->scrub_damaged
									: s->scrubbing_damaged,
			"record is", "records are")
			.text);
	else if (s->scrub_at != 0)
		status_print("checksums", "%s checked %s, all are right",
		    units_count(s->scrub_entries, "record", "records").text,
		    units_ago(s->scrub_at, now).text);
	if (s->scrubbing)
		status_print(s->scrub_at == 0 && s->scrubbing_damaged == 0 ? "checksums" : "",
		    "a check runs: %s so far",
		    units_count(s->scrubbing_entries, "record", "records").text);
}

/* The change feed. */
static void
status_print_changes(const struct msg_status *s, uint64_t now)
{
	if (s->changes_newest != 0)
		status_print("changes", "%s kept; the oldest: %s",
		    units_count(s->changes, "event", "events").text,
		    units_ago(s->changes_since, now).text);
}

static void
status_print_webhooks(const struct msg_status *s)
{
	if (s->webhooks_noticed > 0)
		status_print("webhooks",
		    "%" PRIu32 " of %" PRIu32
		    " have a notice, so events may wait: banter webhook list",
		    s->webhooks_noticed, s->webhooks);
}

/* Lines only where conversations are erased by their age. */
static void
status_print_retention(const struct msg_status *s)
{
	if (s->retention_days == 0 && s->retention_erased == 0)
		return;
	status_print("retention", "RETENTION_DAYS is %" PRIu32 "; %s erased since the start",
	    s->retention_days,
	    units_count(s->retention_erased, "conversation", "conversations").text);
	if (s->retention_behind_ms >= RETENTION_BEHIND_MS)
		status_print("",
		    "%s behind the clock, which was set ahead, or storaged was stopped: it "
		    "gains a "
		    "day an hour; if the clock is right, banter clock reset ends that",
		    units_duration(s->retention_behind_ms).text);
}

static void
status_print_due(const struct msg_status *s)
{
	if (s->due_undone > 0)
		status_print("due",
		    "%s not done, because records are damaged: see ev=due_undone in storaged's "
		    "log, and run banter verify",
		    units_count(
			s->due_undone, "thing that was due is", "things that were due are")
			.text);
}

static void
status_print_clock(const struct msg_status *s)
{
	if (s->clock_behind_ms > 0)
		status_print("clock",
		    "%s behind the latest time that the store has seen, by which logins "
		    "expire: "
		    "correct it, or, if the clock was wrong then, run banter clock reset",
		    units_duration(s->clock_behind_ms).text);
}

/* Only for an installed banter: in development the keys are in .env. */
static void
status_print_keys(void)
{
	if (access(BANTER_CONFIG_DIR "/credentials", F_OK) == 0)
		status_print("keys",
		    "in %s/credentials; DASHBOARD_PASSWORD opens the dashboard",
		    BANTER_CONFIG_DIR);
}

/* Prints how many processes ended by themselves within the last ten minutes; nothing if none did. */
static void
status_print_crashes(const struct msg_status *s)
{
	if (s->store_crashes + s->worker_crashes > 0)
		status_print("crashes",
		    "storaged ended %s and workers %s within ten minutes without being told "
		    "to: see ev=store_lost and ev=worker_exit in the log, and what is before "
		    "them",
		    units_count(s->store_crashes, "time", "times").text,
		    units_count(s->worker_crashes, "time", "times").text);
}

static bool
status_is_up(const struct overview *o)
{
	return o->status != NULL && !o->status->crash_loop && o->status->writable &&
	    o->front.state == COMPONENT_RUNNING;
}

static void
status_print_text(const struct overview *o)
{
	const struct msg_status *s = o->status;

	status_print("banter", "%s: %s%s", BANTER_VERSION,
	    status_is_up(o) ? "everything runs" : "NOT EVERYTHING RUNS",
	    status_backup_failed(o) ? ", and the last backup FAILED" : "");
	status_print_front_end(o);
	status_print_store(o);
	status_print_search(o);
	status_print_daemon(o, "crawld", ROLE_CRAWL, "sites and files are not read");
	status_print_mails(o);
	status_print_pictures(o);
	status_print_old_libraries(o);
	if (s != NULL) {
		status_print_crashes(s);
		status_print_log(s);
		status_print_peers(s->peers, o->now);
		status_print_space(s);
		status_print_files(s);
		status_print_reader(s);
		status_print_records(s->tables);
		status_print_content(s->tables);
		status_print_activity(s);
		status_print_backup(o);
		status_print_scrub(s, o->now);
		status_print_changes(s, o->now);
		status_print_webhooks(s);
		status_print_retention(s);
		status_print_due(s);
		status_print_clock(s);
	}
	status_print_keys();
}

static json_t *
status_component_json(const struct component *c)
{
	json_t *urls = json_array(), *object;

	for (size_t i = 0; i < c->listening; i++)
		json_array_append_new(urls, json_string(c->at[i].url));
	object = json_pack("{s:s, s:s, s:i, s:I, s:b, s:s, s:o, s:s, s:I, s:s}", "name",
	    c->name, "state", component_state_name(c->state), "pid", (int)c->pid, "started_at",
	    (json_int_t)c->started_at, "replaced", c->replaced, "version",
	    c->replaced ? c->version.text : BANTER_VERSION, "urls", urls, "error", c->error,
	    "error_at", (json_int_t)c->error_at, "advice", c->advice == NULL ? "" : c->advice);
	return object;
}

/* 0, or -1 with ENOBUFS. */
static int
status_search_json(struct buf *out, const struct msg_search_status *s)
{
	static const struct msg_search_status none;

	if (s == NULL)
		s = &none;
	return buf_printf(out,
	    ",\"search\":{\"ready\":%s,\"pid\":%" PRIu32 ",\"standingMs\":%" PRIu64
	    ",\"documents\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"passages\":{\"ready\":%s,\"standingMs\":%" PRIu64 ",\"count\":%" PRIu64
	    ",\"bytes\":%" PRIu64 ",\"vectors\":%" PRIu64 ",\"vectorsBytes\":%" PRIu64 "}}",
	    s->ready ? "true" : "false", s->pid, s->standing_ms, s->documents, s->bytes,
	    s->passages_ready ? "true" : "false", s->passages_standing_ms, s->passages,
	    s->passages_bytes, s->vectors, s->vectors_bytes);
}

/* storaged's pid and times are members of the whole object. */
static int
status_print_json(const struct overview *o)
{
	json_t *list = json_pack(
	    "[o, o]", status_component_json(&o->front), status_component_json(&o->store));
	char *components = list == NULL ? NULL : json_dumps(list, JSON_COMPACT);
	struct buf out;
	int rc;

	json_decref(list);
	if (components == NULL)
		return console_fail(EX_SOFTWARE, "the status contains text that is not UTF-8");
	buf_init(&out, WIRE_FRAME_MAX);
	rc = buf_printf(&out,
	    "{\"running\":%s,\"masterd_pid\":%d,\"components\":%s,\"backup_failed\":%s",
	    o->status == NULL ? "false" : "true", (int)o->front.pid, components,
	    status_backup_failed(o) ? "true" : "false");
	if (rc == 0)
		rc = status_search_json(&out, o->search);
	if (rc == 0 && o->status != NULL)
		rc = message_json_write(&out, MSG_STATUS, o->status);
	if (rc == 0)
		printf("%.*s}\n", (int)buf_len(&out), (const char *)buf_data(&out));
	buf_clear(&out);
	free(components);
	return rc == 0 ? 0 : console_fail(EX_SOFTWARE, "the status is too large to print");
}

static size_t
status_count_workers(struct slice peers)
{
	struct msg_peer_status peer;
	struct slice item;
	size_t n = 0;

	while (wire_list_next(&peers, &item))
		n += record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK &&
		    peer.role == ROLE_WORKER;
	return n;
}

/* Asks storaged. 0, or the exit status after an error message. */
static int
status_ask_store(struct store_conn *conn, struct overview *o, union msg *m)
{
	int status = store_conn_open(conn, o->socket);

	if (status == EX_UNAVAILABLE)
		store_conn_not_running(o->socket);
	if (status == 0)
		status = store_conn_request(
		    conn, MSG_STATUS_GET, &(struct msg_status_get){}, MSG_STATUS, m);
	if (status == 0)
		o->status = &m->status;
	return status;
}

static void
status_find_components(struct overview *o, bool systemd)
{
	const struct msg_status *s = o->status;
	struct slice none = {0};
	struct slice peers = s == NULL ? none : s->peers;

	component_find_front_end(
	    &o->front, systemd, status_find_masterd(peers), status_count_workers(peers));
	component_find_store(&o->store, systemd);
	if (s == NULL) {
		component_set_silent(&o->store);
		return;
	}
	o->store.state = COMPONENT_RUNNING;
	o->store.advice = NULL;
	o->store.pid = (pid_t)s->pid;
	o->store.started_at = s->started_at;
}

int
status_command(struct invocation *inv)
{
	bool json = false, systemd;
	const struct option_row rows[] = {
	    {"json", NULL, "print one JSON object", .flag = &json},
	    {0},
	};
	struct overview o = {0};
	struct unit backup;
	struct search_status search;
	struct store_conn conn;
	union msg m;
	int status, printed = 0;

	if (!options_read(inv, rows, about, &status))
		return status;
	o.socket = inv->settings.store_socket;
	systemd = unit_is_used(o.socket);
	o.backup_unit_failed =
	    systemd && unit_read(&backup, BACKUP_UNIT) && strcmp(backup.active, "failed") == 0;
	status = status_ask_store(&conn, &o, &m);
	if (search_status_ask(&search, inv->settings.search_socket))
		o.search = &search.status;
	o.now = clock_wall_ms();
	/* Without systemd, masterd can only be found through storaged. */
	if (status == 0 || (systemd && status != EX_NOPERM)) {
		status_find_components(&o, systemd);
		if (json)
			printed = status_print_json(&o);
		else
			status_print_text(&o);
	} else if (json && status == EX_UNAVAILABLE) {
		printf("{\"running\":false}\n");
	}
	search_status_clear(&search);
	store_conn_close(&conn);
	if (status == 0 && !status_is_up(&o))
		status = EX_UNAVAILABLE;
	return printed != 0 ? printed : status;
}
