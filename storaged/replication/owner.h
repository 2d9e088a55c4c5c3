/*
 * The owner of the log: the only machine that writes. Each transaction of the store is appended to the log
 * before it is committed, and answers leave only while the lease holds.
 *
 * When the log does not acknowledge an append or a renewal within LOG_ANSWER_MS, it is unknown whether it
 * contains it. Then the owner is lost: it commits nothing more and answers nothing more. The server ends,
 * which closes the workers' connections, and a standby begins (standby.h). It finds the row in the log, and applies
 * it as any other one, or the workers' repeated requests write it again.
 */
#ifndef STORAGED_REPLICATION_OWNER_H
#define STORAGED_REPLICATION_OWNER_H

#include "storaged/replication/replica.h"

/* hand_over.c's own. */
struct hand_over_state {
	bool waits; /* an operator wants it, and no standby has caught up yet */
	bool noted; /* that it waits was logged */
	char to[REPLICA_NAME_MAX + 1]; /* "": any */
	uint64_t since, look_at;       /* ms, monotonic */
	uint64_t seq; /* at the last tick: a standby that has caught up contains this row */
	unsigned unwritable; /* ticks in a row */
	bool warned;         /* of this trouble */
	bool gives_up;       /* the last offer was made because of it */
};

struct owner {
	struct env_log log; /* env->log, while this process is the owner */
	struct replica *replica;
	uint64_t epoch;
	uint64_t
	    renewed_at; /* boot time in ms: when the last renewal that was acknowledged was sent */
	uint64_t heartbeat;  /* of that renewal; 0: there was none yet */
	uint64_t trimmed_at; /* seq at the last deletion of old rows */
	uint64_t appended;   /* bytes since then */
	bool lost;
	struct hand_over_state hand_over;
};

/* Begins to append. renewed_at: see struct owner. */
void owner_start(struct owner *o, struct replica *r, uint64_t epoch, uint64_t renewed_at);

/* Appends no more. */
void owner_stop(struct owner *o);

/* Whether answers may leave now. Renews the lease if that is due, which waits for the log. */
[[gnu::warn_unused_result]] bool owner_holds(struct owner *o);

/* Once per second: renews the lease, and deletes old rows, at most some. Not during a transaction. */
void owner_tick(struct owner *o);

/* For hand_over.c: renews the lease at once, which withdraws an offer. */
void owner_renew(struct owner *o);

/* For hand_over.c: appends and answers nothing more. what: the statement that failed. */
void owner_lose(struct owner *o, const char *what);

#endif
