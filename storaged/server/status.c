/*
 * Collects the status from counters that exist anyway. Its cost does not depend on the amount of
 * data: LMDB counts the keys and pages of each table, and each source its pages.
 */
#include "storaged/server/status.h"

#include <stdio.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "proto/ipc/crashes.h"
#include "proto/process/old_libraries.h"
#include "proto/settings/settings.h"
#include "storaged/changes/changes.h"
#include "storaged/content/sources.h"
#include "storaged/files/file_use.h"
#include "storaged/files/media.h"
#include "storaged/mail/mails.h"
#include "storaged/request/store_time.h"
#include "storaged/server/backups.h"
#include "storaged/server/log_requests.h"
#include "storaged/server/peers.h"

#define SETTING_VALUE_MAX 1024 /* messages.def */

/* Sources whose pages STORE_INFO counts: the dashboard asks again and again, and other requests wait meanwhile. */
#define SOURCES_SUMMED_MAX 4096u

/* Organizations among which the one with the most files is looked for, for the same reason. */
#define FILE_ORGS_MAX 4096u

/* Webhooks that STATUS counts, for the same reason. */
#define WEBHOOKS_COUNTED_MAX 4096u

static void
status_add_item(struct env *env, enum msg_type type, const void *record)
{
	buf_reset(&env->record);
	must(record_encode(&env->record, type, record) == 0);
	must(wire_list_add(&env->list, buf_slice(&env->record)) == 0);
}

