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

static double
per_second(const struct row *row)
{
	return (double)row->figures.tokens * 1e9 / (double)row->figures.ns;
}

static double
core_share(const struct row *row)
{
	return (double)row->figures.cpu_ns / (double)row->figures.ns;
}

/* Processor time per token or request. */
static double
cpu_us(const struct row *row)
{
	return (double)row->figures.cpu_ns / 1e3 / (double)row->figures.tokens;
}

/* Memory per stream; NAN if it was not measured. */
static double
kib(const struct row *row)
{
	const struct memory *idle = &row->figures.idle, *busy = &row->figures.busy;

	if (busy->pss == 0)
		return NAN;
	return ((double)busy->pss - (double)idle->pss) / 1024 /
	    (double)(row->plan.readers + row->plan.others);
}

static uint64_t
bytes_each(const struct row *row)
{
	return row->figures.replies == 0 ? 0 : row->figures.bytes / row->figures.replies;
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
name_of(const struct row *row)
{
	return row->beside != NULL ? row->beside : server_name(row->server);
}

static void
print_ratios(struct row *row, struct row *base)
{
	double cpu = cpu_us(row) / cpu_us(base);
	double p99 =
	    durations_ms(&row->figures.relay, 0.99) / durations_ms(&base->figures.relay, 0.99);
	bool judged = row->server == SERVER_BANTER && row->part == PART_PACED;

	printf("%7s to %s's: CPU %.2f", "", name_of(base), cpu);
	if (judged)
		printf(" %s %.1f", BENCH_VERDICT(cpu <= MOST_CPU_RATIO), MOST_CPU_RATIO);
	if (!isnan(kib(row)) && row->part == PART_PACED)
		printf(", memory %.2f", kib(row) / kib(base));
	if (judged)
		printf(" %s %.0f KiB", BENCH_VERDICT(kib(row) <= MOST_KIB), MOST_KIB);
	printf(", p99 %.2f", p99);
	if (judged)
		printf(" %s %.1f", BENCH_VERDICT(p99 <= MOST_RELAY_RATIO), MOST_RELAY_RATIO);
	printf(", first token %.2f\n",
	    durations_ms(&row->figures.first_token, 0.5) /
		durations_ms(&base->figures.first_token, 0.5));
}

static void
print_streams(struct row *row)
{
	struct crowd_figures *f = &row->figures;
	struct spread scatter = spread_of(f->cpu_us, f->slices);
	char streams[32];

	snprintf(streams, sizeof(streams), row->plan.rate > 0 ? "%zu@%u" : "%zu",
	    row->plan.readers, row->plan.rate);
	printf("%7s %-8s %8.0f %4.0f%% %7.1f (%5.1f-%5.1f) ", streams, name_of(row),
	    per_second(row), 100 * core_share(row), cpu_us(row), scatter.min, scatter.max);
	if (isnan(kib(row)))
		printf("%8s ", "-");
	else
		printf("%8.1f ", kib(row));
	printf("%8.2f/%6.2f/%6.2f %7.1f/%7.1f %6ju", durations_ms(&f->relay, 0.5),
	    durations_ms(&f->relay, 0.99), durations_ms(&f->relay, 0.999),
	    durations_ms(&f->first_token, 0.5), durations_ms(&f->first_token, 0.99),
	    (uintmax_t)f->lost);
	if (f->failed > 0)
		printf("  %ju REPLIES FAILED, first by status %d", (uintmax_t)f->failed,
		    f->failed_status);
	putchar('\n');
}

static void
print_request(const struct row *row, const struct row *base)
{
	printf("%-24s %-8s %10.0f %8.1f %8ju", row->plan.path, server_name(row->server),
	    per_second(row), cpu_us(row), (uintmax_t)bytes_each(row));
	if (base != NULL) {
		double ratio = cpu_us(row) / cpu_us(base);

		printf("  ratio %.2f %s %.1f", ratio,
		    BENCH_VERDICT(ratio <= MOST_REQUEST_RATIO), MOST_REQUEST_RATIO);
	}
	putchar('\n');
}

void
report_row(struct row *row, struct row *base)
{
	if (row->part == PART_REQUESTS) {
		print_request(row, base);
	} else {
		print_streams(row);
		if (base != NULL)
			print_ratios(row, base);
	}
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
json_streams(FILE *out, struct row *row)
{
	struct crowd_figures *f = &row->figures;
	struct spread scatter = spread_of(f->cpu_us, f->slices);

	if (row->beside != NULL)
		fprintf(out, ", \"beside\": \"%s\"", row->beside);
	fprintf(out,
	    ", \"streams\": %zu, \"rate\": %u, \"tokens_per_second\": %.1f, \"core_share\": "
	    "%.4f, "
	    "\"cpu_us_per_token\": {\"mean\": %.3f, \"min\": %.3f, \"max\": %.3f}",
	    row->plan.readers, row->plan.rate, per_second(row), core_share(row), cpu_us(row),
	    scatter.min, scatter.max);
	if (!isnan(kib(row))) {
		fprintf(out, ", \"kib_per_stream\": %.2f", kib(row));
		json_memory(out, "idle", &f->idle);
		json_memory(out, "busy", &f->busy);
	}
	fprintf(out,
	    ", \"relay_ms\": {\"p50\": %.4f, \"p99\": %.4f, \"p999\": %.4f}, "
	    "\"first_token_ms\": {\"p50\": %.3f, \"p99\": %.3f}, "
	    "\"replies\": %ju, \"lost\": %ju, \"failed\": %ju",
	    durations_ms(&f->relay, 0.5), durations_ms(&f->relay, 0.99),
	    durations_ms(&f->relay, 0.999), durations_ms(&f->first_token, 0.5),
	    durations_ms(&f->first_token, 0.99), (uintmax_t)f->replies, (uintmax_t)f->lost,
	    (uintmax_t)f->failed);
}

static void
json_request(FILE *out, const struct row *row)
{
	fprintf(out,
	    ", \"path\": \"%s\", \"requests_per_second\": %.1f, "
	    "\"cpu_us_per_request\": %.3f, \"bytes\": %ju",
	    row->plan.path, per_second(row), cpu_us(row), (uintmax_t)bytes_each(row));
}

void
report_relay_json(double seconds, struct row *rows, size_t n)
{
	FILE *out = bench_json("relay");

	fprintf(out, "  \"seconds\": %.1f,\n  \"figures\": [\n", seconds);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "    {\"part\": \"%s\", \"server\": \"%s\"",
		    part_name(rows[i].part), server_name(rows[i].server));
		if (rows[i].part == PART_REQUESTS)
			json_request(out, &rows[i]);
		else
			json_streams(out, &rows[i]);
		fprintf(out, "}%s\n", i + 1 < n ? "," : "");
	}
	fprintf(out, "  ]\n");
	bench_json_end(out, "relay");
}
