/*
 * Accepts connections from the listening sockets.
 *
 * Pauses while no worker has room (dispatch.c reports when there is room again) and, for a tenth of
 * a second at a time, while the system is out of descriptors or memory: connections then queue in
 * the kernel's backlog, and the loop does not spin.
 */
#ifndef MASTERD_LISTENERS_H
#define MASTERD_LISTENERS_H

#include "masterd/dispatch.h"
#include "masterd/sockets.h"

struct listeners;

/* Without sockets, not accepting. */
struct listeners *listeners_new(struct event_base *base);

/* Closes the sockets. NULL is legal. */
void listeners_free(struct listeners *ls);

/* Takes ownership of the sockets and empties the list. Call before listeners_start(). */
void listeners_add(struct listeners *ls, struct sockets *s);

/* Starts to accept connections for d, which must outlive the listeners. */
void listeners_start(struct listeners *ls, struct dispatch *d);

/* There may be room for new connections again. */
void listeners_resume(struct listeners *ls);

/* Accepts what is already connected, as far as there is room (at most DISPATCH_IN_FLIGHT_MAX for
 * each worker: no acknowledgement is read meanwhile), and closes the listening sockets, which
 * resets the rest. Connections queued on an inherited socket are left to its next owner. */
void listeners_close(struct listeners *ls);

#endif
