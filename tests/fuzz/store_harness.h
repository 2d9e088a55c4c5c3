/*
 * A store to send requests to: a real environment, the batch on top of it, and some clients, as in
 * storaged, but without sockets and syncs. Every input starts with a new store; its files are in
 * memory if possible, and removed when the process exits.
 *
 * One per process. This checks all invariants: every request gets exactly one reply, replies
 * decode, and the store is valid whenever it is closed or restarted.
 */
#ifndef TESTS_FUZZ_STORE_HARNESS_H
#define TESTS_FUZZ_STORE_HARNESS_H

#include "storaged/server/batch.h"

/* Clients that an input chooses: two workers and the banter command. crawld and searchd send what only they may. */
#define HARNESS_CHOSEN  3
#define HARNESS_CLIENTS 5

/* Opens a new store; a small one is soon full. */
void harness_open(bool small);

/* Commits the batch, and checks the store. */
void harness_close(void);

/* Sends a request as one of the clients. Encodes the message at once; commits the batch first if it
 * is full. */
void harness_send(unsigned client, enum msg_type type, const void *msg);

/* Commits the batch, and reads the replies. */
void harness_commit(void);

/* Disconnects a client; a new one takes its place. */
void harness_disconnect(unsigned client);

/* storaged's own work between two batches: marks some lost turns as interrupted, ends the time for
 * claims after a start, checks whether a full store accepts writes again. */
void harness_interrupt(void);
void harness_collect_content(void);
void harness_end_claim_time(void);
void harness_probe(void);

/* Restarts the process: only committed data is left. At most 8 times per input, because of its cost. */
void harness_restart(void);

/* The cursor of the last list of conversations; empty: its end. */
struct slice harness_cursor(void);

#endif
