#include "tests/bench/relay_report.h"

#include <math.h>

#include "proto/base/basics.h"

/* The targets of tests/README.md, relative to nginx or absolute. */
#define MOST_CPU_RATIO     1.1
#define MOST_RELAY_RATIO   1.0
#define MOST_KIB           12.0
#define MOST_REQUEST_RATIO 1.5

static const struct {
	const char *name, *title;
} parts[PARTS] = {
    [PART_PACED] = {"paced", "Streams at a model's pace (4295 ms means 4295 ms or more)"},
    [PART_FULL] = {"full",
	"Streams at full speed, one reply after the other (including start and end of each)"},
    [PART_BESIDE] = {"beside",
	"Readers beside as many others, whose tokens are fewer and larger"},
    [PART_REQUESTS] = {"requests", "Short requests, 64 keep-alive connections"},
};

const char *
part_name(enum part part)
{
	return parts[part].name;
}

static void
find_scatter(struct row *row, const struct crowd_figures *f)
{
	row->cpu_us_min = row->cpu_us_max = f->cpu_us[0];
	for (size_t i = 1; i < f->slices; i++) {
		row->cpu_us_min = fmin(row->cpu_us_min, f->cpu_us[i]);
		row->cpu_us_max = fmax(row->cpu_us_max, f->cpu_us[i]);
	}
}

static double
ms(struct durations *d, double p)
{
	return durations_quantile(d, p) / 1e6;
}

struct row
row_of(enum part part, enum server_kind server, const struct crowd_plan *plan,
    const char *beside, struct crowd_figures *f)
{
	struct row row = {
	    .part = part,
	    .server = server,
	    .beside = beside,
	    .streams = plan->readers,
	    .rate = plan->rate,
	    .tokens_per_s = (double)f->tokens * 1e9 / (double)f->ns,
	    .cpu_share = (double)f->cpu_ns / (double)f->ns,
	    .cpu_us = (double)f->cpu_ns / 1e3 / (double)f->tokens,
	    .kib = NAN,
	    .idle = f->idle,
	    .busy = f->busy,
	    .relay_p50_ms = ms(&f->relay, 0.5),
	    .relay_p99_ms = ms(&f->relay, 0.99),
	    .relay_p999_ms = ms(&f->relay, 0.999),
	    .first_p50_ms = ms(&f->first_token, 0.5),
	    .first_p99_ms = ms(&f->first_token, 0.99),
	    .replies = f->replies,
	    .lost = f->lost,
	    .failed = f->failed,
	    .failed_status = f->failed_status,
	};

	find_scatter(&row, f);
	if (f->busy.pss > 0)
		row.kib = ((double)f->busy.pss - (double)f->idle.pss) / 1024 /
		    (double)(plan->readers + plan->others);
	return row;
}

void
report_part(enum part part)
{
	printf("\n%s\n", parts[part].title);
	if (part == PART_REQUESTS)
		printf("%-24s %-8s %10s %8s %8s\n", "path", "server", "requests/s", "CPU us",
		    "bytes");
	else
		printf("%7s %-8s %8s %5s %20s %8s %23s %15s %6s\n", "streams", "server",
		    "tokens/s", "core", "CPU us/token (range)", "KiB/str.",
		    "relay p50/p99/p99.9 ms", "first p50/p99 ms", "lost");
	fflush(stdout);
}

static const char *
verdict(bool met)
{
	return met ? "meets" : "MISSES";
}

static const char *
name_of(const struct row *row)
{
	return row->beside != NULL ? row->beside : server_name(row->server);
}

static void
print_ratios(const struct row *row, const struct row *base)
{
	double cpu = row->cpu_us / base->cpu_us, p99 = row->relay_p99_ms / base->relay_p99_ms;
	bool judged = row->server == SERVER_BANTER && row->part == PART_PACED;

	printf("%7s to %s's: CPU %.2f", "", name_of(base), cpu);
	if (judged)
		printf(" %s %.1f", verdict(cpu <= MOST_CPU_RATIO), MOST_CPU_RATIO);
	if (!isnan(row->kib) && row->part == PART_PACED)
		printf(", memory %.2f", row->kib / base->kib);
	if (judged)
		printf(" %s %.0f KiB", verdict(row->kib <= MOST_KIB), MOST_KIB);
	printf(", p99 %.2f", p99);
	if (judged)
		printf(" %s %.1f", verdict(p99 <= MOST_RELAY_RATIO), MOST_RELAY_RATIO);
	printf(", first token %.2f\n", row->first_p50_ms / base->first_p50_ms);
}

