/*
 * The side that goes through storaged: real requests over real sockets, as workers send them.
 *
 * Each slot's next request is encoded while its last one is in flight, so that the benchmark's own
 * cost is not on the path from a reply to the next request. All failures end the process (err(3)):
 * a store that does not answer has no figures.
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
	uint32_t history; /* messages that a question requests back */
	struct load load;
	struct ready_request *ready; /* of each slot: the next request to send */
	size_t in_flight;
	/* In the current slice. */
	const struct quota *quota;
	uint64_t until;
	struct durations *durations;
	uint32_t queued[SLOTS_MAX]; /* slots whose request was queued since the last flush */
	size_t n_queued;
};

/* Connects n times, 1 to CONNECTIONS_MAX, and waits until storaged answers. */
void sender_open(struct sender *s, const char *socket, size_t n, uint32_t history);
void sender_close(struct sender *s);

/* Starts with this many slots and turns per conversation; no slot may have an open turn. */
void sender_load(struct sender *s, size_t slots, unsigned turns);

/* Lets every slot send one request after the other until its quota is used up or the time (of
 * clock_mono_ns()) has come, and waits for all replies. load.done counts the appends; durations,
 * unless NULL, gets each request's. Returns the nanoseconds from the first request to the last
 * reply. */
uint64_t sender_run(
    struct sender *s, const struct quota *quota, uint64_t until, struct durations *durations);

/* One reply for each slot with an open turn. */
void sender_quota_of_open_turns(const struct sender *s, struct quota *quota);

#endif
