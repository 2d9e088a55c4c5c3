/*
 * Rate limits shared by all workers: GCRA, the "generic cell rate algorithm" (ITU-T I.371), which
 * needs one number per client: the theoretical arrival time of its next request.
 *
 * A table of cells in shared memory, in groups of eight. A client's key is a keyed hash, so clients
 * cannot choose whose cell they share. A cell whose time has passed is free. If all eight cells of
 * a group are in use, the one that becomes free first is reused: its client may then be allowed too
 * early, but is never refused wrongly.
 */
#ifndef PROTO_IPC_RATELIMIT_H
#define PROTO_IPC_RATELIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/buf.h"

#define RATELIMIT_GROUPS 8192 /* × 8 cells × 16 bytes = 1 MiB */
#define RATELIMIT_WAYS   8

struct ratelimit_cell {
	_Atomic uint64_t key; /* 0: never used */
	_Atomic uint64_t tat; /* theoretical arrival time, ns of CLOCK_MONOTONIC */
};

struct ratelimit {
	uint8_t secret[32];
	struct ratelimit_cell cells[RATELIMIT_GROUPS][RATELIMIT_WAYS];
};

/* A limit: max requests at once, and max more in each following window. */
struct ratelimit_rule {
	const char *name; /* separates the clients of different rules: "chat", "login" */
	uint32_t max;
	uint32_t window_ms;
};

struct ratelimit_answer {
	bool allowed;
	uint32_t remaining;      /* requests that would be allowed now */
	uint32_t retry_after_ms; /* 0 when allowed */
	uint32_t reset_ms;       /* until the full allowance is available again */
};

/* Generates the secret; the cells must be zero. */
void ratelimit_init(struct ratelimit *rl);

/* Counts one request of this client against a rule. client is its address as bytes, IPv6 reduced to
 * its /64 by the caller; now_ns is clock_mono_ns(). */
struct ratelimit_answer ratelimit_take(struct ratelimit *rl, const struct ratelimit_rule *rule,
    struct slice client, uint64_t now_ns);

/* The cell of a client under a rule's name, for rules that count in another way (penalties.h); claimed if it
 * had none. It is in use until its tat. NULL if other processes were faster in every attempt. */
struct ratelimit_cell *ratelimit_cell(
    struct ratelimit *rl, const char *name, struct slice client, uint64_t now_ns);

/* Remembers a client under this name until a time, unless a full group needs its cell earlier; and whether
 * it is remembered. */
void ratelimit_remember(struct ratelimit *rl, const char *name, struct slice client,
    uint64_t until_ns, uint64_t now_ns);
bool ratelimit_remembers(
    const struct ratelimit *rl, const char *name, struct slice client, uint64_t now_ns);

#endif
