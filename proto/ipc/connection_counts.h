/*
 * Open connections per client address over all workers: one table per worker in shared memory,
 * written by that worker and read by all. The sum over all tables is an address's count.
 *
 * When masterd reaps a dead worker, it clears the worker's table: no crash leaves a connection
 * counted forever, and no messages are needed.
 *
 * Addresses are identified by a keyed hash, in groups of eight cells, so that clients cannot choose
 * whose cell they share. If all eight cells of a group are used by other addresses, a connection is
 * not counted: an address may then exceed its limit, but is never refused wrongly.
 */
#ifndef PROTO_IPC_CONNECTION_COUNTS_H
#define PROTO_IPC_CONNECTION_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

/* × 8 cells × 8 bytes = 256 KiB a worker, of which only used pages are allocated. With 10,000
 * connections from as many addresses one in a thousand is not counted. */
#define CONNECTION_COUNTS_GROUPS 4096
#define CONNECTION_COUNTS_WAYS   8

struct connection_counts {
	/* Each cell is a part of the key with the count in the low bits; a count of 0: free. */
	_Atomic uint64_t cells[CONNECTION_COUNTS_GROUPS][CONNECTION_COUNTS_WAYS];
};

/* The key of an address; never 0. All workers use the same secret. */
uint64_t connection_counts_key(const uint8_t secret[32], struct slice address);

/* Adds one connection of this address to the caller's own table. false: the group is full and the
 * connection is not counted; do not call connection_counts_remove() for it. */
[[gnu::warn_unused_result]] bool connection_counts_add(
    struct connection_counts *mine, uint64_t key);

/* Removes a connection that was counted. */
void connection_counts_remove(struct connection_counts *mine, uint64_t key);

/* The connections of an address in n tables. */
uint64_t connection_counts_sum(const struct connection_counts *tables, size_t n, uint64_t key);

/* Removes all connections, after the table's worker has died. */
void connection_counts_clear(struct connection_counts *table);

#endif
