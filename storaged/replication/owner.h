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
};

/* Begins to append. renewed_at: see struct owner. */
void owner_start(struct owner *o, struct replica *r, uint64_t epoch, uint64_t renewed_at);

/* Appends no more. */
void owner_stop(struct owner *o);

/* Whether answers may leave now. Renews the lease if that is due, which waits for the log. */
[[gnu::warn_unused_result]] bool owner_holds(struct owner *o);

/* Once per second: renews the lease, looks at the standbys, and deletes old rows, at most some. Not during a transaction. */
void owner_tick(struct owner *o);

/* Hands the ownership over to a standby. name: "" for the one that has applied most. Waits at most a second;
 * afterwards the owner is lost, or the status says why it is not, and nothing has changed. */
void owner_hand_over(struct owner *o, struct slice name);

#endif
