/*
 * `banter status`: what storaged says of itself, its store and its peers, for eyes or as JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "storaged/cli/console.h"
#include "storaged/cli/export/message_json.h"
#include "storaged/cli/options.h"
#include "storaged/cli/processes.h"
#include "storaged/cli/setup/config_dir.h"
#include "storaged/cli/store_line.h"
#include "storaged/cli/units.h"

static const char about[] =
    "Shows the processes of the service and how the store is: how full, what is in it, how "
    "busy\n"
    "it is, and when it was last backed up. storaged must run: else the exit status is 69.\n";

/* Whoever started the workers, if it can be seen from here; else 0. */
static pid_t
find_master(struct slice peers)
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

/* -- for eyes ---------------------------------------------------------------------------- */

/* Few workers follow what others write, and mostly not for long. */
static struct words
words_following(uint32_t n)
{
	struct words w = {""};

	if (n > 0)
		(void)snprintf(w.text, sizeof(w.text), ", follows %" PRIu32, n);
	return w;
}

static void
print_peer(const struct msg_peer_status *peer, uint64_t now)
{
	if (peer->pid == (uint32_t)getpid())
		return;
	say("%-11s pid %" PRIu32 ", %.*s, connected %s, %s%s",
	    peer->role == ROLE_WORKER ? "worker" : "tool", peer->pid, (int)peer->program.len,
	    (const char *)peer->program.p, words_ago(peer->since, now).text,
	    words_count(peer->open_turns, "open reply", "open replies").text,
	    words_following(peer->following).text);
}

static void
print_processes(const struct msg_status *s, uint64_t now)
{
	struct slice peers = s->peers, item;
	struct msg_peer_status peer;
	pid_t master = find_master(peers);

	say("%-11s pid %" PRIu32 ", %.*s, schema %" PRIu32 ", started %s (%s)", "storaged",
	    s->pid, (int)s->program.len, (const char *)s->program.p, s->schema,
	    words_time(s->started_at).text, words_ago(s->started_at, now).text);
	if (master != 0)
		say("%-11s pid %d", "masterd", (int)master);
	while (wire_list_next(&peers, &item))
		if (record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK)
			print_peer(&peer, now);
}

static void
print_space(const struct msg_status *s)
{
	double share =
	    s->max_bytes == 0 ? 0 : 100 * (double)s->used_bytes / (double)s->max_bytes;

	say("%-11s %s of %s in use (%.1f %%), the file has %s", "space",
	    words_bytes(s->used_bytes).text, words_bytes(s->max_bytes).text, share,
	    words_bytes(s->file_bytes).text);
	say("%-11s %s", "writes",
	    s->writable
		? "are taken"
		: "are refused: the store or its disk is full, or failed; storaged's log "
		  "says which");
}

static void
print_tables(struct slice tables)
{
	struct msg_table_status table;
	const char *before = "records";
	struct slice item;

	while (wire_list_next(&tables, &item)) {
		if (record_decode(item, MSG_TABLE_STATUS, &table) != WIRE_OK)
			continue;
		say("%-11s %-26.*s %12" PRIu64 "   %s", before, (int)table.name.len,
		    (const char *)table.name.p, table.entries, words_bytes(table.bytes).text);
		before = "";
	}
}

static void
print_activity(const struct msg_status *s)
{
	double rate = s->recent_ms == 0 ? 0 : 1000.0 * s->recent_commits / s->recent_ms;

	say("%-11s %s", "open", words_count(s->open_turns, "reply", "replies").text);
	say("%-11s %.1f commits/s in the last %s; since the start %" PRIu64 " commits, %" PRIu64
	    " requests, %" PRIu64 " of them refused",
	    "activity", rate, words_span(s->recent_ms).text, s->commits, s->requests,
	    s->refused);
}

static void
print_backup(const struct msg_status *s, uint64_t now)
{
	if (s->last_backup_at == 0)
		say("%-11s never made: banter backup FILE makes one", "backup");
	else
		say("%-11s %s (%s), %s", "backup", words_time(s->last_backup_at).text,
		    words_ago(s->last_backup_at, now).text,
		    words_bytes(s->last_backup_bytes).text);
}

/* Of an installed banter; not where a developer's keys are in .env. */
static void
print_keys(void)
{
	struct stat st;

	if (stat(BANTER_CONFIG_DIR "/credentials/OPENAI_API_KEY", &st) == -1)
		return;
	say("%-11s in %s/credentials: DASHBOARD_PASSWORD signs in to the dashboard", "keys",
	    BANTER_CONFIG_DIR);
	if (st.st_size == 0)
		say("%-11s that of the model is missing, and the front waits: run banter setup",
		    "");
}

static int
print_text(const struct msg_status *s)
{
	uint64_t now = clock_wall_ms();

	print_processes(s, now);
	print_space(s);
	print_tables(s->tables);
	print_activity(s);
	print_backup(s, now);
	print_keys();
	return 0;
}

/* -- for programs ------------------------------------------------------------------------ */

static int
print_json(const struct msg_status *s)
{
	struct buf out;
	int rc;

	buf_init(&out, WIRE_FRAME_MAX);
	rc = buf_printf(
	    &out, "{\"running\":true,\"masterd_pid\":%d", (int)find_master(s->peers));
	if (rc == 0)
		rc = fields_to_json(&out, MSG_STATUS, s);
	if (rc == 0)
		printf("%.*s}\n", (int)buf_len(&out), (const char *)buf_data(&out));
	buf_clear(&out);
	return rc == 0 ? 0 : fail(EX_SOFTWARE, "the status is too large to print");
}

int
run_status(struct invocation *inv)
{
	bool json = false;
	const struct option_row rows[] = {
	    {"json", NULL, "print one JSON object", .flag = &json},
	    {0},
	};
	struct store_line line;
	const char *path;
	union msg m;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	path = inv->settings.store_socket;
	status = store_line_open(&line, path);
	if (status == EX_UNAVAILABLE) {
		if (json)
			printf("{\"running\":false}\n");
		store_line_absent(path);
	}
	if (status == 0)
		status = store_line_ask(
		    &line, MSG_STATUS_GET, &(struct msg_status_get){}, MSG_STATUS, &m);
	if (status == 0)
		status = json ? print_json(&m.status) : print_text(&m.status);
	store_line_close(&line);
	return status;
}
