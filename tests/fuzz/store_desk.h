/*
 * A store to put requests to: a real environment, the batch over it, and some clients, as in
 * storaged, but without sockets, and without syncs. It starts fresh for each input; its files lie
 * in memory where that can be, and are removed when the process ends.
 *
 * One for a process. Whatever must hold is checked here: every request gets exactly one answer of
 * its own, answers decode, and the store is whole whenever it is closed or started anew.
 */
#ifndef TESTS_FUZZ_STORE_DESK_H
#define TESTS_FUZZ_STORE_DESK_H

#include "storaged/server/batch.h"

#define DESK_CLIENTS 3

/* What one byte of an input calls for; run takes its operands from the input. The last of a table is the
 * slow one: only its own letter calls it, where any other byte calls one of the rest. */
struct desk_instruction {
	char letter;
	void (*run)(struct slice *in);
};

/* Runs an input to its end, or as many instructions as are worth it; blanks and line ends call for
 * nothing. */
void desk_run(struct slice in, const struct desk_instruction *table, size_t n);

/* A record as the bytes that a request holds; b is made for it, and the caller's to clear. */
struct slice desk_record(struct buf *b, enum msg_type type, const void *record);

/* Opens a fresh store; a small one is soon full. */
void desk_open(bool small);

/* Commits what waits, and checks the store. */
void desk_close(void);

/* One of the clients asks. The message is encoded at once; the batch is committed first when it
 * takes no more. */
void desk_ask(unsigned client, enum msg_type type, const void *msg);

/* Commits the batch, and takes the answers. */
void desk_commit(void);

/* A client vanishes; another comes in its place. */
void desk_lose(unsigned client);

/* What storaged does by itself between two batches: ends some lost turns, gives up those that
 * nobody claimed since the start, tries whether a full store takes writes again. */
void desk_interrupt(void);
void desk_claim_over(void);
void desk_probe(void);

/* The process is gone and started anew: only what was committed is left. */
void desk_restart(void);

/* The same as an instruction: at most 8 times an input, for what that costs. */
void desk_restart_some(struct slice *in);

/* The cursor of the last list of conversations; empty: it was at its end. */
struct slice desk_cursor(void);

#endif
