/*
 * The side without storaged: an LMDB environment of the same tables, into which this process puts
 * the same keys and records itself, a batch to a transaction, each commit a full sync.
 *
 * It is the least that could be done: every batch is made before its time begins, nothing is read
 * or checked, no history is gathered, and nobody has to be woken up. Failures end the process.
 */
#ifndef TESTS_BENCH_STORE_RAW_H
#define TESTS_BENCH_STORE_RAW_H

#include <lmdb.h>

#include "storaged/engine/schema.h"
#include "tests/bench/store_load.h"

/* The entries of each table. */
struct table_counts {
	size_t of[TABLES];
};

/* Opens an environment; read_only: beside the process that writes it. NULL never. */
MDB_env *raw_env_open(const char *dir, bool read_only);

/* Transactions committed to it so far, by anyone. */
uint64_t raw_env_commits(MDB_env *env);

/* What there is in an environment, in its last committed state. */
void raw_env_count(MDB_env *env, struct table_counts *counts);

struct op;

struct raw {
	MDB_env *env;
	MDB_dbi dbi[TABLES];
	struct load load;
	size_t next; /* the slot whose turn it is */
	/* The batch, made before its time begins. */
	struct op *ops;
	size_t n_ops;
	struct buf values;
	uint64_t conversations, messages; /* of the totals */
	uint64_t now;
};

void raw_open(struct raw *r, const char *dir);
void raw_close(struct raw *r);

/* Starts anew with so many slots, of so many turns to a conversation. */
void raw_load(struct raw *r, size_t slots, unsigned turns);

/* What a slice took: wall clock, and processor time of this process. */
struct raw_time {
	uint64_t ns, cpu_ns;
};

/* Lets every slot do its quota, in batches of as many appends as there are slots. A request's
 * duration is its batch's. */
struct raw_time raw_run(struct raw *r, const struct quota *quota, struct durations *durations);

#endif
