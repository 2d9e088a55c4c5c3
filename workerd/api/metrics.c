/*
 * Writes the families of metrics.def, each with its help and type.
 */
#include "workerd/api/metrics.h"

#include <inttypes.h>
#include <stddef.h>

#include "proto/base/basics.h"
#include "workerd/api/content/content_metrics.h"
#include "workerd/api/log_metrics.h"
#include "workerd/api/mail_metrics.h"
#include "workerd/api/process_usage.h"
#include "workerd/api/request/metric_text.h"
#include "workerd/api/request/store_query.h"
#include "workerd/api/route_names.h"
#include "workerd/search/search_client.h"

#define TEXT_MAX (2u * 1024 * 1024)
#define STORE_MS 1000 /* less than Prometheus waits */

/* The buffer has room for all lines. */
#define WRITE(out, ...) must(buf_printf((out), __VA_ARGS__) == 0)

enum kind { COUNTER, GAUGE, HISTOGRAM };

static const char *const kind_names[] = {
    [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};

enum labels { NONE, ROUTE, RATE_LIMITED, TURN, MODEL_ERROR, TOKENS, WEBHOOK, FOUND, PROXY };

static const char *const rate_limited_values[] = {
#define RATE_LIMITED(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const turn_values[] = {
#define TURN(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const model_error_values[] = {
#define MODEL_ERROR(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const tokens_values[] = {
#define TOKENS(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const webhook_values[] = {
#define WEBHOOK(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const found_values[] = {
#define FOUND(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const char *const proxy_values[] = {
#define PROXY(NAME, value) value,
#include "proto/ipc/metrics.def"
};
static const int statuses[] = {
    0,
#define STATUS(number) number,
#include "proto/ipc/metrics.def"
};

/* Labels with one name and a fixed list of values. */
static const struct {
	const char *name;
	const char *const *values;
	size_t n;
} label_sets[] = {
    [RATE_LIMITED] = {"rule", rate_limited_values, METRIC_RATE_LIMITED_N},
    [TURN] = {"outcome", turn_values, METRIC_TURN_N},
    [MODEL_ERROR] = {"kind", model_error_values, METRIC_MODEL_ERROR_N},
    [TOKENS] = {"kind", tokens_values, METRIC_TOKENS_N},
    [WEBHOOK] = {"result", webhook_values, METRIC_WEBHOOK_N},
    [FOUND] = {"outcome", found_values, METRIC_FOUND_N},
    [PROXY] = {"reason", proxy_values, METRIC_PROXY_N},
};

/* A line of metrics.def, with its offset in the worker's or masterd's part of the scoreboard. */
struct family {
	enum kind kind;
	enum labels labels;
	const char *name, *help;
	size_t offset;
};

static const struct family worker_families[] = {
#define WORKER_METRIC(KIND, field, LABELS, name, help) \
	{KIND, LABELS, name, help, offsetof(struct scoreboard_worker, field)},
#include "proto/ipc/metrics.def"
};

static const struct family master_families[] = {
#define MASTER_METRIC(KIND, field, LABELS, name, help) \
	{KIND, LABELS, name, help, offsetof(struct scoreboard_master, field)},
#include "proto/ipc/metrics.def"
};

static const metric_cell *
metrics_cell_of(const void *owner, const struct family *f, size_t i)
{
	return (const metric_cell *)((const uint8_t *)owner + f->offset) + i;
}

/* Unused slots are skipped, so that their pages are never allocated. */
static size_t
metrics_slots(const struct scoreboard *board)
{
	uint64_t n = metric_get(&board->master.slots_used);

	return n < SCOREBOARD_WORKERS_MAX ? (size_t)n : SCOREBOARD_WORKERS_MAX;
}

/* The sum of the ith cell of a family over all workers. */
static uint64_t
metrics_sum(const struct scoreboard *board, const struct family *f, size_t i)
{
	uint64_t n = 0;

	for (size_t slot = 0; slot < metrics_slots(board); slot++)
		n += metric_get(metrics_cell_of(&board->workers[slot], f, i));
	return n;
}

static void
metrics_write_gauge(const struct scoreboard *board, const struct family *f, struct buf *out)
{
	for (size_t slot = 0; slot < metrics_slots(board); slot++)
		if (metric_get(&board->workers[slot].pid) != 0)
			WRITE(out, "%s{worker=\"%zu\"} %" PRIu64 "\n", f->name, slot,
			    metric_get(metrics_cell_of(&board->workers[slot], f, 0)));
}

/* Only pairs of route and status that occurred: most never do. */
static void
metrics_write_routes(const struct scoreboard *board, const struct family *f, struct buf *out)
{
	for (size_t route = 0; route < ROUTES_NUMBERS; route++) {
		for (size_t s = 0; s < METRIC_STATUS_N; s++) {
			uint64_t n = metrics_sum(board, f, route * METRIC_STATUS_N + s);

			if (n > 0)
				WRITE(out, "%s{route=\"%s\",status=\"%d\"} %" PRIu64 "\n",
				    f->name, route_name(route), statuses[s], n);
		}
	}
}

static void
metrics_write_counter(const struct scoreboard *board, const struct family *f, struct buf *out)
{
	if (f->labels == ROUTE) {
		metrics_write_routes(board, f, out);
		return;
	}
	if (f->labels == NONE) {
		WRITE(out, "%s %" PRIu64 "\n", f->name, metrics_sum(board, f, 0));
		return;
	}
	for (size_t i = 0; i < label_sets[f->labels].n; i++)
		WRITE(out, "%s{%s=\"%s\"} %" PRIu64 "\n", f->name, label_sets[f->labels].name,
		    label_sets[f->labels].values[i], metrics_sum(board, f, i));
}

static double
metrics_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

/* Prometheus buckets are cumulative. */
static void
metrics_write_histogram(const struct scoreboard *board, const struct family *f, struct buf *out)
{
	const size_t buckets = offsetof(struct metric_histogram, buckets) / sizeof(metric_cell);
	uint64_t count = 0;

	for (size_t i = 0; i < METRIC_BOUNDS_N; i++) {
		count += metrics_sum(board, f, buckets + i);
		WRITE(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", f->name,
		    metrics_seconds(metric_bounds_ns[i]), count);
	}
	count += metrics_sum(board, f, buckets + METRIC_BOUNDS_N);
	WRITE(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n",
	    f->name, count, f->name, metrics_seconds(metrics_sum(board, f, 0)), f->name, count);
}

static void
metrics_write_worker_families(const struct scoreboard *board, struct buf *out)
{
	static void (*const writers[])(const struct scoreboard *, const struct family *,
	    struct buf *) = {[COUNTER] = metrics_write_counter,
	    [GAUGE] = metrics_write_gauge,
	    [HISTOGRAM] = metrics_write_histogram};

	for (size_t i = 0; i < ARRAY_LEN(worker_families); i++) {
		const struct family *f = &worker_families[i];

		metric_text_head(out, f->name, kind_names[f->kind], f->help);
		writers[f->kind](board, f, out);
	}
}

static void
metrics_write_master_families(const struct scoreboard *board, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(master_families); i++) {
		const struct family *f = &master_families[i];

		must(f->kind == COUNTER && f->labels == NONE);
		metric_text_head(out, f->name, kind_names[f->kind], f->help);
		WRITE(out, "%s %" PRIu64 "\n", f->name,
		    metric_get(metrics_cell_of(&board->master, f, 0)));
	}
}

