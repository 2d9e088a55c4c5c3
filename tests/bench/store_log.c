/*
 * How many messages per second a storaged with a commit log makes durable, compared with one without, in the same run
 * on the same file system (make bench-store). Both take turns in slices, because the cost of a sync drifts by the minute.
 */
#include <err.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/store_client.h"

#define TURNS_EACH 4u  /* turns of each conversation */
#define ROUNDS     10u /* slices of a point's time */

struct side {
	struct sender sender;
	struct group process;
	uint64_t appends, ns, cpu_ns;
	struct durations durations;
};

/* Appends per ns in one slice. */
static double
run_slice(struct side *side, uint64_t slice_ns)
{
	uint64_t cpu = group_cpu_ns(&side->process), appends, ns;

	ns = sender_run(&side->sender, NULL, clock_mono_ns() + slice_ns, &side->durations);
	appends = load_done(&side->sender.load);
	side->appends += appends;
	side->ns += ns;
	side->cpu_ns += group_cpu_ns(&side->process) - cpu;
	return (double)appends / (double)ns;
}

static json_t *
side_json(struct side *s)
{
	return json_pack("{s:I,s:I,s:I,s:o}", "appends", (json_int_t)s->appends, "ns",
	    (json_int_t)s->ns, "cpuNs", (json_int_t)s->cpu_ns, "durations",
	    durations_json(&s->durations));
}

/* Ends the open turns, so that the next point begins its own. */
static void
end_turns(struct side *side, struct quota *quota)
{
	sender_quota_of_open_turns(&side->sender, quota);
	sender_run(&side->sender, quota, UINT64_MAX, NULL);
}

static void
begin(struct side *side, size_t in_flight, struct quota *quota)
{
	side->appends = side->ns = side->cpu_ns = 0;
	side->durations = (struct durations){0};
	sender_load(&side->sender, in_flight, TURNS_EACH);
	for (size_t i = 0; i < in_flight; i++)
		quota->of[i] = i % 2;
	sender_run(&side->sender, quota, UINT64_MAX, NULL);
}

static void
run_point(struct side *alone, struct side *logged, size_t in_flight, int seconds)
{
	static struct quota quota;
	uint64_t slice = (uint64_t)(seconds * 1e9 / ROUNDS);
	json_t *ratios = json_array();

	begin(alone, in_flight, &quota);
	begin(logged, in_flight, &quota);
	for (size_t round = 0; round < ROUNDS; round++) {
		double rate = run_slice(alone, slice);

		json_array_append_new(ratios, json_real(run_slice(logged, slice) / rate));
	}
	end_turns(alone, &quota);
	end_turns(logged, &quota);
	bench_print(json_pack("{s:i,s:o,s:o,s:o}", "inFlight", (int)in_flight, "ratios", ratios,
	    "alone", side_json(alone), "logged", side_json(logged)));
}

int
main(int argc, char **argv)
{
	static struct side alone, logged;
	const char *alone_socket, *logged_socket;
	json_t *alone_pids, *logged_pids, *in_flight;
	int seconds, history;

	bench_plan(argc, argv, "{s:s,s:o,s:s,s:o,s:i,s:i,s:o}", "alone", &alone_socket,
	    "alonePids", &alone_pids, "logged", &logged_socket, "loggedPids", &logged_pids,
	    "seconds", &seconds, "history", &history, "inFlight", &in_flight);
	alone.process = group_of(alone_pids);
	logged.process = group_of(logged_pids);
	sender_open(&alone.sender, alone_socket, (uint32_t)history);
	sender_open(&logged.sender, logged_socket, (uint32_t)history);
	for (size_t i = 0; i < json_array_size(in_flight); i++)
		run_point(&alone, &logged,
		    (size_t)json_integer_value(json_array_get(in_flight, i)), seconds);
	sender_close(&alone.sender);
	sender_close(&logged.sender);
	return 0;
}
