/*
 * How many messages per second storaged makes durable, compared with a raw LMDB
 * loop that writes the same keys and records, in the same run on the same file system (make bench-store).
 *
 * For each number of requests in flight the two sides take turns in slices, over several rounds,
 * because the cost of a sync drifts by the minute. In each round storaged runs first, for a fixed
 * time; then the raw side does the same number of appends for each slot, in batches of as many as
 * are in flight. So both stores grow alike, and at the end they must have the same number of
 * entries in every table; otherwise the sides did not do the same work, and the exit status is 1.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_raw.h"

#define TURNS_EACH 4u  /* turns of each conversation */
#define ROUNDS     10u /* slices of a point's time */

/* One side, over all rounds. */
struct side {
	uint64_t appends, commits, ns, cpu_ns;
	struct durations durations;
};

struct bench {
	/* What store.mjs passes. */
	const char *socket, *dir; /* of storaged */
	const char *raw_dir, *probe;
	int seconds; /* for storaged, per point */
	int history; /* messages that each question requests back, as a worker does */
	struct group storaged;

	struct sender sender;
	struct raw raw;
	MDB_env *store_env; /* storaged's, read-only, for counting */
	struct quota quota;
};

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
	uint64_t commits = raw_env_commits(b->store_env), cpu = group_cpu_ns(&b->storaged);
	uint64_t slice = (uint64_t)(b->seconds * 1e9 / ROUNDS);
	uint64_t appends, ns;

	ns = sender_run(&b->sender, NULL, clock_mono_ns() + slice, &side->durations);
	appends = load_done(&b->sender.load);
	side->appends += appends;
	side->ns += ns;
	side->commits += raw_env_commits(b->store_env) - commits;
	side->cpu_ns += group_cpu_ns(&b->storaged) - cpu;
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

static json_t *
side_json(struct side *s)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:o}", "appends", (json_int_t)s->appends, "commits",
	    (json_int_t)s->commits, "ns", (json_int_t)s->ns, "cpuNs", (json_int_t)s->cpu_ns,
	    "durations", durations_json(&s->durations));
}

/* The figures for one number of requests in flight. ratios: of each round, the store's appends/s divided by
 * those of raw LMDB. */
static void
run_point(struct bench *b, size_t in_flight)
{
	json_t *ratios = json_array(), *syncs = json_array();
	struct side store = {0}, raw = {0};

	begin_point(b, in_flight);
	for (size_t round = 0; round < ROUNDS; round++) {
		double rate;

		json_array_append_new(syncs, json_real(sync_ms(b->probe)));
		rate = run_store(b, &store);
		json_array_append_new(ratios, json_real(rate / run_raw(b, &raw)));
	}
	end_point(b);
	bench_print(json_pack("{s:i,s:o,s:o,s:o,s:o}", "inFlight", (int)in_flight, "ratios",
	    ratios, "syncMs", syncs, "storaged", side_json(&store), "raw", side_json(&raw)));
}

/* Tables that the raw side does not write: those that a new store fills itself, and those that get an entry
 * for many messages of a commit. */
static bool
is_set_up(enum table table)
{
	return table == TABLE_META || table == TABLE_ORGS || table == TABLE_AGENTS ||
	    table == TABLE_WIDGETS || table == TABLE_WIDGETS_BY_PUBLIC ||
	    table == TABLE_CHANGES || table == TABLE_NUMBERS || table == TABLE_LABEL_COUNTS;
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
	bench_print(json_pack("{s:i}", "messages", (int)store.of[TABLE_MESSAGES]));
	return same;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	json_t *pids, *in_flight;
	bool same;

	bench_plan(argc, argv, "{s:s,s:s,s:s,s:s,s:o,s:i,s:i,s:o}", "socket", &b.socket, "dir",
	    &b.dir, "raw", &b.raw_dir, "probe", &b.probe, "pids", &pids, "seconds", &b.seconds,
	    "history", &b.history, "inFlight", &in_flight);
	b.storaged = group_of(pids);
	sender_open(&b.sender, b.socket, (uint32_t)b.history);
	raw_open(&b.raw, b.raw_dir);
	b.store_env = raw_env_open(b.dir, true);
	for (size_t i = 0; i < json_array_size(in_flight); i++)
		run_point(&b, (size_t)json_integer_value(json_array_get(in_flight, i)));
	sender_close(&b.sender);
	same = compare_stores(&b);
	mdb_env_close(b.store_env);
	raw_close(&b.raw);
	return same ? 0 : 1;
}
