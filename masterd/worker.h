/*
 * One worker process, seen from its parent: its control socket, its state, and how long it may
 * stay in that state.
 *
 * A worker is made for a process just started and freed when that process has been reaped; in
 * between it belongs to workers.c. Each has a control socket of its own, closed with it, so
 * that a late report of a dead worker reaches nobody; its generation tells it in the log from
 * those that had its number before.
 *
 *	STARTING --hello--> READY --worker_drain()--> DRAINING
 *	    any of them --garbage, closed socket, deadline--> LOST
 *
 * All of them end by the death of the process, which workers.c learns from waitpid(2). One that is
 * READY or DRAINING and does not answer any more (heartbeat.h) is aborted.
 */
#ifndef MASTERD_WORKER_H
#define MASTERD_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "masterd/heartbeat.h"
#include "masterd/loop.h"
#include "masterd/tls_keys.h"
#include "proto/ipc/messages.h"

enum worker_state {
	WORKER_STARTING, /* no hello yet */
	WORKER_READY,    /* takes connections */
	WORKER_DRAINING, /* finishes what it has, gets nothing new */
	WORKER_LOST,     /* killed, or gone deaf and about to be */
};

/* What a worker may have to be told later, because its socket is full; in this order. */
enum worker_pending {
	PENDING_TICKETS = 1,
	PENDING_CERTIFICATE = 2,
	PENDING_DRAIN = 4,
	PENDING_CHECK = 8,
};

struct worker;

/* What a worker tells its owner. Neither may free the worker. */
struct worker_hooks {
	void (*changed)(struct worker *, void *ctx); /* it has entered another state */
	void (*taken)(struct worker *, void *ctx);   /* it has acknowledged connections, or that
						       it is alive: it may have room again */
	void *ctx;
};

struct worker {
	unsigned number;     /* its slot in the scoreboard */
	uint64_t generation; /* counts up over all workers; never used twice */
	uint64_t epoch;      /* the reload it was started under (workers.c) */
	pid_t pid;
	uint64_t started_ms; /* clock_mono_ms() */
	bool was_ready;
	bool leaving; /* worker_drain() has been called */
	enum worker_state state;
	uint32_t in_flight;      /* connections sent and not yet acknowledged */
	bool congested;          /* the last send failed (dispatch.c) */
	uint64_t drain_until_ms; /* DRAINING: clock_mono_ms() when it should be done */
	struct heartbeat heartbeat;
	bool hung;        /* and is LOST for it */
	unsigned pending; /* set of enum worker_pending */
	int control;      /* -1: closed */
	struct buf out;
	struct event *readable;
	struct event *writable;
	struct event *deadline;
	const struct tls_keys *tls_keys;
	const struct worker_hooks *hooks;
};

/* Who it is; the rest is set by worker_new(). */
struct worker_config {
	unsigned number;
	uint64_t generation;
	uint64_t epoch;
	pid_t pid;
	const struct tls_keys *tls_keys; /* what it gets for TLS; NULL: it speaks plain HTTP */
};

/* A STARTING worker of the process with this pid; takes over control (non-blocking) and sends our
 * hello and what is on the tls_keys. hooks and tls_keys must outlive it. */
struct worker *worker_new(struct event_base *base, const struct worker_config *who, int control,
    const struct worker_hooks *hooks);

/* Closes the control socket and frees; sends no signal. NULL is legal. */
void worker_free(struct worker *w);

/*
 * Hands over a connection: one record with a copy of fd, which stays the caller's. Only for a
 * READY worker. 0, or -1 with errno: EAGAIN when its socket is full, ETOOMANYREFS when too many
 * descriptors are under way (unix(7)), EPIPE when it has just died.
 */
[[gnu::warn_unused_result]] int worker_send_connection(
    struct worker *w, const struct msg_connection *m, int fd);

/* The tls_keys holds other ticket keys, and with certificate another certificate: sends them to a worker
 * that takes connections or will. */
void worker_send_keys(struct worker *w, bool certificate);

/* A round of heartbeat.h at now_ms: asks a worker whether it is alive. One that has not answered for too
 * long is aborted, which leaves a core where the system keeps them, and killed if it does not die of
 * that; it is LOST then. */
void worker_check(struct worker *w, bool counts, uint64_t now_ms);

/*
 * Ends a worker in good order: a READY one is told to finish within within_ms and is killed some
 * seconds after that; one that is DRAINING already, if it had longer, is told again; one that has
 * not started yet has nothing to finish and is killed; for the others nothing changes.
 */
void worker_drain(struct worker *w, uint32_t within_ms);

/* Logs why and kills it (SIGKILL): it is LOST until it is reaped. */
void worker_kill(struct worker *w, const char *why);

#endif