/* Adds a table to env->list. */
static int
status_add_table(struct txn *t, enum table table, struct msg_status *status)
{
	MDB_stat stat;
	int rc = mdb_stat(t->mdb, t->env->dbi[table], &stat);
	struct msg_table_status item = {.name = slice_str(table_name(table))};

	if (rc != 0)
		return rc;
	item.entries = stat.ms_entries;
	item.bytes = (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
	    (uint64_t)stat.ms_psize;
	status_add_item(t->env, MSG_TABLE_STATUS, &item);
	if (table == TABLE_OPEN_TURNS)
		status->open_turns = (uint32_t)stat.ms_entries;
	return 0;
}

static int
status_read_file_bytes(const struct txn *t, uint64_t *bytes)
{
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_info(t->env->mdb, &info);

	if (rc == 0)
		rc = mdb_env_stat(t->env->mdb, &stat);
	if (rc == 0)
		*bytes = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
	return rc;
}

static int
status_add_store(struct txn *t, struct msg_status *status)
{
	int rc = env_used_bytes(t->env, t->mdb, &status->used_bytes);

	if (rc == 0)
		rc = status_read_file_bytes(t, &status->file_bytes);
	for (enum table i = 0; i < TABLES && rc == 0; i++)
		rc = status_add_table(t, i, status);
	return rc;
}

static uint32_t
status_count_turns(const struct turn_list *turns)
{
	const struct open_turn *turn;
	uint32_t n = 0;

	TAILQ_FOREACH (turn, turns, order)
		n++;
	return n;
}

/* Adds the peers that have sent their hello to env->list. */
static void
status_add_peers(struct env *env, const struct peers *peers)
{
	const struct peer *peer;

	TAILQ_FOREACH (peer, &peers->all, order) {
		struct msg_peer_status status = {
		    .role = (uint8_t)peer->channel.peer,
		    .pid = peer->channel.peer_pid,
		    .program = slice_str(peer->channel.peer_program),
		    .since = peer->since,
		    .open_turns = status_count_turns(&peer->client.turns),
		    .following = (uint32_t)peer->client.follows[TOPIC_TURNS].n,
		};

		if (peer->channel.peer != ROLE_NONE)
			status_add_item(env, MSG_PEER_STATUS, &status);
	}
}

/* Counts the webhooks that are enabled, and those with a notice for their owner. */
static int
status_add_webhooks(struct txn *t, struct msg_status *status)
{
	const struct key all = {0};
	struct msg_webhook_record r;
	struct walk w;
	unsigned looked = 0;
	int rc = walk_open(&w, t, TABLE_WEBHOOKS, &all);

	if (rc == 0)
		rc = walk_from(&w, &all);
	for (; rc == 0 && looked < WEBHOOKS_COUNTED_MAX; looked++, rc = walk_next(&w)) {
		if (record_read(w.value, TABLE_WEBHOOKS, &r) != 0 || !r.enabled)
			continue;
		status->webhooks++;
		status->webhooks_noticed += r.notice.len > 0;
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
status_add_changes(struct txn *t, struct msg_status *status)
{
	struct changes_extent extent;
	int rc = changes_extent(t, &extent);

	if (rc == 0)
		rc = changes_newest(t, &status->changes_newest);
	if (rc != 0)
		return txn_survives(rc) ? 0 : rc;
	status->changes = extent.rows;
	status->changes_oldest = extent.oldest;
	status->changes_since = changes_time(extent.oldest);
	return 0;
}

static void
status_add_retention(struct env *env, struct msg_status *status)
{
	uint64_t clock = clock_wall_ms(), steady = store_time_steady(env);

	status->retention_behind_ms = clock > steady ? clock - steady : 0;
}

int
handle_crash_report(struct txn *t, struct call *c)
{
	(void)t;
	c->activity->crashes = c->m->crash_report;
	c->activity->crashes_at = clock_mono_ms();
	call_ok(c);
	return 0;
}

static void
status_add_crashes(const struct activity *a, struct msg_status *status)
{
	if (a->crashes_at == 0 || clock_mono_ms() - a->crashes_at >= CRASHES_RECENT_MS)
		return;
	status->store_crashes = a->crashes.store;
	status->worker_crashes = a->crashes.workers;
	status->crash_loop = a->crashes.loop;
}

/* The part of the status that is in memory. */
static struct msg_status
status_of_process(const struct call *c, const struct env *env)
{
	const struct activity *a = c->activity;
	uint32_t recent_ms, recent = activity_recent(a, &recent_ms);

	return (struct msg_status){
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("banter " BANTER_VERSION),
	    .started_at = a->started_at,
	    .schema = SCHEMA_VERSION,
	    .max_bytes = env->max_bytes,
	    .files_max_bytes = env->files_max_bytes,
	    .files_org_max_bytes = env->files_org_max_bytes,
	    .commits = a->commits,
	    .requests = a->requests,
	    .refused = a->refused,
	    .recent_ms = recent_ms,
	    .recent_commits = recent,
	    .clock_behind_ms = env->time.ahead,
	    .retention_days = env->retention_days,
	    .retention_erased = env->retention_erased,
	    .due_undone = env->due_undone,
	    .scrub_at = env->scrub.done_at,
	    .scrub_entries = env->scrub.done_entries,
	    .scrub_damaged = env->scrub.done_damaged,
	    .scrubbing = env->scrub.running,
	    .scrubbing_entries = env->scrub.entries,
	    .scrubbing_damaged = env->scrub.damaged,
	    .mail_failing_at = a->mail_failing_at,
	    .mail_error = slice_str(a->mail_failing_at == 0 ? "" : a->mail_error),
	};
}

/* After everything has been read: a damaged page may have been found meanwhile. */
static void
status_add_health(const struct env *env, struct msg_status *status)
{
	status->writable = env->writable;
	status->full = !env->writable && env->full;
	status->damage = slice_str(env->damage == NULL ? "" : env->damage);
}

static void
status_add_reader(struct env *env, struct msg_status *status)
{
	const struct reader *oldest;

	env_look_at_readers(env);
	oldest = readers_oldest(&env->readers);
	status->reader_max_bytes = env->readers.max_bytes;
	if (oldest == NULL)
		return;
	status->reader_pid = (uint32_t)oldest->pid;
	status->reader_ms = clock_mono_ms() - oldest->since;
	status->reader_bytes = readers_kept_bytes(&env->readers, oldest);
}

int
handle_ping(struct txn *t, struct call *c)
{
	if (t->env->damage != NULL)
		return call_refuse(c, STORE_DAMAGED, t->env->damage);
	call_answer(c, MSG_PONG,
	    &(struct msg_pong){
		.refusal = (uint8_t)call_write_refusal(t->env), .owner = t->env->log != NULL});
	return 0;
}

/*
 * The result of reading a part from the file. A damaged store still has a status: it says so, and has 0
 * for what could not be read.
 */
static int
status_result(const struct txn *t, int rc)
{
	return t->mode == TXN_READ && t->env->damage != NULL ? 0 : rc;
}

/* Adds the part of the status that is in the file. */
static int
status_add_file(struct txn *t, struct msg_status *status)
{
	struct backups backups = {0};
	struct file_use files = {0};
	int rc = status_add_store(t, status);

	if (rc == 0)
		rc = status_add_changes(t, status);
	if (rc == 0)
		rc = backups_read(t, &backups);
	if (rc == 0)
		rc = status_add_webhooks(t, status);
	if (rc == 0)
		rc = mails_extent(t, &status->mails_waiting, &status->mail_due_at);
	if (rc == 0)
		rc = media_extent(t, &status->pictures_waiting, &status->picture_waits_at);
	if (rc == 0)
		rc = file_use_read(t, FILE_ORGS_MAX, &files);
	status->files = files.files;
	status->files_bytes = files.bytes;
	status->files_org_bytes = files.org_bytes;
	status->files_org_name = files.org_name;
	status->last_backup_at = backups.at;
	status->last_backup_bytes = backups.bytes;
	status->last_backup_file = backups.file;
	status->backup_failed_at = backups.failed_at;
	status->backup_error = backups.error;
	return status_result(t, rc);
}

int
handle_status_get(struct txn *t, struct call *c)
{
	struct msg_status status = status_of_process(c, t->env);
	struct buf *list = &t->env->list;
	size_t tables;
	int rc;

	buf_reset(list);
	rc = status_add_file(t, &status);
	if (rc != 0)
		return rc;
	status_add_retention(t->env, &status);
	status_add_crashes(c->activity, &status);
	status_add_health(t->env, &status);
	status_add_reader(t->env, &status);
	log_status_add(t->env, &status);
	tables = buf_len(list);
	if (c->peers != NULL)
		status_add_peers(t->env, c->peers);
	/* Both lists are in one buffer. */
	status.tables = (struct slice){buf_data(list), tables};
	status.peers = (struct slice){buf_data(list) + tables, buf_len(list) - tables};
	call_answer(c, MSG_STATUS, &status);
	return 0;
}

static void
status_add_setting(void *arg, const struct setting_shown *s)
{
	struct msg_setting_item item = {
	    .name = slice_str(s->name), .value = slice_str(s->value), .set = s->set};

	if (item.value.len > SETTING_VALUE_MAX || !utf8_valid(item.value))
		item.value = (struct slice){0};
	status_add_item(arg, MSG_SETTING_ITEM, &item);
}

static void
status_add_daemons(const struct peers *peers, struct msg_store_info *info)
{
	const struct peer *peer;

	TAILQ_FOREACH (peer, &peers->all, order) {
		if (peer->channel.peer == ROLE_CRAWL) {
			info->crawl_program = slice_str(peer->channel.peer_program);
			info->crawl_pid = peer->channel.peer_pid;
		} else if (peer->channel.peer == ROLE_MAIL) {
			info->mail_program = slice_str(peer->channel.peer_program);
			info->mail_pid = peer->channel.peer_pid;
		} else if (peer->channel.peer == ROLE_MEDIA) {
			info->media_program = slice_str(peer->channel.peer_program);
			info->media_pid = peer->channel.peer_pid;
		}
	}
}

static int
status_add_content(struct txn *t, struct msg_store_info *info)
{
	struct source_sums sums;
	int rc = source_sum(t, SOURCES_SUMMED_MAX, &sums);

	if (rc != 0)
		return rc;
	info->sources = sums.sources;
	info->pages_waiting = sums.waiting;
	info->pages_read = sums.read;
	info->pages_unread = sums.unread;
	info->chunks = sums.chunks;
	info->content_complete = sums.complete;
	return 0;
}

static int
status_add_info(struct txn *t, struct msg_store_info *info)
{
	struct backups backups = {0};
	struct file_use files = {0};
	int rc = env_used_bytes(t->env, t->mdb, &info->used_bytes);

	if (rc == 0)
		rc = status_read_file_bytes(t, &info->file_bytes);
	if (rc == 0)
		rc = backups_read(t, &backups);
	if (rc == 0)
		rc = status_add_content(t, info);
	if (rc == 0)
		rc = mails_extent(t, &info->mails_waiting, &info->mail_due_at);
	if (rc == 0)
		rc = media_extent(t, &info->pictures_waiting, &info->picture_waits_at);
	if (rc == 0)
		rc = file_use_read(t, FILE_ORGS_MAX, &files);
	info->files = files.files;
	info->files_bytes = files.bytes;
	info->files_org_bytes = files.org_bytes;
	info->files_org_name = files.org_name;
	info->last_backup_at = backups.at;
	info->last_backup_bytes = backups.bytes;
	info->last_backup_file = backups.file;
	info->backup_failed_at = backups.failed_at;
	info->backup_error = backups.error;
	return status_result(t, rc);
}

static void
status_add_visits(struct env *env, const struct live *live)
{
	for (unsigned result = 0; result < VISIT_RESULTS; result++)
		if (live->visits[result] > 0)
			status_add_item(env, MSG_VISITS_ITEM,
			    &(struct msg_visits_item){(uint8_t)result, live->visits[result]});
}

int
handle_store_info_get(struct txn *t, struct call *c)
{
	struct env *env = t->env;
	struct msg_store_info info = {
	    .program = slice_str("banter " BANTER_VERSION),
	    .lmdb = slice_str(mdb_version(NULL, NULL, NULL)),
	    .started_at = c->activity->started_at,
	    .schema = SCHEMA_VERSION,
	    .max_bytes = env->max_bytes,
	    .files_max_bytes = env->files_max_bytes,
	    .files_org_max_bytes = env->files_org_max_bytes,
	    .disk_free_bytes = env_disk_free(env),
	    .due_undone = env->due_undone,
	    .pictures_checked = env->check_pictures,
	    .mail_failing_at = c->activity->mail_failing_at,
	    .mail_error =
		slice_str(c->activity->mail_failing_at == 0 ? "" : c->activity->mail_error),
	};
	int rc = status_add_info(t, &info);
	char old[OLD_LIBRARIES_SIZE] = "";
	size_t settings;

	if (rc != 0)
		return rc;
	if (c->peers != NULL)
		status_add_daemons(c->peers, &info);
	log_info_add(env, &info);
	old_libraries_add(0, old);
	info.old_libraries = slice_str(old);
	info.writable = env->writable;
	info.full = !env->writable && env->full;
	info.damage = slice_str(env->damage == NULL ? "" : env->damage);
	buf_reset(&env->list);
	settings_show(OWNER_STORE, status_add_setting, env);
	settings = buf_len(&env->list);
	status_add_visits(env, c->live);
	/* Both lists are in one buffer. */
	info.settings = (struct slice){buf_data(&env->list), settings};
	info.visits =
	    (struct slice){buf_data(&env->list) + settings, buf_len(&env->list) - settings};
	call_answer(c, MSG_STORE_INFO, &info);
	return 0;
}
