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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_place.h"
#include "tests/bench/store_raw.h"
#include "tests/bench/store_report.h"
#include "tests/bench/store_sender.h"

#define POINTS_MAX 8u

/* Turns of each conversation. */
#define TURNS_EACH 4u

struct options {
	struct conditions how;
	size_t rounds;
	size_t in_flight[POINTS_MAX];
	size_t n_points;
	const char *storaged, *dir, *json;
};

struct bench {
	struct options options;
	struct place place;
	struct sender sender;
	struct raw raw;
	MDB_env *store_env; /* storaged's, read-only, for counting */
	struct quota quota;
	struct point points[POINTS_MAX];
};

static const char help[] =
    "usage: store [options]\n"
    "Compares storaged's durable appends per second with raw LMDB's.\n"
    "\n"
    "  --seconds N       time for storaged per number in flight (5); raw LMDB takes as long\n"
    "  --rounds N        number of slices of this time (10)\n"
    "  --in-flight N     requests in flight; repeatable (1, 8, 64, 512)\n"
    "  --connections N   number of connections (1)\n"
    "  --history N       messages that each question requests back (30, as a worker does)\n"
    "  --storaged FILE   the program (build/storaged)\n"
    "  --dir DIR         directory of both stores, which are removed at exit (build/bench)\n"
    "  --json FILE       the figures as JSON (build/bench/store.json)\n";

static unsigned
number(const char *name, const char *value, unsigned max)
{
	const char *why;
	unsigned n = (unsigned)strtonum(value, 1, max, &why);

	if (why != NULL)
		errx(EX_USAGE, "--%s %s: %s", name, value, why);
	return n;
}

static void
add_point(struct options *o, size_t in_flight)
{
	if (o->n_points == POINTS_MAX)
		errx(EX_USAGE, "at most %u numbers in flight", POINTS_MAX);
	o->in_flight[o->n_points++] = in_flight;
}

static void
default_points(struct options *o)
{
	static const size_t usual[] = {1, 8, 64, 512};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		add_point(o, usual[i]);
}

enum option_id {
	OPT_SECONDS = 256,
	OPT_ROUNDS,
	OPT_IN_FLIGHT,
	OPT_CONNECTIONS,
	OPT_HISTORY,
	OPT_STORAGED,
	OPT_DIR,
	OPT_JSON,
	OPT_HELP
};

static const struct option long_options[] = {
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"rounds", required_argument, NULL, OPT_ROUNDS},
    {"in-flight", required_argument, NULL, OPT_IN_FLIGHT},
    {"connections", required_argument, NULL, OPT_CONNECTIONS},
    {"history", required_argument, NULL, OPT_HISTORY},
    {"storaged", required_argument, NULL, OPT_STORAGED},
    {"dir", required_argument, NULL, OPT_DIR},
    {"json", required_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static void
set_option(struct options *o, int option)
{
	switch (option) {
	case OPT_SECONDS:
		o->how.seconds = number("seconds", optarg, 600);
		break;
	case OPT_ROUNDS:
		o->rounds = number("rounds", optarg, ROUNDS_MAX);
		break;
	case OPT_IN_FLIGHT:
		add_point(o, number("in-flight", optarg, SLOTS_MAX));
		break;
	case OPT_CONNECTIONS:
		o->how.connections = number("connections", optarg, CONNECTIONS_MAX);
		break;
	case OPT_HISTORY:
		o->how.history = number("history", optarg, 1000);
		break;
	case OPT_STORAGED:
		o->storaged = optarg;
		break;
	case OPT_DIR:
		o->dir = optarg;
		break;
	case OPT_JSON:
		o->json = optarg;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	default:
		fputs(help, stderr);
		exit(EX_USAGE);
	}
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	int option;

	*o = (struct options){
	    .how = {.seconds = 5, .connections = 1, .history = 30},
	    .rounds = 10,
	    .storaged = "build/storaged",
	    .dir = "build/bench",
	    .json = "build/bench/store.json",
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(o, option);
	if (optind < argc)
		errx(EX_USAGE, "unknown argument %s", argv[optind]);
	if (o->n_points == 0)
		default_points(o);
}

/* The raw side's part of a slice: repeats what each of the sender's slots has just done. */
static void
copy_done(struct bench *b)
{
	memcpy(b->quota.of, b->sender.load.done, sizeof(b->quota.of));
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
	uint64_t commits = raw_env_commits(b->store_env), cpu = place_store_cpu();
	uint64_t slice = (uint64_t)(b->options.how.seconds * 1e9 / (double)b->options.rounds);
	uint64_t appends, ns;

	for (size_t i = 0; i < b->sender.load.n; i++)
		b->quota.of[i] = UINT32_MAX;
	ns = sender_run(&b->sender, &b->quota, clock_mono_ns() + slice, &side->durations);
	appends = load_done(&b->sender.load);
	side->appends += appends;
	side->ns += ns;
	side->commits += raw_env_commits(b->store_env) - commits;
	side->cpu_ns += place_store_cpu() - cpu;
	return (double)appends / (double)ns;
}

static double
run_raw(struct bench *b, struct side *side)
{
	uint64_t commits = raw_env_commits(b->raw.env), appends;
	struct raw_time took;

	copy_done(b);
	took = raw_run(&b->raw, &b->quota, &side->durations);
	appends = load_done(&b->raw.load);
	side->appends += appends;
	side->ns += took.ns;
	side->cpu_ns += took.cpu_ns;
	side->commits += raw_env_commits(b->raw.env) - commits;
	return (double)appends / (double)took.ns;
}

static void
run_point(struct bench *b, struct point *p, size_t in_flight)
{
	*p = (struct point){.in_flight = in_flight};
	begin_point(b, in_flight);
	while (p->rounds < b->options.rounds) {
		double store, raw;

		p->sync_ms[p->rounds] = (double)place_sync_cost(&b->place) / 1e6;
		store = run_store(b, &p->store);
		raw = run_raw(b, &p->raw);
		p->ratio[p->rounds++] = store / raw;
		place_check();
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
	const struct options *o = &b->options;
	FILE *out = fopen(o->json, "we");

	if (out == NULL || !report_json(out, &o->how, b->points, o->n_points) ||
	    fclose(out) != 0)
		err(EX_CANTCREAT, "%s", o->json);
	printf("The same as JSON: %s\n", o->json);
}

/* Several times the usual time: a disk may become slow during the raw side's slices, which have no
 * time limit. */
static unsigned
time_limit(const struct options *o)
{
	return 30 + (unsigned)(6 * o->how.seconds) * (unsigned)o->n_points;
}

/* From the empty stores to the end of the last point. */
static bool
run(struct bench *b)
{
	struct options *o = &b->options;
	bool same;

	place_make(&b->place, o->dir, time_limit(o));
	place_start_store(&b->place, o->storaged);
	sender_open(&b->sender, b->place.socket, o->how.connections, o->how.history);
	raw_open(&b->raw, b->place.raw);
	b->store_env = raw_env_open(b->place.store, true);
	o->how.in_memory = place_is_memory(&b->place);
	report_head(&o->how);
	for (size_t i = 0; i < o->n_points; i++)
		run_point(b, &b->points[i], o->in_flight[i]);
	sender_close(&b->sender);
	place_stop_store();
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

	parse_options(&b->options, argc, argv);
	same = run(b);
	write_json(b);
	for (size_t i = 0; i < b->options.n_points; i++) {
		durations_clear(&b->points[i].store.durations);
		durations_clear(&b->points[i].raw.durations);
	}
	free(b);
	return same ? 0 : 1;
}
