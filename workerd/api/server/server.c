/*
 * GET /v1/admin/server: versions, and the health of each part. Each process tells what it knows of itself: storaged
 * and searchd are asked, masterd and the workers have the scoreboard. A part that does not answer does not fail the
 * request: its state says so.
 *
 * Owners of the first organization administer the machine; no other organization may see it.
 */
#include <event2/event.h>
#include <jansson.h>
#include <string.h>

#include <openssl/crypto.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/process/old_libraries.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/server/server_handlers.h"
#include "workerd/api/server/server_settings.h"
#include "workerd/net/curl_loop.h"
#include "workerd/search/search_client.h"

/* Bytes of JSON: the environment has at most 2 MiB (execve(2)), and each byte may be escaped. */
#define ANSWER_MAX (16u * 1024 * 1024)

static void
server_write_library(struct json_writer *j, const char *name, const char *version)
{
	json_write_open(j, NULL, '{');
	json_write_str(j, "name", slice_str(name));
	json_write_str(j, "version", slice_str(version));
	json_write_close(j, '}');
}

static void
server_write_versions(struct json_writer *j)
{
	json_write_str(j, "version", slice_str(BANTER_VERSION));
	json_write_open(j, "libraries", '[');
	server_write_library(j, "jansson", jansson_version_str());
	server_write_library(j, "libcurl", curl_loop_version());
	server_write_library(j, "libevent", event_get_version());
	server_write_library(j, "nghttp2", upstream_http2_version());
	server_write_library(j, "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING));
	json_write_close(j, ']');
}

/* A process that runs with files of libraries that an update has replaced. */
static void
server_write_old_libraries(struct json_writer *j, const char *process, struct slice names)
{
	if (names.len == 0)
		return;
	json_write_open(j, NULL, '{');
	json_write_str(j, "process", slice_str(process));
	json_write_str(j, "names", names);
	json_write_close(j, '}');
}

static void
server_write_outdated(struct json_writer *j, const struct msg_store_info *s)
{
	char worker[OLD_LIBRARIES_SIZE] = "";

	old_libraries_add(0, worker);
	json_write_open(j, "old_libraries", '[');
	server_write_old_libraries(j, "workerd", slice_str(worker));
	if (s != NULL)
		server_write_old_libraries(j, "storaged", s->old_libraries);
	json_write_close(j, ']');
}

static void
server_write_master(struct json_writer *j, const struct api *api)
{
	const struct scoreboard_master *m = &api->board->master;
	bool crash = scoreboard_workers_crash(api->board, api->settings->ready_crashes);

	json_write_open(j, "master", '{');
	json_write_uint(j, "pid", metric_get(&m->pid));
	json_write_uint(j, "started_at", metric_get(&m->started_at));
	json_write_uint(j, "worker_starts", metric_get(&m->worker_starts));
	json_write_uint(j, "worker_deaths", metric_get(&m->worker_deaths));
	json_write_uint(j, "worker_hangs", metric_get(&m->worker_hangs));
	json_write_str(j, "state", slice_str(crash ? "crash_loop" : "ok"));
	json_write_close(j, '}');
}

static void
server_write_worker(struct json_writer *j, const struct scoreboard_worker *w)
{
	json_write_open(j, NULL, '{');
	json_write_uint(j, "pid", metric_get(&w->pid));
	json_write_uint(j, "connections", metric_get(&w->connections));
	json_write_uint(j, "sockets", metric_get(&w->sockets));
	json_write_uint(j, "replies", metric_get(&w->turns_running));
	json_write_uint(j, "open_breakers", metric_get(&w->breaker_open));
	json_write_close(j, '}');
}

static void
server_write_workers(struct json_writer *j, const struct scoreboard *board)
{
	uint64_t n = metric_get(&board->master.slots_used);

	json_write_open(j, "workers", '[');
	for (uint64_t i = 0; i < n && i < SCOREBOARD_WORKERS_MAX; i++)
		if (metric_get(&board->workers[i].pid) != 0)
			server_write_worker(j, &board->workers[i]);
	json_write_close(j, ']');
}

/* The model servers as this worker sees them. */
static void
server_write_models(struct json_writer *j, const struct api *api)
{
	const struct model_servers *all = &api->turns->servers;
	unsigned wait_ms;

	json_write_open(j, "models", '[');
	for (size_t i = 0; i < all->n; i++) {
		bool admits = upstream_admits(all->at[i].upstream, &wait_ms);

		json_write_open(j, NULL, '{');
		if (all->at[i].name == NULL)
			json_write_null(j, "name");
		else
			json_write_str(j, "name", slice_str(all->at[i].name));
		json_write_str(j, "state", slice_str(admits ? "available" : "failing"));
		json_write_uint(j, "retry_ms", admits ? 0 : wait_ms);
		json_write_close(j, '}');
	}
	json_write_close(j, ']');
}

/* When a model server refused a request of any worker last because its account has no credit or quota left. */
static void
server_write_unpaid(struct json_writer *j, const struct scoreboard *board)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < SCOREBOARD_WORKERS_MAX; i++) {
		uint64_t of_worker = metric_get(&board->workers[i].model_unpaid_at);

		at = of_worker > at ? of_worker : at;
	}
	if (at == 0)
		json_write_null(j, "model_unpaid_at");
	else
		json_write_uint(j, "model_unpaid_at", at);
}

