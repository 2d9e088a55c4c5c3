/*
 * This machine's part in the commit log, what both of its roles share: the connection, and what other
 * machines know of it. Owner: owner.h; standby: standby.h.
 */
#ifndef STORAGED_REPLICATION_REPLICA_H
#define STORAGED_REPLICATION_REPLICA_H

#include "storaged/replication/log_conn.h"
#include "storaged/replication/log_row.h"
#include "storaged/replication/position.h"

#define REPLICA_NAME_MAX 64

/* The owner renews its heartbeat this often, and answers nothing when the last renewal that was acknowledged
 * is older than the lease. A standby takes over when it has seen no heartbeat for longer, so that two machines never
 * answer at the same time. */
#define REPLICA_RENEW_MS 1000u
#define REPLICA_LEASE_MS 3000u
#define REPLICA_TAKE_MS  5000u

/*
 * In place of REPLICA_TAKE_MS, for a machine that was the owner and ended early: the others have seen its last heartbeat
 * up to a step later than itself.
 */
#define REPLICA_TAKE_AGAIN_MS 7000u

/* In place of REPLICA_TAKE_MS, for a standby in trouble (replica_trouble()): all others come first. */
#define REPLICA_TAKE_LAST_MS 15000u

#define REPLICA_TROUBLE_MAX 16

/* What the status tells. */
struct replica_status {
	uint8_t role;                     /* enum store_role */
	char owner[REPLICA_NAME_MAX + 1]; /* "": unknown */
	uint64_t epoch, seq;              /* of the last row that this store contains */
	uint64_t behind;    /* rows: of a standby itself, or of the owner's nearest standby */
	uint32_t standbys;  /* the owner's, that have reported in the last 10 s */
	uint32_t append_us; /* the mean of the last appends */
	char error[256];    /* why the log cannot be reached; "": it can */
};

struct replica {
	struct env *env;
	const char *log;               /* STORE_LOG */
	const char *name;              /* STORE_NAME */
	uint64_t keep_days, max_bytes; /* LOG_KEEP_DAYS, LOG_MAX_BYTES */
	/* Tells this process from an earlier one of this machine (the lower half is random), and from another machine of
	 * this name (replica_same_machine()). */
	uint64_t instance;
	struct log_conn conn;
	struct position at; /* as in meta */
	uint64_t owned_at;  /* when this process became the owner: clock_boot_ms(); 0: never */
	uint64_t
	    offer_at; /* hand_over.c's: when an unfit owner may offer again: clock_mono_ms() */
	struct replica_status status;
};

/* Reads files that identify the machine: to be called before the filter of system calls begins. */
void replica_init(struct replica *r, struct env *env, const char *log, const char *name);

/* Whether an instance is a process that used the same directory on the same machine. By the lock of the directory
 * it is this process, or one that has ended. */
bool replica_same_machine(const struct replica *r, uint64_t instance);

/*
 * Why this machine should be the owner only if no other one can: its store is "damaged", or "full" (its map or its disk
 * has almost no room). "": there is no reason.
 */
const char *replica_trouble(const struct replica *r);

void replica_clear(struct replica *r);

/* The next row of the log. */
struct log_row replica_next_row(const struct replica *r, uint64_t epoch, struct slice data);

#endif