/* Appends a process to both families, unless it has just ended. */
static void
metrics_write_usage(uint64_t pid, const char *labels, struct buf *memory, struct buf *cpu)
{
	struct usage u;

	if (pid == 0 || usage_of(pid, &u) == -1)
		return;
	WRITE(memory, "banter_process_resident_memory_bytes{%s} %" PRIu64 "\n", labels,
	    u.resident_bytes);
	WRITE(cpu, "banter_process_cpu_seconds_total{%s} %.2f\n", labels, u.cpu_seconds);
}

static void
metrics_write_processes(const struct scoreboard *board, struct buf *out)
{
	struct buf cpu;

	buf_init(&cpu, 65536);
	metric_text_head(out, "banter_process_resident_memory_bytes", "gauge",
	    "Memory that a process holds.");
	metric_text_head(
	    &cpu, "banter_process_cpu_seconds_total", "counter", "CPU time of a process.");
	metrics_write_usage(metric_get(&board->master.pid), "process=\"masterd\"", out, &cpu);
	for (size_t slot = 0; slot < metrics_slots(board); slot++) {
		char labels[64];

		snprintf(labels, sizeof(labels), "process=\"workerd\",worker=\"%zu\"", slot);
		metrics_write_usage(metric_get(&board->workers[slot].pid), labels, out, &cpu);
	}
	must(buf_append(out, buf_data(&cpu), buf_len(&cpu)) == 0);
	buf_clear(&cpu);
}

static void
metrics_write_crashes(const struct scoreboard *board, uint64_t limit, struct buf *out)
{
	metric_text_head(out, "banter_store_deaths_total", "counter",
	    "Times that storaged ended without being told to, and another process answered.");
	WRITE(out, "banter_store_deaths_total %" PRIu64 "\n",
	    metric_get(&board->store_crashes.total));
	metric_text_gauge(out, "banter_store_crash_loop",
	    "1 while storaged has ended READY_CRASHES times within ten minutes.",
	    scoreboard_store_crashes(board, limit));
	metric_text_gauge(out, "banter_worker_crash_loop",
	    "1 while workers have ended READY_CRASHES times within ten minutes.",
	    scoreboard_workers_crash(board, limit));
}