static void
server_write_backup(struct json_writer *j, const struct msg_store_info *s)
{
	if (s->last_backup_at == 0) {
		json_write_null(j, "last_backup");
	} else {
		json_write_open(j, "last_backup", '{');
		json_write_uint(j, "at", s->last_backup_at);
		json_write_uint(j, "bytes", s->last_backup_bytes);
		json_write_str(j, "file", s->last_backup_file);
		json_write_close(j, '}');
	}
	if (s->backup_failed_at == 0) {
		json_write_null(j, "backup_failed");
	} else {
		json_write_open(j, "backup_failed", '{');
		json_write_uint(j, "at", s->backup_failed_at);
		json_write_str(j, "error", s->backup_error);
		json_write_close(j, '}');
	}
}

/* Only on several machines. */
static void
server_write_log(struct json_writer *j, const struct msg_store_info *s)
{
	json_write_open(j, "log", '{');
	json_write_str(j, "owner", s->log_owner);
	json_write_uint(j, "epoch", s->log_epoch);
	json_write_uint(j, "seq", s->log_seq);
	json_write_uint(j, "standbys", s->log_standbys);
	json_write_uint(j, "behind", s->log_behind);
	json_write_uint(j, "append_us", s->log_append_us);
	json_write_close(j, '}');
}

static void
server_write_store(struct json_writer *j, const struct api *api, const struct msg_store_info *s)
{
	bool crash = scoreboard_store_crashes(api->board, api->settings->ready_crashes);
	const char *state = s->damage.len > 0 ? "damaged"
	    : crash                           ? "crash_loop"
	    : s->writable                     ? "ok"
	    : s->full                         ? "full"
					      : "read_only";

	json_write_open(j, "store", '{');
	json_write_str(j, "state", slice_str(state));
	if (s->damage.len > 0)
		json_write_str(j, "damage", s->damage);
	json_write_str(j, "program", s->program);
	json_write_str(j, "lmdb", s->lmdb);
	json_write_uint(j, "started_at", s->started_at);
	json_write_uint(j, "schema", s->schema);
	json_write_uint(j, "used_bytes", s->used_bytes);
	json_write_uint(j, "file_bytes", s->file_bytes);
	json_write_uint(j, "max_bytes", s->max_bytes);
	json_write_uint(j, "disk_free_bytes", s->disk_free_bytes);
	server_write_backup(j, s);
	if (s->store_role == STORE_OWNER)
		server_write_log(j, s);
	json_write_close(j, '}');
}

/* crawld has no socket: storaged knows whether it is connected. */
static void
server_write_crawl(struct json_writer *j, const struct msg_store_info *s)
{
	bool running = s->crawl_program.len > 0;

	json_write_open(j, "crawl", '{');
	json_write_bool(j, "running", running);
	if (running) {
		json_write_str(j, "program", s->crawl_program);
		json_write_uint(j, "pid", s->crawl_pid);
	}
	json_write_close(j, '}');
}

/* maild has none either. */
static void
server_write_mail(struct json_writer *j, const struct msg_store_info *s)
{
	const uint64_t standing =
	    msg_mail_standing_ms(s->mail_failing_at, s->mail_due_at, clock_wall_ms());

	json_write_open(j, "mail", '{');
	json_write_bool(j, "running", s->mail_program.len > 0);
	json_write_uint(j, "waiting", s->mails_waiting);
	json_write_uint(j, "standing_ms", standing);
	if (s->mail_error.len == 0)
		json_write_null(j, "error");
	else
		json_write_str(j, "error", s->mail_error);
	json_write_close(j, '}');
}

