/*
 * How many messages per second storaged makes durable while other processes work, compared with the same storaged while
 * these are suspended (make bench-content). Slices of both alternate, because the cost of a sync drifts by the minute;
 * each pair begins with the other one.
 */
#include <err.h>
#include <signal.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_client.h"
#include "tests/bench/store_raw.h"

#define TURNS_EACH 4u  /* turns of each conversation */
#define SETTLE_MS  50u /* until what the others have begun is done */

struct side {
	uint64_t appends, commits, ns, cpu_ns;
	struct durations durations;
};

struct bench {
	uint64_t slice_ns[2]; /* alone, beside */
	struct sender sender;
	struct channel line;
	MDB_env *env; /* storaged's, read-only, for counting */
	struct group store, others;
};

static void
suspend_others(const struct bench *b, bool suspended)
{
	const struct timespec settle = {0, SETTLE_MS * 1000000L};

	for (size_t i = 0; i < b->others.n; i++)
		if (kill(b->others.pids[i], suspended ? SIGSTOP : SIGCONT) != 0)
			err(EX_UNAVAILABLE, "process %d", b->others.pids[i]);
	if (suspended)
		nanosleep(&settle, NULL);
}

/* Appends per ns in one slice. */
static double
run_slice(struct bench *b, struct side *side, bool beside)
{
	uint64_t cpu, commits, appends, ns;

	suspend_others(b, !beside);
	cpu = group_cpu_ns(&b->store);
	commits = raw_env_commits(b->env);
	ns = sender_run(
	    &b->sender, NULL, clock_mono_ns() + b->slice_ns[beside], &side->durations);
	appends = load_done(&b->sender.load);
	side->appends += appends;
	side->ns += ns;
	side->commits += raw_env_commits(b->env) - commits;
	side->cpu_ns += group_cpu_ns(&b->store) - cpu;
	return (double)appends / (double)ns;
}

/* The pages of all sources that were read. */
static uint64_t
pages_read(struct bench *b)
{
	struct msg_source_state_list list = {.org = id_default_org};
	struct msg_source_state_record r;
	struct slice item;
	uint64_t n = 0;
	union msg m;

	line_ask(&b->line, MSG_SOURCE_STATE_LIST, &list, MSG_SOURCE_STATES, &m);
	while (wire_list_next(&m.source_states.states, &item))
		if (record_decode(item, MSG_SOURCE_STATE_RECORD, &r) == WIRE_OK)
			n += r.read;
	return n;
}

static json_t *
side_json(struct side *s)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:o}", "appends", (json_int_t)s->appends, "commits",
	    (json_int_t)s->commits, "ns", (json_int_t)s->ns, "cpuNs", (json_int_t)s->cpu_ns,
	    "durations", durations_json(&s->durations));
}

/* pages: until so many were read, 0: all rounds. */
static void
run(struct bench *b, size_t rounds, uint64_t pages)
{
	static struct side alone, beside;
	json_t *ratios = json_array();
	uint64_t before = pages_read(b), now = before;

	for (size_t round = 0; round < rounds && (pages == 0 || now < pages); round++) {
		double rate[2];

		for (size_t i = 0; i < 2; i++) {
			bool is_beside = (i + round) % 2 == 1;

			rate[is_beside] = run_slice(b, is_beside ? &beside : &alone, is_beside);
		}
		json_array_append_new(ratios, json_real(rate[1] / rate[0]));
		now = pages_read(b);
	}
	suspend_others(b, false);
	bench_print(json_pack("{s:o,s:I,s:o,s:o}", "ratios", ratios, "pages",
	    (json_int_t)(now - before), "alone", side_json(&alone), "beside",
	    side_json(&beside)));
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static struct quota quota;
	const char *socket, *dir;
	json_t *store, *others;
	int history, in_flight, slice_ms[2], rounds, pages;

	bench_plan(argc, argv, "{s:s,s:s,s:o,s:o,s:i,s:i,s:[ii],s:i,s:i}", "socket", &socket,
	    "dir", &dir, "store", &store, "others", &others, "history", &history, "inFlight",
	    &in_flight, "sliceMs", &slice_ms[0], &slice_ms[1], "rounds", &rounds, "pages",
	    &pages);
	for (int i = 0; i < 2; i++)
		b.slice_ns[i] = (uint64_t)slice_ms[i] * 1000000;
	b.store = group_of(store);
	b.others = group_of(others);
	b.env = raw_env_open(dir, true);
	line_open(&b.line, socket, ROLE_WORKER);
	sender_open(&b.sender, socket, (uint32_t)history);
	sender_load(&b.sender, (size_t)in_flight, TURNS_EACH);
	for (size_t i = 0; i < (size_t)in_flight; i++)
		quota.of[i] = i % 2;
	sender_run(&b.sender, &quota, UINT64_MAX, NULL);
	run(&b, (size_t)rounds, (uint64_t)pages);
	sender_quota_of_open_turns(&b.sender, &quota);
	sender_run(&b.sender, &quota, UINT64_MAX, NULL);
	sender_close(&b.sender);
	channel_close(&b.line);
	mdb_env_close(b.env);
	return 0;
}
