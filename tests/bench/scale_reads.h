/*
 * The cost of single requests in a store of some size, one after the other on a connection: the
 * duration of each, and storaged's processor time for it.
 */
#ifndef TESTS_BENCH_SCALE_READS_H
#define TESTS_BENCH_SCALE_READS_H

#include "tests/bench/store_line.h"
#include "tests/bench/store_load.h"

/* Sizes of the requests, as in the targets. */
#define LIST_LIMIT    100u
#define THREAD_LIMIT  1000u
#define BEGIN_HISTORY 30u

enum read_kind {
	READ_LIST,   /* the newest conversations */
	READ_THREAD, /* a long conversation in one request */
	READ_BEGIN,  /* the start of a turn in a conversation: a history, and a commit */
	READ_KINDS,
};

/* All requests of one kind. */
struct reading {
	struct durations durations;
	uint64_t cpu_ns;
};

struct reads {
	struct reading of[READ_KINDS];
};

/* All conversations of the store, in the order of the list; free `ids`. */
struct conversations {
	struct id *ids;
	size_t n;
};

void conversations_read(struct channel *line, struct conversations *all);

/* Sends this many requests of each kind, in turn. long_one has THREAD_LIMIT messages; sessions are
 * the texts of the conversations' ids. */
void reads_measure(struct channel *line, const struct conversations *all,
    const struct id *long_one, unsigned times, struct reads *reads);

void reads_clear(struct reads *reads);

/* One such request; returns its nanoseconds. */
uint64_t read_list(struct channel *line);
uint64_t read_thread(struct channel *line, const struct id *long_one);

#endif