static void
metrics_write_service(const struct scoreboard *board, struct buf *out)
{
	metric_text_head(out, "banter_build_info", "gauge", "The version that runs.");
	WRITE(out, "banter_build_info{version=\"" BANTER_VERSION "\"} 1\n");
	metric_text_head(out, "banter_start_time_seconds", "gauge",
	    "When masterd was started, in seconds since 1970.");
	WRITE(out, "banter_start_time_seconds %.3f\n",
	    (double)metric_get(&board->master.started_at) / 1e3);
}

void
metrics_write(const struct scoreboard *board, struct buf *out)
{
	metrics_write_service(board, out);
	metrics_write_master_families(board, out);
	metrics_write_worker_families(board, out);
	metrics_write_processes(board, out);
}

static void
metrics_cancel(void *call)
{
	store_call_forget(call);
}

/* An alert must not depend on a line that is missing while the store does not answer. */
static void
metrics_write_store(uint16_t type, const union msg *m, struct buf *out)
{
	metric_text_gauge(out, "banter_store_up", "1 while storaged answers.",
	    type == MSG_STORE_INFO || type == MSG_ERROR);
	metric_text_gauge(out, "banter_store_writable", "1 while the store accepts writes.",
	    type == MSG_STORE_INFO && m->store_info.writable);
}

static void
metrics_write_due(const struct msg_store_info *info, struct buf *out)
{
	metric_text_head(out, "banter_store_due_undone_total", "counter",
	    "Times that something due was not done because a record is damaged.");
	WRITE(out, "banter_store_due_undone_total %" PRIu64 "\n", info->due_undone);
}

static void
metrics_write_files(const struct msg_store_info *info, struct buf *out)
{
	metric_text_gauge(out, "banter_files", "Files of visitors and operators.", info->files);
	metric_text_gauge(
	    out, "banter_files_bytes", "Bytes of these files.", info->files_bytes);
	metric_text_gauge(out, "banter_files_max_bytes",
	    "FILES_MAX_BYTES: further ones are refused.", info->files_max_bytes);
	metric_text_gauge(out, "banter_files_organization_bytes",
	    "Bytes of the files of the organization that has the most.", info->files_org_bytes);
	metric_text_gauge(out, "banter_files_organization_max_bytes",
	    "FILES_ORG_MAX_BYTES; 0: only FILES_MAX_BYTES counts.", info->files_org_max_bytes);
}

static void
metrics_on_search(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;

	metric_text_gauge(
	    &q->out, "banter_search_up", "1 while searchd answers.", type == MSG_SEARCH_STATUS);
	metric_text_gauge(&q->out, "banter_search_standing",
	    "1 while the search index has made no progress for half a minute.",
	    type == MSG_SEARCH_STATUS && m->search_status.standing_ms >= SEARCH_STANDING_MS);
	metric_text_gauge(&q->out, "banter_passages_standing",
	    "1 while the index of the content has made no progress for half a minute.",
	    type == MSG_SEARCH_STATUS &&
		m->search_status.passages_standing_ms >= SEARCH_STANDING_MS);
	store_query_reply_as(q, 200, "text/plain; version=0.0.4; charset=utf-8");
}

static void
metrics_cancel_search(void *call)
{
	search_call_forget(call);
}

/* Without an answer of the store, the rest of its part is left out. */
static void
metrics_on_store(void *arg, uint16_t type, const union msg *m)
{
	struct store_query *q = arg;
	struct search_call *call;

	metrics_write(q->api->board, &q->out);
	metrics_write_crashes(q->api->board, q->api->settings->ready_crashes, &q->out);
	metrics_write_store(type, m, &q->out);
	if (type == MSG_STORE_INFO) {
		content_metrics_write(&m->store_info, &q->out);
		log_metrics_write(&m->store_info, &q->out);
		metrics_write_due(&m->store_info, &q->out);
		mail_metrics_write(&m->store_info, &q->out);
		metrics_write_files(&m->store_info, &q->out);
	}
	call = search_call_status(q->api->search, metrics_on_search, q);
	if (call == NULL)
		metrics_on_search(q, 0, NULL);
	else
		store_query_wait(q, call, metrics_cancel_search);
}

void
handle_metrics(const struct api_call *c)
{
	struct store_query *q = store_query_new(c, sizeof(*q), TEXT_MAX, NULL);
	struct store_call *call = store_call(c->api->store, MSG_STORE_INFO_GET,
	    &(struct msg_store_info_get){}, STORE_MS, metrics_on_store, q);

	if (call != NULL)
		store_query_wait(q, call, metrics_cancel);
	else
		metrics_on_store(q, 0, NULL);
}
