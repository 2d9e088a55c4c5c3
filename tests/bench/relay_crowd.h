/*
 * The crowd: many visitors who each ask one question on a connection of their own and read the
 * reply as it comes. The stub stamps each token with the time at which it was made, so that its
 * arrival here says how long the way through the server was.
 *
 * Paced, every visitor asks once, at a random moment of the ramp, and what is measured lies within a
 * window in which all replies run. At full speed everyone asks again and again until the window
 * ends, and all from the first question to the last answer is measured, begin and end of each reply
 * included.
 */
#ifndef TESTS_BENCH_RELAY_CROWD_H
#define TESTS_BENCH_RELAY_CROWD_H

#include "tests/bench/relay_server.h"
#include "tests/bench/store_load.h"

#define CROWD_SLICES 5u /* that the window is cut into, to see how the figures scatter */

struct crowd_plan {
	size_t readers;
	/* Beside them, whose replies have fewer and larger tokens; and whether they stop reading after
	 * the first. */
	size_t others;
	bool others_stop;
	unsigned rate;   /* tokens per second of each reply; 0: full speed */
	unsigned tokens; /* of each reply at full speed; paced, it lasts as long as it has to */
	double ramp_s, settle_s, window_s;
};

struct crowd_figures {
	/* Of the window. */
	uint64_t ns, cpu_ns;
	uint64_t tokens;        /* that reached readers */
	struct durations relay; /* from a token's stamp to its arrival, of readers */
	size_t slices;
	double cpu_us[CROWD_SLICES]; /* processor time a token, of each slice */
	struct memory idle, busy;    /* before the first question; at the window's end */
	/* Of the whole run. */
	struct durations first_token; /* from the connection to the reply's first token */
	uint64_t replies;             /* whole ones */
	uint64_t lost;                /* tokens that never came, or not in their order */
	uint64_t failed;              /* readers whose reply was refused or cut */
	int failed_status; /* of the first of these; 0: there was none, or no answer */
};

/* Runs the crowd against a server that is idle. */
void crowd_run(
    const struct server *server, const struct crowd_plan *plan, struct crowd_figures *figures);

void crowd_clear(struct crowd_figures *figures);

#endif
