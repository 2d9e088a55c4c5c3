/*
 * `banter status`: the state of storaged, its store and its peers, as text or JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/message_json.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/processes.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/files/config_dir.h"
#include "storaged/cli/store/store_conn.h"

static const char about[] =
    "Shows the processes of the service and the state of the store: space in use, records,\n"
    "activity, and the last backup. storaged must run: else the exit status is 69.\n";

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

static void
status_print_peer(const struct msg_peer_status *peer, uint64_t now)
{
	if (peer->pid == (uint32_t)getpid())
		return;
	console_print("%-11s pid %" PRIu32 ", %.*s, connected %s, %s%s",
	    peer->role == ROLE_WORKER ? "worker" : "tool", peer->pid, (int)peer->program.len,
	    (const char *)peer->program.p, units_ago(peer->since, now).text,
	    units_count(peer->open_turns, "open reply", "open replies").text,
	    status_following_text(peer->following).text);
}

static void
status_print_processes(const struct msg_status *s, uint64_t now)
{
	struct slice peers = s->peers, item;
	struct msg_peer_status peer;
	pid_t master = status_find_masterd(peers);

	console_print("%-11s pid %" PRIu32 ", %.*s, schema %" PRIu32 ", started %s (%s)",
	    "storaged", s->pid, (int)s->program.len, (const char *)s->program.p, s->schema,
	    units_time(s->started_at).text, units_ago(s->started_at, now).text);
	if (master != 0)
		console_print("%-11s pid %d", "masterd", (int)master);
	while (wire_list_next(&peers, &item))
		if (record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK)
			status_print_peer(&peer, now);
}

static void
status_print_space(const struct msg_status *s)
{
	double share =
	    s->max_bytes == 0 ? 0 : 100 * (double)s->used_bytes / (double)s->max_bytes;

	console_print("%-11s %s of %s in use (%.1f %%), the file has %s", "space",
	    units_bytes(s->used_bytes).text, units_bytes(s->max_bytes).text, share,
	    units_bytes(s->file_bytes).text);
	if (s->damage.len > 0)
		console_print(
		    "%-11s are refused: the store is damaged (%.*s): save its contents with "
		    "banter export, and restore a backup",
		    "writes", (int)s->damage.len, (const char *)s->damage.p);
	else
		console_print("%-11s %s", "writes",
		    s->writable ? "are accepted"
				: "are refused: the store or its disk is full or failed; see "
				  "storaged's log");
}

static void
status_print_tables(struct slice tables)
{
	struct msg_table_status table;
	const char *before = "records";
	struct slice item;

	while (wire_list_next(&tables, &item)) {
		if (record_decode(item, MSG_TABLE_STATUS, &table) != WIRE_OK)
			continue;
		console_print("%-11s %-26.*s %12" PRIu64 "   %s", before, (int)table.name.len,
		    (const char *)table.name.p, table.entries, units_bytes(table.bytes).text);
		before = "";
	}
}

static void
status_print_activity(const struct msg_status *s)
{
	double rate = s->recent_ms == 0 ? 0 : 1000.0 * s->recent_commits / s->recent_ms;

	console_print("%-11s %s", "open", units_count(s->open_turns, "reply", "replies").text);
	console_print("%-11s %.1f commits/s in the last %s; since the start %" PRIu64
		      " commits, %" PRIu64 " requests, %" PRIu64 " of them refused",
	    "activity", rate, units_duration(s->recent_ms).text, s->commits, s->requests,
	    s->refused);
}

static void
status_print_backup(const struct msg_status *s, uint64_t now)
{
	if (s->last_backup_at == 0)
		console_print("%-11s never made: run banter backup FILE", "backup");
	else
		console_print("%-11s %s (%s), %s", "backup", units_time(s->last_backup_at).text,
		    units_ago(s->last_backup_at, now).text,
		    units_bytes(s->last_backup_bytes).text);
}

/* Only for an installed banter: in development the keys are in .env. */
static void
status_print_keys(void)
{
	struct stat st;

	if (stat(BANTER_CONFIG_DIR "/credentials/OPENAI_API_KEY", &st) == -1)
		return;
	console_print("%-11s in %s/credentials: DASHBOARD_PASSWORD signs in to the dashboard",
	    "keys", BANTER_CONFIG_DIR);
	if (st.st_size == 0)
		console_print("%-11s the model server's key is missing, and the service waits "
			      "for it: run banter setup",
		    "");
}

static int
status_print_text(const struct msg_status *s)
{
	uint64_t now = clock_wall_ms();

	status_print_processes(s, now);
	status_print_space(s);
	status_print_tables(s->tables);
	status_print_activity(s);
	status_print_backup(s, now);
	status_print_keys();
	return 0;
}

static int
status_print_json(const struct msg_status *s)
{
	struct buf out;
	int rc;

	buf_init(&out, WIRE_FRAME_MAX);
	rc = buf_printf(
	    &out, "{\"running\":true,\"masterd_pid\":%d", (int)status_find_masterd(s->peers));
	if (rc == 0)
		rc = message_json_write(&out, MSG_STATUS, s);
	if (rc == 0)
		printf("%.*s}\n", (int)buf_len(&out), (const char *)buf_data(&out));
	buf_clear(&out);
	return rc == 0 ? 0 : console_fail(EX_SOFTWARE, "the status is too large to print");
}

int
status_command(struct invocation *inv)
{
	bool json = false;
	const struct option_row rows[] = {
	    {"json", NULL, "print one JSON object", .flag = &json},
	    {0},
	};
	struct store_conn conn;
	const char *path;
	union msg m;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	path = inv->settings.store_socket;
	status = store_conn_open(&conn, path);
	if (status == EX_UNAVAILABLE) {
		if (json)
			printf("{\"running\":false}\n");
		store_conn_not_running(path);
	}
	if (status == 0)
		status = store_conn_request(
		    &conn, MSG_STATUS_GET, &(struct msg_status_get){}, MSG_STATUS, &m);
	if (status == 0)
		status = json ? status_print_json(&m.status) : status_print_text(&m.status);
	store_conn_close(&conn);
	return status;
}
