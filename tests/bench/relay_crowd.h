/*
 * The load: many visitors, each with its own connection, who ask a question and read the reply as
 * it arrives. The stub stamps each token with the time at which it was produced, so its arrival
 * shows the latency of the server.
 *
 * Paced: every visitor asks once, at a random moment of the ramp, and the measurement window covers
 * a time in which all replies run. At full speed: every visitor asks again and again until the
 * window ends, and everything from the first question to the last response is measured, including
 * the start and end of each reply. Short requests: every visitor sends the same GET again and
 * again, and the window is measured.
 */
#ifndef TESTS_BENCH_RELAY_CROWD_H
#define TESTS_BENCH_RELAY_CROWD_H

#include "tests/bench/bench.h"
#include "tests/bench/relay_server.h"

#define CROWD_SLICES 5u /* slices of the window, to show how the figures vary */

struct crowd_plan {
	size_t readers;
	/* Other visitors, none or as many as readers, whose replies have fewer and larger tokens; and
	 * whether they stop reading after the first token. */
	size_t others;
	bool others_stop;
	const char *path; /* of short requests; NULL: questions */
	unsigned rate;    /* tokens per second of each reply; 0: full speed */
	unsigned
	    tokens; /* of each reply at full speed; a paced reply lasts for the whole window */
	double ramp_s, settle_s, window_s;
};

struct crowd_figures {
	/* In the window. */
	uint64_t ns, cpu_ns;
	uint64_t tokens;             /* that reached readers, or short requests */
	struct durations relay;      /* from a token's stamp to its arrival, of readers */
	double cpu_us[CROWD_SLICES]; /* processor time per token, of each slice */
	size_t slices;
	struct memory idle, busy; /* before the first question; at the window's end */
	/* In the whole run. */
	struct durations first_token; /* from the connection to the reply's first token */
	uint64_t replies;             /* complete replies */
	uint64_t bytes;               /* received */
	uint64_t lost;                /* tokens that were missing or out of order */
	uint64_t failed;              /* readers whose reply was refused or truncated */
	int failed_status;            /* of the first of these; 0: none, or no response */
};

/* Runs the load against an idle server. */
void crowd_run(
    const struct server *server, const struct crowd_plan *plan, struct crowd_figures *figures);

void crowd_clear(struct crowd_figures *figures);

#endif