void
report_row(const struct row *row, const struct row *base)
{
	char streams[32];

	snprintf(streams, sizeof(streams), row->rate > 0 ? "%zu@%u" : "%zu", row->streams,
	    row->rate);
	printf("%7s %-8s %8.0f %4.0f%% %7.1f (%5.1f-%5.1f) ", streams, name_of(row),
	    row->tokens_per_s, 100 * row->cpu_share, row->cpu_us, row->cpu_us_min,
	    row->cpu_us_max);
	if (isnan(row->kib))
		printf("%8s ", "-");
	else
		printf("%8.1f ", row->kib);
	printf("%8.2f/%6.2f/%6.2f %7.1f/%7.1f %6ju", row->relay_p50_ms, row->relay_p99_ms,
	    row->relay_p999_ms, row->first_p50_ms, row->first_p99_ms, (uintmax_t)row->lost);
	if (row->failed > 0)
		printf("  %ju REPLIES FAILED, first by status %d", (uintmax_t)row->failed,
		    row->failed_status);
	putchar('\n');
	if (base != NULL)
		print_ratios(row, base);
	fflush(stdout);
}

void
report_request_row(const struct request_row *row, const struct request_row *base)
{
	printf("%-24s %-8s %10.0f %8.1f %8ju", row->path, server_name(row->server), row->per_s,
	    row->cpu_us, (uintmax_t)row->bytes);
	if (base != NULL) {
		double ratio = row->cpu_us / base->cpu_us;

		printf("  ratio %.2f %s %.1f", ratio, verdict(ratio <= MOST_REQUEST_RATIO),
		    MOST_REQUEST_RATIO);
	}
	putchar('\n');
	fflush(stdout);
}

static void
json_memory(FILE *out, const char *name, const struct memory *m)
{
	fprintf(out, ", \"%s\": {\"pss\": %ju, \"anon\": %ju, \"file\": %ju, \"shmem\": %ju}",
	    name, (uintmax_t)m->pss, (uintmax_t)m->anon, (uintmax_t)m->file,
	    (uintmax_t)m->shmem);
}

static void
json_row(FILE *out, const struct row *row)
{
	fprintf(out, "    {\"part\": \"%s\", \"server\": \"%s\"", part_name(row->part),
	    server_name(row->server));
	if (row->beside != NULL)
		fprintf(out, ", \"beside\": \"%s\"", row->beside);
	fprintf(out,
	    ", \"streams\": %zu, \"rate\": %u, \"tokens_per_second\": %.1f, \"core_share\": "
	    "%.4f, "
	    "\"cpu_us_per_token\": {\"mean\": %.3f, \"min\": %.3f, \"max\": %.3f}",
	    row->streams, row->rate, row->tokens_per_s, row->cpu_share, row->cpu_us,
	    row->cpu_us_min, row->cpu_us_max);
	if (!isnan(row->kib)) {
		fprintf(out, ", \"kib_per_stream\": %.2f", row->kib);
		json_memory(out, "idle", &row->idle);
		json_memory(out, "busy", &row->busy);
	}
	fprintf(out,
	    ", \"relay_ms\": {\"p50\": %.4f, \"p99\": %.4f, \"p999\": %.4f}, "
	    "\"first_token_ms\": {\"p50\": %.3f, \"p99\": %.3f}, "
	    "\"replies\": %ju, \"lost\": %ju, \"failed\": %ju}",
	    row->relay_p50_ms, row->relay_p99_ms, row->relay_p999_ms, row->first_p50_ms,
	    row->first_p99_ms, (uintmax_t)row->replies, (uintmax_t)row->lost,
	    (uintmax_t)row->failed);
}

static void
json_request_row(FILE *out, const struct request_row *row)
{
	fprintf(out,
	    "    {\"part\": \"%s\", \"server\": \"%s\", \"path\": \"%s\", "
	    "\"requests_per_second\": %.1f, \"cpu_us_per_request\": %.3f, \"bytes\": %ju}",
	    part_name(PART_REQUESTS), server_name(row->server), row->path, row->per_s,
	    row->cpu_us, (uintmax_t)row->bytes);
}

bool
report_relay_json(FILE *out, const struct report *r)
{
	fprintf(out, "{\n  \"benchmark\": \"relay\",\n  \"seconds\": %.1f,\n  \"figures\": [\n",
	    r->seconds);
	for (size_t i = 0; i < r->n_rows; i++) {
		json_row(out, &r->rows[i]);
		fprintf(out, "%s\n", i + 1 < r->n_rows + r->n_request_rows ? "," : "");
	}
	for (size_t i = 0; i < r->n_request_rows; i++) {
		json_request_row(out, &r->request_rows[i]);
		fprintf(out, "%s\n", i + 1 < r->n_request_rows ? "," : "");
	}
	fprintf(out, "  ]\n}\n");
	return fflush(out) == 0 && ferror(out) == 0;
}
