/*
 * One worker process as masterd sees it: its control socket, its state, and the deadline of that
 * state.
 *
 * A struct worker is created for a process that was just started and freed when that process has
 * been reaped; in between it belongs to workers.c. Each has its own control socket, closed with it,
 * so that a late message of a dead worker reaches nobody. The generation distinguishes workers with
 * the same number in the log.
 *
 *	STARTING --hello--> READY --worker_drain()--> DRAINING
 *	    any of them --invalid message, closed socket, deadline--> LOST
 *
 * All of them end with the death of the process, which workers.c learns from waitpid(2). A READY or
 * DRAINING worker that stops answering (heartbeat.h) is aborted.
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
	WORKER_READY,    /* gets connections */
	WORKER_DRAINING, /* finishes its connections, gets no new ones */
	WORKER_LOST,     /* killed, or its control socket is closed */
};

/* Messages that wait until the control socket has room; sent in this order. */
enum worker_pending {
	PENDING_TICKETS = 1,
	PENDING_CERTIFICATE = 2,
	PENDING_START = 4,
	PENDING_DRAIN = 8,
	PENDING_CHECK = 16,
};

struct worker;

/* A worker's callbacks to its owner. Neither may free the worker. */
struct worker_hooks {
	void (*changed)(struct worker *, void *ctx); /* it has entered another state */
	void (*taken)(struct worker *,
	    void *ctx); /* it may have room: it has acknowledged connections or a heartbeat, or
			 * got the messages that were pending */
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
	bool congested;          /* the last send of a connection failed (dispatch.c) */
	uint64_t drain_until_ms; /* DRAINING: clock_mono_ms() by which it should exit */
	struct heartbeat heartbeat;
	bool hung;        /* LOST because it hung */
	unsigned pending; /* set of enum worker_pending */
	int control;      /* -1: closed */
	struct buf out;
	struct event *readable;
	struct event *writable;
	struct event *deadline;
	const struct tls_keys *tls_keys;
	const struct worker_hooks *hooks;
};

/* Set by the caller of worker_new(). */
struct worker_config {
	unsigned number;
	uint64_t generation;
	uint64_t epoch;
	pid_t pid;
	const struct tls_keys *tls_keys; /* the keys it gets; NULL: plain HTTP */
};

/* A STARTING worker for the process with this pid. Takes ownership of control (non-blocking) and
 * sends our hello, the TLS keys and START, which the worker answers with its hello. hooks and
 * tls_keys must outlive it. */
struct worker *worker_new(struct event_base *base, const struct worker_config *who, int control,
    const struct worker_hooks *hooks);

/* Closes the control socket and frees; sends no signal. NULL is legal. */
void worker_free(struct worker *w);

/* Sends a connection: one record with a copy of fd, which the caller keeps. Only for a READY
 * worker. 0, or -1 with errno: EAGAIN (its socket is full, or its keys are still to be sent),
 * ETOOMANYREFS (too many descriptors in flight, unix(7)), EPIPE (it has just died). */
[[gnu::warn_unused_result]] int worker_send_connection(
    struct worker *w, const struct msg_connection *m, int fd);

/* Sends the current ticket keys, and the certificate if `certificate` is set, to a STARTING or
 * READY worker. */
void worker_send_keys(struct worker *w, bool certificate);

/* A heartbeat round at now_ms: checks whether the worker answers. A worker that has not answered
 * for too long is aborted, which leaves a core dump where the system keeps them, and killed if it
 * does not exit then; it becomes LOST. */
void worker_check(struct worker *w, bool counts, uint64_t now_ms);

/* Stops a worker gracefully. A READY one gets DRAIN with within_ms, and killed some
 * seconds after that; a DRAINING one gets the earlier deadline of both; a STARTING one has nothing
 * to finish and is killed; nothing changes for a LOST one. */
void worker_drain(struct worker *w, uint32_t within_ms);

/* Logs the reason and sends SIGKILL; the worker is LOST until it is reaped. */
void worker_kill(struct worker *w, const char *why);

#endif
