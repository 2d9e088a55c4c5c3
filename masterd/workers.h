/*
 * The prefork: as many workers as wanted, each in a seat, each replaced when it dies.
 *
 * Every worker has a number, which is its slot in the scoreboard, from its start until it has been
 * reaped. A seat whose worker died gets the next one after a pause that doubles from 100 ms to
 * 10 s while its workers die young, and starts again at 100 ms once one has lived for 10 s.
 *
 * All are asked now and then whether they are alive (heartbeat.h); one that does not answer is aborted,
 * and replaced like any that died.
 *
 * A reload renews the seats one after the other: the new worker is started beside the old one,
 * and when it is ready the old one drains. If any worker that was started since the reload began
 * dies before it is over, or cannot even be started, the reload is given up and the old ones that
 * are left serve on; so every reload ends, even when some seat's workers always crash. Those that
 * were replaced may finish what they have at their ease (renew_ms): nobody waits for them.
 */
#ifndef MASTERD_WORKERS_H
#define MASTERD_WORKERS_H

#include <stddef.h>
#include <stdint.h>

#include "masterd/dispatch.h"
#include "proto/ipc/scoreboard.h"

/* What whoever runs the service must know. */
enum workers_report {
	WORKERS_SERVING,  /* another number of workers is ready now */
	WORKERS_RELOADED, /* the reload is over, well or not (the log tells) */
	WORKERS_REFUSED, /* before any was ready one exited EX_CONFIG: more would do the same */
	WORKERS_ALL_GONE, /* after workers_stop(): none is left */
};

struct workers_config {
	struct event_base *base;
	struct dispatch *dispatch; /* gets the ready ones */
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	const char *program; /* workerd's path */
	size_t wanted;       /* 1 to SCOREBOARD_WORKERS_MAX */
	uint32_t
	    drain_ms; /* how long workers may finish what they have when the service stops */
	uint32_t renew_ms; /* the same for one that a reload has replaced */
	uint32_t hang_ms;  /* one that is silent for so long hangs (heartbeat.h); 0: never */
	const struct tls_keys
	    *tls_keys; /* what workers get for TLS; NULL: they speak plain HTTP */
	void (*report)(enum workers_report what, void *ctx);
	void *ctx;
};

struct workers;

/* Starts to watch for dead workers (SIGCHLD). What config points to must outlive it. */
struct workers *workers_new(const struct workers_config *config);

/* Kills and reaps those that are left. NULL is legal. */
void workers_free(struct workers *ws);

/* Starts a worker in every seat. */
void workers_start(struct workers *ws);

/* The tls_keys holds other ticket keys, and with certificate another certificate: every worker that
 * takes connections gets them. */
void workers_send_keys(struct workers *ws, bool certificate);

/* Renews every worker that runs now; during a reload, also those it has already renewed. */
void workers_reload(struct workers *ws);

/* Starts none any more and lets those that run drain; reports WORKERS_ALL_GONE at the end, maybe
 * before it returns. */
void workers_stop(struct workers *ws);

/* Kills all; for those who cannot wait for workers_stop(). */
void workers_kill(struct workers *ws);

#endif
