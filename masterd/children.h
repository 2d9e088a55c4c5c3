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
#ifndef MASTERD_CHILDREN_H
#define MASTERD_CHILDREN_H

#include <stddef.h>
#include <stdint.h>

#include "masterd/dispatch.h"
#include "proto/ipc/scoreboard.h"

/* What whoever runs the service must know. */
enum children_report {
	CHILDREN_SERVING,  /* another number of workers is ready now */
	CHILDREN_RELOADED, /* the reload is over, well or not (the log tells) */
	CHILDREN_REFUSED, /* before any was ready one exited EX_CONFIG: more would do the same */
	CHILDREN_ALL_GONE, /* after children_stop(): none is left */
};

struct children_config {
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
	const struct keyring
	    *keyring; /* what workers get for TLS; NULL: they speak plain HTTP */
	void (*report)(enum children_report what, void *ctx);
	void *ctx;
};

struct children;

/* Starts to watch for dead children (SIGCHLD). What config points to must outlive it. */
struct children *children_new(const struct children_config *config);

/* Kills and reaps those that are left. NULL is legal. */
void children_free(struct children *ch);

/* Starts a worker in every seat. */
void children_start(struct children *ch);

/* The keyring holds other ticket keys, and with identity another certificate: every worker that
 * takes connections gets them. */
void children_send_keys(struct children *ch, bool identity);

/* Renews every worker that runs now; during a reload, also those it has already renewed. */
void children_reload(struct children *ch);

/* Starts none any more and lets those that run drain; reports CHILDREN_ALL_GONE at the end, maybe
 * before it returns. */
void children_stop(struct children *ch);

/* Kills all; for those who cannot wait for children_stop(). */
void children_kill(struct children *ch);

#endif
