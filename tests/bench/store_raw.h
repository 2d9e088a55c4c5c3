/*
 * The side without storaged: an LMDB environment with the same tables, into which this process
 * writes the same keys and records, one transaction per batch, each commit a full sync.
 *
 * It is a lower bound: every batch is prepared before its time starts, nothing is read or checked,
 * no history is returned, and no process has to be woken up. Failures end the process.
 */
#ifndef TESTS_BENCH_STORE_RAW_H
#define TESTS_BENCH_STORE_RAW_H

#include <lmdb.h>

#include "storaged/engine/schema.h"
#include "tests/bench/store_client.h"

/* The number of entries of each table. */
struct table_counts {
	size_t of[TABLES];
};

/* Opens an environment; read_only: beside the process that writes it. Never NULL. */
MDB_env *raw_env_open(const char *dir, bool read_only);

/* Transactions committed so far, by any process. */
uint64_t raw_env_commits(MDB_env *env);

/* Counts the entries of an environment in its last committed state. */
void raw_env_count(MDB_env *env, struct table_counts *counts);

struct op;

struct raw {
	MDB_env *env;
	MDB_dbi dbi[TABLES];
	struct load load;
	size_t next; /* the slot whose turn it is */
	/* The batch, prepared before its time starts. */
	struct op *ops;
	size_t n_ops;
	struct buf values;
	uint64_t conversations, messages; /* of the totals */
	uint64_t now;
};

void raw_open(struct raw *r, const char *dir);
void raw_close(struct raw *r);

/* Starts with this many slots and turns per conversation. */
void raw_load(struct raw *r, size_t slots, unsigned turns);

/* The cost of a slice: wall clock, and processor time of this process. */
struct raw_time {
	uint64_t ns, cpu_ns;
};

/* Does the quota of every slot, in batches of as many appends as there are slots. A request's
 * duration is that of its batch. */
struct raw_time raw_run(struct raw *r, const struct quota *quota, struct durations *durations);

#endif
