/*
 * Which worker gets the next connection.
 *
 * Of two ready workers drawn at random the one with less to do gets it ("the power of two choices":
 * nearly as even as asking all, and a worker that has just started is not flooded by everyone at
 * once). What a worker has to do is its connections, by the scoreboard, and those sent to
 * it that it has not acknowledged yet.
 *
 * At most DISPATCH_IN_FLIGHT_MAX connections wait for one worker, and one that has been silent for a
 * round of heartbeat.h gets none before it answers. When all workers are that far behind, or none is
 * ready, there is no room: listeners.c then stops accepting, and the connections wait in the kernel's
 * backlog, where they cost nothing and are lost with no worker.
 *
 * A connection whose worker dies after it was sent and before it was taken dies with that worker's
 * socket: the client sees a reset. To get it back masterd would have to keep every connection
 * open until it is acknowledged; a client that retries costs less.
 */
#ifndef MASTERD_DISPATCH_H
#define MASTERD_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "masterd/worker.h"
#include "proto/base/socket_address.h"
#include "proto/ipc/scoreboard.h"

/* Connections sent to one worker that it has not yet acknowledged. */
#define DISPATCH_IN_FLIGHT_MAX 256

struct dispatch;

/* The scoreboard must outlive it. room(ctx) is called whenever there may be room again. */
struct dispatch *dispatch_new(
    struct event_base *base, struct scoreboard *scoreboard, void (*room)(void *ctx), void *ctx);

/* Closes a connection that still waits. NULL is legal. */
void dispatch_free(struct dispatch *d);

/* A worker is ready; it may be given connections until dispatch_remove(). */
void dispatch_add(struct dispatch *d, struct worker *w);

/* No more connections for this worker; harmless for one that is not there. */
void dispatch_remove(struct dispatch *d, const struct worker *w);

/* How many workers are ready. */
size_t dispatch_workers(const struct dispatch *d);

/* A worker has acknowledged connections, or is not silent any more: it may have room again. */
void dispatch_taken(struct dispatch *d, struct worker *w);

/* Whether a connection can be given away now; ask before each accept(2). */
bool dispatch_has_room(const struct dispatch *d);

/*
 * Gives a connection from that address to a worker; loopback tells that it came by a listener that
 * only this machine can reach. fd is taken over in any case: it is closed here once it is sent. If every
 * worker refuses it after all, it waits here, and there is no room until it has gone.
 */
void dispatch_give(
    struct dispatch *d, int fd, const struct socket_address *from, bool loopback);

/* Accepting is over: closes a connection that still waits. */
void dispatch_drop(struct dispatch *d);

#endif