static void
server_write_content(struct json_writer *j, const struct msg_store_info *s)
{
	json_write_open(j, "content", '{');
	json_write_uint(j, "sources", s->sources);
	json_write_uint(j, "waiting", s->pages_waiting);
	json_write_uint(j, "read", s->pages_read);
	json_write_uint(j, "unread", s->pages_unread);
	json_write_uint(j, "chunks", s->chunks);
	json_write_bool(j, "complete", s->content_complete);
	json_write_close(j, '}');
}

static void
server_write_files(struct json_writer *j, const struct msg_store_info *s)
{
	json_write_open(j, "files", '{');
	json_write_uint(j, "count", s->files);
	json_write_uint(j, "bytes", s->files_bytes);
	json_write_uint(j, "max_bytes", s->files_max_bytes);
	if (s->files_org_max_bytes == 0) {
		json_write_null(j, "organization");
	} else {
		json_write_open(j, "organization", '{');
		json_write_str(j, "name", s->files_org_name);
		json_write_uint(j, "bytes", s->files_org_bytes);
		json_write_uint(j, "max_bytes", s->files_org_max_bytes);
		json_write_close(j, '}');
	}
	json_write_close(j, '}');
}

static void
server_write_unavailable(struct json_writer *j, const char *name)
{
	json_write_open(j, name, '{');
	json_write_str(j, "state", slice_str("unavailable"));
	json_write_close(j, '}');
}

/* Of the index of messages, and then of that of the content. */
static const char *
server_search_state(const struct msg_search_status *s)
{
	if (s->standing_ms >= SEARCH_STANDING_MS ||
	    s->passages_standing_ms >= SEARCH_STANDING_MS)
		return "standing";
	return s->ready ? "ok" : "building";
}

static void
server_on_search(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct json_writer *j = &q->json;

	if (type != MSG_SEARCH_STATUS) {
		server_write_unavailable(j, "search");
	} else {
		const struct msg_search_status *s = &m->search_status;

		json_write_open(j, "search", '{');
		json_write_str(j, "state", slice_str(server_search_state(s)));
		if (!s->ready)
			json_write_str(j, "reason", s->reason);
		else if (s->passages_standing_ms >= SEARCH_STANDING_MS)
			json_write_str(j, "reason",
			    slice_str("the index of the content cannot be brought up to date"));
		json_write_str(j, "program", s->program);
		json_write_uint(j, "documents", s->documents);
		json_write_uint(j, "bytes", s->bytes);
		json_write_uint(j, "passages", s->passages);
		json_write_uint(j, "passagesBytes", s->passages_bytes);
		json_write_uint(j, "vectors", s->vectors);
		json_write_uint(j, "vectorsBytes", s->vectors_bytes);
		json_write_close(j, '}');
	}
	json_write_close(j, '}');
	store_query_reply(q);
}

static void
server_cancel_search(void *call)
{
	search_call_forget(call);
}

static void
server_on_store(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct json_writer *j = &q->json;
	struct search_call *call;
	bool known = type == MSG_STORE_INFO;

	json_write_open(j, NULL, '{');
	server_write_versions(j);
	server_write_outdated(j, known ? &m->store_info : NULL);
	server_write_master(j, q->api);
	server_write_workers(j, q->api->board);
	server_write_models(j, q->api);
	server_write_unpaid(j, q->api->board);
	if (known) {
		server_write_store(j, q->api, &m->store_info);
		server_write_crawl(j, &m->store_info);
		server_write_mail(j, &m->store_info);
		server_write_content(j, &m->store_info);
		server_write_files(j, &m->store_info);
	} else {
		server_write_unavailable(j, "store");
		json_write_null(j, "crawl");
		json_write_null(j, "mail");
		json_write_null(j, "content");
		json_write_null(j, "files");
	}
	server_settings_write(
	    j, q->api->shown_settings, known ? m->store_info.settings : (struct slice){0});
	call = search_call_status(q->api->search, server_on_search, q);
	if (call == NULL)
		server_on_search(q, 0, NULL);
	else
		store_query_wait(q, call, server_cancel_search);
}

void
handle_server_get(const struct api_call *c)
{
	struct store_query *q;

	if (!id_equal(&c->org, &id_default_org)) {
		reply_json_error(c->x, 403, "first_organization_only",
		    "Only owners of the first organization administer this server");
		return;
	}
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, "Not found");
	store_query_ask(q, MSG_STORE_INFO_GET, &(struct msg_store_info_get){}, server_on_store);
}
