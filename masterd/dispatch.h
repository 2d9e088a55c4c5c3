/*
 * Chooses the worker for each new connection.
 *
 * Of two ready workers drawn at random, the one with the smaller load gets it ("the power of two
 * choices": nearly as even as comparing all, and a worker that has just started is not flooded).
 * The load is the worker's connections, from the scoreboard, plus those sent to it that it has not
 * acknowledged yet.
 *
 * At most DISPATCH_IN_FLIGHT_MAX connections wait for one worker, and a worker that has missed a
 * heartbeat round gets none until it answers. If no worker can take a connection, there is no room:
 * listeners.c then stops accepting, and new connections queue in the kernel's backlog, where no
 * worker's death can lose them.
 *
 * If a worker dies after a connection was sent to it and before it took it, the connection is
 * reset. To avoid that, masterd would have to keep every connection open until it is acknowledged;
 * a client that retries costs less.
 */
#ifndef MASTERD_DISPATCH_H
#define MASTERD_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "masterd/worker.h"
#include "proto/base/socket_address.h"
#include "proto/ipc/scoreboard.h"

/* Connections sent to one worker that it has not acknowledged yet. */
#define DISPATCH_IN_FLIGHT_MAX 256

struct dispatch;

/* An accepted connection. */
struct arrival {
	int fd;
	struct socket_address from;
	bool loopback; /* its listener is on a loopback address, and expects no PROXY header */
	bool proxied;  /* it must begin with a PROXY header */
};

/* Calls room(ctx) whenever there may be room again. The scoreboard must outlive the result. */
struct dispatch *dispatch_new(
    struct event_base *base, struct scoreboard *scoreboard, void (*room)(void *ctx), void *ctx);

/* Closes a waiting connection. NULL is legal. */
void dispatch_free(struct dispatch *d);

/* Adds a ready worker; it gets connections until dispatch_remove(). */
void dispatch_add(struct dispatch *d, struct worker *w);

/* Removes a worker; harmless if it was not added. */
void dispatch_remove(struct dispatch *d, const struct worker *w);

/* Number of ready workers. */
size_t dispatch_workers(const struct dispatch *d);

/* A worker has acknowledged connections or answered a heartbeat: it may have room again. */
void dispatch_taken(struct dispatch *d, struct worker *w);

/* Whether a connection can be sent now; check before each accept(2). */
bool dispatch_has_room(const struct dispatch *d);

/* Sends a connection to a worker. Takes ownership of its descriptor and closes it when it is sent. If
 * every worker refuses it, the connection waits here, and there is no room until it is sent. */
void dispatch_give(struct dispatch *d, const struct arrival *arrival);

/* Closes a waiting connection, when accepting has ended. */
void dispatch_drop(struct dispatch *d);

#endif
