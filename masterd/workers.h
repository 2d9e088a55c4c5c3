/*
 * Keeps the wanted number of workers running, each in a seat, and replaces each one that dies.
 *
 * Every worker has a number, its slot in the scoreboard, from its start until it has been reaped.
 * When a worker dies, its seat gets a new one after a pause that doubles from 100 ms to 10 s while
 * its workers die early, and restarts at 100 ms once one has run for 10 s.
 *
 * Workers that stop answering heartbeats (heartbeat.h) are aborted, and replaced like any that
 * died.
 *
 * A reload replaces the seats' workers one after the other: the new worker is started beside the
 * old one, and when it is ready the old one drains. If a worker started since the reload began dies
 * before the reload is over, or cannot be started, the reload ends and the remaining old workers
 * continue; so every reload ends, even if some seat's workers always crash. Replaced workers get a
 * long time to finish (renew_ms), as nothing waits for them.
 */
#ifndef MASTERD_WORKERS_H
#define MASTERD_WORKERS_H

#include <stddef.h>
#include <stdint.h>

#include "masterd/dispatch.h"
#include "proto/ipc/scoreboard.h"

/* Events for the owner. */
enum workers_report {
	WORKERS_SERVING,  /* the number of ready workers has changed */
	WORKERS_RELOADED, /* the reload has ended, with or without success (see the log) */
	WORKERS_REFUSED, /* one exited with EX_CONFIG before any was ready: the others would, too */
	WORKERS_ALL_GONE, /* after workers_stop(): all have exited */
};

struct workers_config {
	struct event_base *base;
	struct dispatch *dispatch; /* gets the ready workers */
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	const char *program; /* workerd's path */
	size_t wanted;       /* 1 to SCOREBOARD_WORKERS_MAX */
	uint32_t drain_ms;   /* how long workers may finish when the service stops */
	uint32_t renew_ms;   /* the same for one that a reload has replaced */
	uint32_t hang_ms;    /* silence after which a worker hangs (heartbeat.h); 0: never */
	const struct tls_keys *tls_keys; /* the keys of the workers; NULL: plain HTTP */
	void (*report)(enum workers_report what, void *ctx);
	void *ctx;
};

struct workers;

/* Starts to watch for dead workers (SIGCHLD). The objects in config must outlive the result. */
struct workers *workers_new(const struct workers_config *config);

/* Kills and reaps the remaining workers. NULL is legal. */
void workers_free(struct workers *ws);

/* Starts a worker in every seat. */
void workers_start(struct workers *ws);

/* Sends the current ticket keys, and the certificate if `certificate` is set, to every worker that
 * gets connections. */
void workers_send_keys(struct workers *ws, bool certificate);

/* Replaces every worker that runs now; during a reload, also those that it has already replaced. */
void workers_reload(struct workers *ws);

/* Starts no more workers and drains the running ones. Reports WORKERS_ALL_GONE at the end, possibly
 * before it returns. */
void workers_stop(struct workers *ws);

/* Kills all workers immediately. */
void workers_kill(struct workers *ws);

#endif
