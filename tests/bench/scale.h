/*
 * A store at two sizes: the cost of single requests, and reads and writes at the same time.
 */
#ifndef TESTS_BENCH_SCALE_H
#define TESTS_BENCH_SCALE_H

#include "tests/bench/place.h"
#include "tests/bench/store_client.h"

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

/* All requests of one kind, one after the other on a connection: the duration of each, and
 * storaged's processor time for it. */
struct reading {
	struct durations durations;
	uint64_t cpu_ns;
};

/* All conversations of the store, in the order of the list; free `ids`. */
struct conversations {
	struct id *ids;
	size_t n;
};

void conversations_read(struct channel *line, struct conversations *all);

/* Sends this many requests of each kind, in turn. long_one has THREAD_LIMIT messages; sessions are
 * the texts of the conversations' ids. */
void reads_measure(const struct place *place, struct channel *line,
    const struct conversations *all, const struct id *long_one, unsigned times,
    struct reading reads[READ_KINDS]);

/* One such request; returns its nanoseconds. */
uint64_t read_list(struct channel *line);
uint64_t read_thread(struct channel *line, const struct id *long_one);

#define MIX_IN_FLIGHT 64u
#define MIX_READERS   4u
#define MIX_ROUNDS    5u

/* Reads and writes at the same time, and how they slow each other down. */
struct mix {
	/* One reader beside appends. */
	struct durations list, thread;
	double rate_beside_reader; /* appends per second */
	/* Appends alone, and beside MIX_READERS that read lists in a loop: the means of the rounds,
	 * and the median of their ratios. */
	double rate_alone, rate_beside, rate_kept;
	double lists_per_second;
};

/* Measures for this many seconds in total. Leaves no turn open. */
void mix_measure(
    const char *socket, const struct id *long_one, double seconds, struct mix *mix);

/* The store at one size. */
struct stage {
	uint64_t messages, conversations; /* when it was measured */
	double fill_rate;                 /* messages per second while it was filled */
	double sync_ms;                   /* of 4 KiB, when it was measured */
	struct reading reads[READ_KINDS];
	struct memory memory; /* storaged's */
	uint64_t disk, text;  /* bytes of data.mdb on disk, and of all messages' texts */
};

enum { STAGE_SMALL, STAGE_LARGE, STAGES };

struct scale {
	struct stage stages[STAGES];
	struct mix mix; /* in the large store */
};

/* A table for people, and JSON for programs. */
void report_scale(struct scale *scale);
void report_scale_json(struct scale *scale);

#endif
