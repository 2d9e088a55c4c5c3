/*
 * What is measured of a store of some size: requests alone on a connection, one after the other,
 * each with its duration and the processor time that storaged took for it.
 */
#ifndef TESTS_BENCH_SCALE_READS_H
#define TESTS_BENCH_SCALE_READS_H

#include "tests/bench/store_line.h"
#include "tests/bench/store_load.h"

/* Sizes of what is asked for, as in the targets. */
#define LIST_LIMIT    100u
#define THREAD_LIMIT  1000u
#define BEGIN_HISTORY 30u

enum read_kind {
	READ_LIST,   /* the newest conversations */
	READ_THREAD, /* a long conversation, whole, in one request */
	READ_BEGIN,  /* a turn's begin in some conversation: a history, and a commit */
	READ_KINDS,
};

/* Of all requests of a kind. */
struct reading {
	struct durations durations;
	uint64_t cpu_ns;
};

struct reads {
	struct reading of[READ_KINDS];
};

/* All conversations of the store, as the list has them; free `ids`. */
struct conversations {
	struct id *ids;
	size_t n;
};

void conversations_read(struct channel *line, struct conversations *all);

/* Asks so many times for each, in turns. long_one has THREAD_LIMIT messages; sessions are the
 * texts of the conversations' ids. */
void reads_measure(struct channel *line, const struct conversations *all,
    const struct id *long_one, unsigned times, struct reads *reads);

void reads_clear(struct reads *reads);

/* One such request; returns its nanoseconds. */
uint64_t read_list(struct channel *line);
uint64_t read_thread(struct channel *line, const struct id *long_one);

#endif
