/*
 * A store at two sizes: the cost of single requests, and reads and writes at the same time.
 */
#ifndef TESTS_BENCH_SCALE_H
#define TESTS_BENCH_SCALE_H

#include "tests/bench/store_client.h"

/* Sizes of the requests, as in the targets. */
#define LIST_LIMIT    100u
#define THREAD_LIMIT  1000u
#define BEGIN_HISTORY 30u

/* All conversations of the store, in the order of the list; free `ids`. */
struct conversations {
	struct id *ids;
	size_t n;
};

void conversations_read(struct channel *line, struct conversations *all);

/* Sends this many requests of each kind, in turn, one after the other on a connection. long_one has
 * THREAD_LIMIT messages; sessions are the texts of the conversations' ids. Returns {"list", "thread",
 * "begin"}: the durations of each kind, and "cpuUs", storaged's processor time for one. */
json_t *reads_measure(const struct group *storaged, struct channel *line,
    const struct conversations *all, const struct id *long_one, unsigned times);

/* One such request; returns its nanoseconds. */
uint64_t read_list(struct channel *line);
uint64_t read_thread(struct channel *line, const struct id *long_one);

/* Reads and writes at the same time, and how they slow each other down, in this many seconds. Leaves no turn
 * open. Returns {
 *	"inFlight", "readers",
 *	"list", "thread",           durations of a reader's requests beside appends
 *	"besideReader",             appends per second beside it
 *	"alone", "beside", "kept",  appends per second alone and beside readers of lists: the means of the rounds,
 *	                            and their ratios
 *	"listsPerSecond"
 * } */
json_t *mix_measure(const char *socket, const struct id *long_one, double seconds);

#endif
