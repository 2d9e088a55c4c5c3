/*
 * make bench-store: how many messages per second storaged makes durable, compared with a raw LMDB
 * loop that writes the same keys and records, in the same run on the same file system.
 *
 * For each number of requests in flight the two sides take turns in slices, over several rounds,
 * because the cost of a sync drifts by the minute. In each round storaged runs first, for a fixed
 * time; then the raw side does the same number of appends for each slot, in batches of as many as
 * are in flight. So both stores grow alike, and at the end they must have the same number of
 * entries in every table; otherwise the sides did not do the same work, and the exit status is 1.
 *
 * Exit status: 0 whether targets are met or not (a timing is not a test), else as in sysexits(3).
 */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/place.h"
#include "tests/bench/store_raw.h"

#define POINTS_MAX 8u
#define TURNS_EACH 4u  /* turns of each conversation */
#define ROUNDS     10u /* slices of a point's time */
#define HISTORY    30u /* messages that each question requests back, as a worker does */

/* The targets of tests/README.md: the ratio to the rate of raw LMDB, by requests in flight. For one
 * request it is the inverse of the limit of its cost, 1.3 times a raw commit. */
static const struct target {
	size_t in_flight;
	double ratio;
} targets[] = {{1, 1 / 1.3}, {64, 0.8}, {512, 0.8}};

/* One side, over all rounds. */
struct side {
	uint64_t appends, commits, ns, cpu_ns;
	struct durations durations;
};

/* The figures for one number of requests in flight. */
struct point {
	size_t in_flight;
	struct side store, raw;
	/* Of each round: the store's appends/s divided by those of raw LMDB, and a sync's cost. */
	double ratio[ROUNDS], sync_ms[ROUNDS];
};

struct bench {
	unsigned seconds; /* for storaged, per point */
	struct point points[POINTS_MAX];
	size_t n_points;
	struct place place;
	struct sender sender;
	struct raw raw;
	MDB_env *store_env; /* storaged's, read-only, for counting */
	struct quota quota;
};

static const char help[] =
    "usage: store [options]\n"
    "Compares storaged's durable appends per second with raw LMDB's.\n"
    "\n"
    "  --seconds N       time for storaged per number in flight (5); raw LMDB takes as long\n"
    "  --in-flight N     requests in flight; repeatable (1, 8, 64, 512)\n";

static void
add_point(struct bench *b, size_t in_flight)
{
	if (b->n_points == POINTS_MAX)
		errx(EX_USAGE, "at most %u numbers in flight", POINTS_MAX);
	b->points[b->n_points++].in_flight = in_flight;
}

static void
parse_options(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"in-flight", required_argument, NULL, 'i'},
	    {NULL, 0, NULL, 0},
	};
	static const size_t usual[] = {1, 8, 64, 512};
	int option;

	b->seconds = 5;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			b->seconds = bench_number("seconds", optarg, 1, 600);
		else if (option == 'i')
			add_point(b, bench_number("in-flight", optarg, 1, SLOTS_MAX));
		else
			errx(EX_USAGE, "%s", help);
	}
	if (b->n_points > 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		add_point(b, usual[i]);
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

static void
report_head(const struct bench *b)
{
	printf(
	    "Durable appends (messages stored), through storaged and by raw LMDB, in turns.\n"
	    "storaged: 1 connection, history %u. CPU: of storaged, and of the raw loop.\n"
	    "sync: pwrite + fdatasync of 4 KiB, median of the rounds.\n",
	    HISTORY);
	if (place_is_memory(&b->place))
		printf("The directory is in memory: nothing is durable.\n");
	printf("\n%-9s %-8s %9s %7s %7s %8s %7s %7s  %s\n", "in flight", "", "appends/s",
	    "p50 ms", "p99 ms", "commits", "/commit", "CPU us", "ratio (min-max), sync");
}

static void
print_side(struct side *s, const char *name)
{
	printf("%-8s %9.0f %7.2f %7.2f %8ju %7.1f %7.1f  ", name, per_second(s),
	    durations_ms(&s->durations, 0.5), durations_ms(&s->durations, 0.99),
	    (uintmax_t)s->commits, per_commit(s), cpu_us(s));
}

static void
report_point(struct point *p)
{
	struct spread ratio = spread_of(p->ratio, ROUNDS);
	struct spread sync = spread_of(p->sync_ms, ROUNDS);
	const struct target *target = target_of(p);

	printf("%9zu ", p->in_flight);
	print_side(&p->store, "storaged");
	printf("%.2f (%.2f-%.2f)", ratio.median, ratio.min, ratio.max);
	if (target != NULL)
		printf(" %s %.2f", BENCH_VERDICT(ratio.median >= target->ratio), target->ratio);
	printf("\n%9s ", "");
	print_side(&p->raw, "raw");
	printf("sync %.2f (%.2f-%.2f) ms\n", sync.median, sync.min, sync.max);
	fflush(stdout);
}

static void
json_spread(FILE *out, const char *name, double *values)
{
	struct spread s = spread_of(values, ROUNDS);

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
	    name, (uintmax_t)s->appends, per_second(s), durations_ms(&s->durations, 0.5),
	    durations_ms(&s->durations, 0.99), (uintmax_t)s->commits, per_commit(s), cpu_us(s));
}

static void
json_point(FILE *out, struct point *p, bool last)
{
	const struct target *target = target_of(p);

	fprintf(out, "    {\n      \"in_flight\": %zu,\n      \"rounds\": %u,\n", p->in_flight,
	    ROUNDS);
	json_side(out, "storaged", &p->store);
	json_side(out, "raw", &p->raw);
	if (target != NULL)
		fprintf(out, "      \"target_ratio\": %.4f,\n", target->ratio);
	json_spread(out, "ratio", p->ratio);
	fprintf(out, ",\n");
	json_spread(out, "sync_ms", p->sync_ms);
	fprintf(out, "\n    }%s\n", last ? "" : ",");
}

