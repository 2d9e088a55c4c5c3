/*
 * How many connections each address has, in all workers together: a table of each worker in shared
 * memory, which that worker alone writes and all read. An address has as many as its worker's
 * tables say when they are added up.
 *
 * What a worker that dies had counted goes with its table: masterd empties it when it has seen the
 * death. So no crash leaves a connection counted for ever, and nothing has to be told by messages.
 *
 * Addresses are known by a hash that only we can compute, in groups of eight cells, so that nobody
 * can aim at another's cell. When all eight are in use by others a connection is not counted: then
 * an address may have some more than it should, and none is refused wrongly.
 */
#ifndef PROTO_IPC_CONNECTION_COUNTS_H
#define PROTO_IPC_CONNECTION_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

/* × 8 cells × 8 bytes = 256 KiB a worker, of which it touches what it uses. With 10,000 connections
 * of as many addresses one in a thousand is not counted. */
#define CONNECTION_COUNTS_GROUPS 4096
#define CONNECTION_COUNTS_WAYS   8

struct connection_counts {
	/* Each is a part of the key, and the count below it; a count of 0: free. */
	_Atomic uint64_t cells[CONNECTION_COUNTS_GROUPS][CONNECTION_COUNTS_WAYS];
};

/* What an address is known by; never 0. secret is the same for all workers. */
uint64_t connection_counts_key(const uint8_t secret[32], struct slice address);

/* One more connection of this address in the caller's own table. false: there was no room, it is
 * not counted, and connection_counts_remove() must not be called for it. */
[[gnu::warn_unused_result]] bool connection_counts_add(
    struct connection_counts *mine, uint64_t key);

/* One that was counted has ended. */
void connection_counts_remove(struct connection_counts *mine, uint64_t key);

/* The connections of an address in n tables. */
uint64_t connection_counts_sum(const struct connection_counts *tables, size_t n, uint64_t key);

/* Forgets all connections of a worker that is no more. */
void connection_counts_clear(struct connection_counts *table);

#endif
