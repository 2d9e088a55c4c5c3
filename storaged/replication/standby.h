/*
 * A standby applies the rows of the log to its store, and becomes the owner: at once when the log is new, when the
 * owner was this machine (it restarts, or lost its connection), or when the owner offers it; otherwise when it has seen
 * no heartbeat for REPLICA_TAKE_MS. A machine that restarts again less than 30 s after it took over waits
 * a little longer than any other one: it may crash as an owner for a reason that another machine does not have. One whose store is full takes
 * over after all others, and one whose store is damaged does not: it stays as it is, and can be read.
 *
 * It trusts only rows that it saw before a write of its own was acknowledged: PostgreSQL shows a row whose wait
 * for the synchronous standby was cancelled, although another PostgreSQL server may not have it. Its own write is its report
 * (LOG_CONFIRM).
 */
#ifndef STORAGED_REPLICATION_STANDBY_H
#define STORAGED_REPLICATION_STANDBY_H

#include "storaged/replication/replica.h"

/* How often standby_step() is to be called. */
#define STANDBY_STEP_MS 50u

enum standby_result {
	STANDBY_WAITS, /* call it again after STANDBY_STEP_MS */
	STANDBY_MORE,  /* call it again at once */
	STANDBY_OWNS,  /* this machine is the owner: owner_start() with epoch and renewed_at */
	STANDBY_ENDS,  /* status is the exit status; the reason is logged */
};

struct standby {
	struct replica *replica;
	bool
	    restarted; /* this process has just started: it may take over from an earlier one */
	bool
	    ended_early; /* this machine is named, and ended less than 30 s after it took over */
	bool checked;    /* the position was found in the log, over this connection */
	/* A write that was acknowledged has followed the rows up to this one, over this connection. */
	uint64_t trusted;
	bool name_shared;    /* another machine of this name was logged */
	bool rests;          /* that the store is damaged was logged */
	const char *trouble; /* of the last report (replica_trouble()) */
	uint64_t
	    opened_at; /* boot time in ms, as all: of the last attempt to connect; 0: none */
	uint64_t confirmed_at;
	/* The owner's row, as it was last read, and since when its heartbeat is the same. */
	struct standby_seen {
		bool some;
		uint64_t epoch, instance, heartbeat, last;
		uint64_t since;
		bool mine;         /* this process is named */
		bool named;        /* this name is named, which another machine may have, too */
		bool same_machine; /* this machine is named */
		bool fresh;        /* the owner took over less than 30 s ago */
		bool offered;
	} seen;
	uint64_t epoch, renewed_at; /* for STANDBY_OWNS */
	int status;                 /* for STANDBY_ENDS */
};

/* Begins. starts: the process has just started, and was not the owner before. */
void standby_start(struct standby *s, struct replica *r, bool starts);

/* Looks at the log, waits for its answers (LOG_ANSWER_MS each), and applies at most as many rows as one query reads. */
[[gnu::warn_unused_result]] enum standby_result standby_step(struct standby *s);

#endif
