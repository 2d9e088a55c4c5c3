/*
 * The side that goes through storaged: real requests over real sockets, as workers send them.
 *
 * Each slot's next request is encoded while its last one is under way, so that what the benchmark
 * itself costs stays off the path from an answer to the next request. All failures end the process
 * (err(3)): a store that does not answer has no figures.
 */
#ifndef TESTS_BENCH_STORE_SENDER_H
#define TESTS_BENCH_STORE_SENDER_H

#include "tests/bench/store_line.h"
#include "tests/bench/store_load.h"

#define CONNECTIONS_MAX 16u

struct ready_request;

struct sender {
	struct channel channels[CONNECTIONS_MAX];
	size_t n;
	uint32_t history; /* messages that a question asks back */
	struct load load;
	struct ready_request *ready; /* of each slot: the one that is to be sent next */
	size_t in_flight;
	/* Of the slice that runs. */
	const struct quota *quota;
	uint64_t until;
	struct durations *durations;
	uint32_t queued[SLOTS_MAX]; /* slots whose request was queued since the last flush */
	size_t n_queued;
};

/* Connects n times, 1 to CONNECTIONS_MAX, and waits until storaged answers. */
void sender_open(struct sender *s, const char *socket, size_t n, uint32_t history);
void sender_close(struct sender *s);

/* Starts anew with so many slots, of so many turns to a conversation; none may be in the middle of
 * a turn. */
void sender_load(struct sender *s, size_t slots, unsigned turns);

/*
 * Lets every slot send one request after the other until its quota is used up or the time (of
 * clock_mono_ns()) has come, and waits for all answers. load.done has what was done; durations,
 * unless NULL, gets each request's. Returns the nanoseconds from the first request to the last
 * answer.
 */
uint64_t sender_run(
    struct sender *s, const struct quota *quota, uint64_t until, struct durations *durations);

/* One reply for each slot whose turn is open. */
void sender_quota_of_open_turns(const struct sender *s, struct quota *quota);

#endif
