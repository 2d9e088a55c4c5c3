/*
 * Growing penalties for failures, shared by all workers (compare PerSourcePenalties in sshd_config(5)).
 *
 * After some failures, a client is blocked for first_ms; each further one blocks it twice as long, up to
 * max_ms. After max_ms without a failure, one failure is forgotten.
 *
 * The counts are in cells of the rate limits (ratelimit.h), and in a full group the client that is
 * forgotten first loses its cell.
 */
#ifndef PROTO_IPC_PENALTIES_H
#define PROTO_IPC_PENALTIES_H

#include "proto/ipc/ratelimit.h"

#define PENALTY_FREE_MAX 100

struct penalty_rule {
	const char *
	    name; /* separates the clients of different rules, also from those of ratelimit_rule */
	uint32_t free;     /* failures until it is blocked: 1 to PENALTY_FREE_MAX */
	uint32_t first_ms; /* at most max_ms */
	uint32_t max_ms;
};

struct penalty_answer {
	bool allowed;
	uint32_t failures;       /* that are not forgotten, without this attempt */
	uint32_t retry_after_ms; /* 0 when allowed */
	uint32_t reset_ms;       /* until all failures are forgotten */
	uint64_t before, after;  /* for penalty_forgive() */
};

/* Counts an attempt as a failure before its result is known, so that attempts at the same time cannot
 * exceed the limit. A blocked client's attempt is not counted. client: as of ratelimit_take(). */
struct penalty_answer penalty_take(struct ratelimit *rl, const struct penalty_rule *rule,
    struct slice client, uint64_t now_ns);

/* The attempt did not fail: forgets one failure. Failures before it block and are forgotten as if it had
 * not been, unless the client made another attempt meanwhile. taken: the answer to the attempt. */
void penalty_forgive(struct ratelimit *rl, const struct penalty_rule *rule, struct slice client,
    const struct penalty_answer *taken, uint64_t now_ns);

#endif