/* Runs the current quota on both sides without measuring. */
static void
run_unmeasured(struct bench *b)
{
	sender_run(&b->sender, &b->quota, UINT64_MAX, NULL);
	raw_run(&b->raw, &b->quota, NULL);
}

/* Every second slot asks its first question, so that from then on half of a batch are questions and
 * half are replies. */
static void
begin_point(struct bench *b, size_t in_flight)
{
	sender_load(&b->sender, in_flight, TURNS_EACH);
	raw_load(&b->raw, in_flight, TURNS_EACH);
	for (size_t i = 0; i < in_flight; i++)
		b->quota.of[i] = i % 2;
	run_unmeasured(b);
}

/* Closes all turns: the slots' next appends do not continue these. */
static void
end_point(struct bench *b)
{
	sender_quota_of_open_turns(&b->sender, &b->quota);
	run_unmeasured(b);
}

static double
run_store(struct bench *b, struct side *side)
{
	uint64_t commits = raw_env_commits(b->store_env),
		 cpu = group_cpu_ns(&b->place.storaged);
	uint64_t slice = (uint64_t)(b->seconds * 1e9 / ROUNDS);
	uint64_t appends, ns;

	ns = sender_run(&b->sender, NULL, clock_mono_ns() + slice, &side->durations);
	appends = load_done(&b->sender.load);
	side->appends += appends;
	side->ns += ns;
	side->commits += raw_env_commits(b->store_env) - commits;
	side->cpu_ns += group_cpu_ns(&b->place.storaged) - cpu;
	return (double)appends / (double)ns;
}

static double
run_raw(struct bench *b, struct side *side)
{
	uint64_t commits = raw_env_commits(b->raw.env), appends;
	struct raw_time took;

	/* The same as each of the sender's slots has just done. */
	memcpy(b->quota.of, b->sender.load.done, sizeof(b->quota.of));
	took = raw_run(&b->raw, &b->quota, &side->durations);
	appends = load_done(&b->raw.load);
	side->appends += appends;
	side->ns += took.ns;
	side->cpu_ns += took.cpu_ns;
	side->commits += raw_env_commits(b->raw.env) - commits;
	return (double)appends / (double)took.ns;
}

static void
run_point(struct bench *b, struct point *p)
{
	begin_point(b, p->in_flight);
	for (size_t round = 0; round < ROUNDS; round++) {
		double store, raw;

		p->sync_ms[round] = place_sync_ms(&b->place);
		store = run_store(b, &p->store);
		raw = run_raw(b, &p->raw);
		p->ratio[round] = store / raw;
		children_check();
	}
	end_point(b);
	report_point(p);
}

/* Tables that a new store fills itself and the raw side does not write. */
static bool
is_set_up(enum table table)
{
	return table == TABLE_META || table == TABLE_ORGS || table == TABLE_AGENTS ||
	    table == TABLE_WIDGETS || table == TABLE_WIDGETS_BY_PUBLIC;
}

/* Whether both stores have the same number of entries in every table. */
static bool
compare_stores(struct bench *b)
{
	struct table_counts store, raw;
	bool same = true;

	raw_env_count(b->store_env, &store);
	raw_env_count(b->raw.env, &raw);
	for (enum table i = 0; i < TABLES; i++) {
		if (is_set_up(i) || store.of[i] == raw.of[i])
			continue;
		warnx("%s: %zu entries by storaged, %zu by the raw side", table_name(i),
		    store.of[i], raw.of[i]);
		same = false;
	}
	if (same)
		printf("\nBoth stores have the same entries in every table; %zu messages.\n",
		    store.of[TABLE_MESSAGES]);
	return same;
}

static void
write_json(struct bench *b)
{
	FILE *out = bench_json("store");

	fprintf(out,
	    "  \"seconds_per_point\": %.1f,\n  \"connections\": 1,\n  \"history\": %u,\n"
	    "  \"in_memory\": %s,\n  \"points\": [\n",
	    (double)b->seconds, HISTORY, place_is_memory(&b->place) ? "true" : "false");
	for (size_t i = 0; i < b->n_points; i++)
		json_point(out, &b->points[i], i + 1 == b->n_points);
	fprintf(out, "  ]\n");
	bench_json_end(out, "store");
}

/* From the empty stores to the end of the last point. */
static bool
run(struct bench *b)
{
	bool same;

	/* Several times the usual time: a disk may become slow during the raw side's slices, which
	 * have no time limit. */
	place_make(&b->place, 30 + 6 * b->seconds * (unsigned)b->n_points);
	place_start_store(&b->place);
	sender_open(&b->sender, b->place.socket, HISTORY);
	raw_open(&b->raw, b->place.raw);
	b->store_env = raw_env_open(b->place.store, true);
	report_head(b);
	for (size_t i = 0; i < b->n_points; i++)
		run_point(b, &b->points[i]);
	sender_close(&b->sender);
	place_stop_store(&b->place);
	same = compare_stores(b);
	mdb_env_close(b->store_env);
	raw_close(&b->raw);
	return same;
}

int
main(int argc, char **argv)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	bool same;

	parse_options(b, argc, argv);
	same = run(b);
	write_json(b);
	for (size_t i = 0; i < b->n_points; i++) {
		durations_clear(&b->points[i].store.durations);
		durations_clear(&b->points[i].raw.durations);
	}
	free(b);
	return same ? 0 : 1;
}
