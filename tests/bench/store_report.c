#include "tests/bench/store_report.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

/* The targets of tests/README.md: the ratio to the rate of raw LMDB, by requests in flight. For one
 * request it is the inverse of the limit of its cost, 1.3 times a raw commit. */
static const struct target {
	size_t in_flight;
	double ratio;
} targets[] = {{1, 1 / 1.3}, {64, 0.8}, {512, 0.8}};

struct spread {
	double median, min, max;
};

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread
spread_of(const double *values, size_t n)
{
	double sorted[ROUNDS_MAX];

	must(n >= 1 && n <= ROUNDS_MAX);
	memcpy(sorted, values, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare);
	return (struct spread){
	    .median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
	    .min = sorted[0],
	    .max = sorted[n - 1],
	};
}

static const struct target *
target_of(const struct point *p)
{
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		if (targets[i].in_flight == p->in_flight)
			return &targets[i];
	return NULL;
}

static double
per_second(const struct side *s)
{
	return (double)s->appends * 1e9 / (double)s->ns;
}

static double
cpu_us(const struct side *s)
{
	return (double)s->cpu_ns / 1e3 / (double)s->appends;
}

static double
per_commit(const struct side *s)
{
	return (double)s->appends / (double)s->commits;
}

void
report_head(const struct conditions *how)
{
	printf(
	    "Durable appends (messages stored), through storaged and by raw LMDB, in turns.\n"
	    "storaged: %zu connection%s, history %u. CPU: of storaged, and of the raw loop.\n"
	    "sync: pwrite + fdatasync of 4 KiB, median of the rounds.\n",
	    how->connections, how->connections == 1 ? "" : "s", how->history);
	if (how->in_memory)
		printf("The directory is in memory: nothing is durable.\n");
	printf("\n%-9s %-8s %9s %7s %7s %8s %7s %7s  %s\n", "in flight", "", "appends/s",
	    "p50 ms", "p99 ms", "commits", "/commit", "CPU us", "ratio (min-max), sync");
}

static void
print_side(struct side *s, const char *name)
{
	printf("%-8s %9.0f %7.2f %7.2f %8ju %7.1f %7.1f  ", name, per_second(s),
	    durations_quantile(&s->durations, 0.5) / 1e6,
	    durations_quantile(&s->durations, 0.99) / 1e6, (uintmax_t)s->commits, per_commit(s),
	    cpu_us(s));
}

void
report_point(struct point *p)
{
	struct spread ratio = spread_of(p->ratio, p->rounds);
	struct spread sync = spread_of(p->sync_ms, p->rounds);
	const struct target *target = target_of(p);

	printf("%9zu ", p->in_flight);
	print_side(&p->store, "storaged");
	printf("%.2f (%.2f-%.2f)", ratio.median, ratio.min, ratio.max);
	if (target != NULL)
		printf(" %s %.2f", ratio.median >= target->ratio ? "meets" : "MISSES",
		    target->ratio);
	printf("\n%9s ", "");
	print_side(&p->raw, "raw");
	printf("sync %.2f (%.2f-%.2f) ms\n", sync.median, sync.min, sync.max);
	fflush(stdout);
}

static void
json_spread(FILE *out, const char *name, const double *values, size_t n)
{
	struct spread s = spread_of(values, n);

	fprintf(out, "      \"%s\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f}", name,
	    s.median, s.min, s.max);
}

static void
json_side(FILE *out, const char *name, struct side *s)
{
	fprintf(out,
	    "      \"%s\": {\"appends\": %ju, \"appends_per_second\": %.1f, \"p50_ms\": %.4f, "
	    "\"p99_ms\": %.4f, \"commits\": %ju, \"appends_per_commit\": %.2f, "
	    "\"cpu_us_per_append\": %.2f},\n",
	    name, (uintmax_t)s->appends, per_second(s),
	    durations_quantile(&s->durations, 0.5) / 1e6,
	    durations_quantile(&s->durations, 0.99) / 1e6, (uintmax_t)s->commits, per_commit(s),
	    cpu_us(s));
}

static void
json_point(FILE *out, struct point *p, bool last)
{
	const struct target *target = target_of(p);

	fprintf(out, "    {\n      \"in_flight\": %zu,\n      \"rounds\": %zu,\n", p->in_flight,
	    p->rounds);
	json_side(out, "storaged", &p->store);
	json_side(out, "raw", &p->raw);
	if (target != NULL)
		fprintf(out, "      \"target_ratio\": %.4f,\n", target->ratio);
	json_spread(out, "ratio", p->ratio, p->rounds);
	fprintf(out, ",\n");
	json_spread(out, "sync_ms", p->sync_ms, p->rounds);
	fprintf(out, "\n    }%s\n", last ? "" : ",");
}

bool
report_json(FILE *out, const struct conditions *how, struct point *points, size_t n)
{
	fprintf(out,
	    "{\n  \"benchmark\": \"store\",\n  \"seconds_per_point\": %.1f,\n"
	    "  \"connections\": %zu,\n  \"history\": %u,\n  \"in_memory\": %s,\n"
	    "  \"points\": [\n",
	    how->seconds, how->connections, how->history, how->in_memory ? "true" : "false");
	for (size_t i = 0; i < n; i++)
		json_point(out, &points[i], i + 1 == n);
	fprintf(out, "  ]\n}\n");
	return fflush(out) == 0 && ferror(out) == 0;
}
