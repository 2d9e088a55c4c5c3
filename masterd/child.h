/*
 * One worker process, seen from its parent: its control socket, its state, and how long it may
 * stay in that state.
 *
 * A child is made for a process just started and freed when that process has been reaped; in
 * between it belongs to children.c. Each has a control socket of its own, closed with it, so
 * that a late report of a dead worker reaches nobody; its generation tells it in the log from
 * those that had its number before.
 *
 *	STARTING --hello--> READY --child_drain()--> DRAINING
 *	    any of them --garbage, closed socket, deadline--> LOST
 *
 * All of them end by the death of the process, which children.c learns from waitpid(2). One that is
 * READY or DRAINING and does not answer any more (heartbeat.h) is aborted.
 */
#ifndef MASTERD_CHILD_H
#define MASTERD_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "masterd/heartbeat.h"
#include "masterd/loop.h"
#include "masterd/ticket_keys.h"
#include "proto/ipc/messages.h"

enum child_state {
	CHILD_STARTING, /* no hello yet */
	CHILD_READY,    /* takes connections */
	CHILD_DRAINING, /* finishes what it has, gets nothing new */
	CHILD_LOST,     /* killed, or gone deaf and about to be */
};

/* What a child may have to be told later, because its socket is full; in this order. */
enum child_owed {
	OWED_TICKETS = 1,
	OWED_IDENTITY = 2,
	OWED_DRAIN = 4,
	OWED_CHECK = 8,
};

struct child;

/* What a child tells its owner. Neither may free the child. */
struct child_hooks {
	void (*changed)(struct child *, void *ctx); /* it has entered another state */
	void (*taken)(struct child *, void *ctx);   /* it has acknowledged connections, or that
						       it is alive: it may have room again */
	void *ctx;
};

struct child {
	unsigned number;     /* its slot in the scoreboard */
	uint64_t generation; /* counts up over all children; never used twice */
	uint64_t epoch;      /* the reload it was started under (children.c) */
	pid_t pid;
	uint64_t started_ms; /* clock_mono_ms() */
	bool was_ready;
	bool leaving; /* child_drain() has been called */
	enum child_state state;
	uint32_t in_flight;      /* connections sent and not yet acknowledged */
	bool congested;          /* the last send failed (dispatch.c) */
	uint64_t drain_until_ms; /* DRAINING: clock_mono_ms() when it should be done */
	struct pulse pulse;
	bool hung;     /* and is LOST for it */
	unsigned owed; /* set of enum child_owed */
	int control;   /* -1: closed */
	struct buf out;
	struct event *readable;
	struct event *writable;
	struct event *deadline;
	const struct keyring *keyring;
	const struct child_hooks *hooks;
};

/* Who it is; the rest is set by child_new(). */
struct child_identity {
	unsigned number;
	uint64_t generation;
	uint64_t epoch;
	pid_t pid;
	const struct keyring *keyring; /* what it gets for TLS; NULL: it speaks plain HTTP */
};

/* A STARTING child of the process with this pid; takes over control (non-blocking) and sends our
 * hello and what is on the keyring. hooks and keyring must outlive it. */
struct child *child_new(struct event_base *base, const struct child_identity *who, int control,
    const struct child_hooks *hooks);

/* Closes the control socket and frees; sends no signal. NULL is legal. */
void child_free(struct child *c);

/*
 * Hands over a connection: one record with a copy of fd, which stays the caller's. Only for a
 * READY child. 0, or -1 with errno: EAGAIN when its socket is full, ETOOMANYREFS when too many
 * descriptors are under way (unix(7)), EPIPE when it has just died.
 */
[[gnu::warn_unused_result]] int child_send_connection(
    struct child *c, const struct msg_connection *m, int fd);

/* The keyring holds other ticket keys, and with identity another certificate: sends them to a child
 * that takes connections or will. */
void child_send_keys(struct child *c, bool identity);

/* A round of heartbeat.h at now_ms: asks a child whether it is alive. One that has not answered for too
 * long is aborted, which leaves a core where the system keeps them, and killed if it does not die of
 * that; it is LOST then. */
void child_check(struct child *c, bool counts, uint64_t now_ms);

/*
 * Ends a child in good order: a READY one is told to finish within within_ms and is killed some
 * seconds after that; one that is DRAINING already, if it had longer, is told again; one that has
 * not started yet has nothing to finish and is killed; for the others nothing changes.
 */
void child_drain(struct child *c, uint32_t within_ms);

/* Logs why and kills it (SIGKILL): it is LOST until it is reaped. */
void child_kill(struct child *c, const char *why);

#endif
