/*
 * The accepting of connections from the listening sockets.
 *
 * It pauses while no worker has room (dispatch.c says when it goes on) and, for a
 * tenth of a second at a time, while the system is out of descriptors or memory: the
 * connections then wait in the kernel's backlog, and the loop does not spin.
 */
#ifndef MASTERD_LISTENERS_H
#define MASTERD_LISTENERS_H

#include "masterd/dispatch.h"
#include "masterd/sockets.h"

struct listeners;

/* Without sockets, and not accepting. */
struct listeners *listeners_new(struct event_base *base);

/* Closes what listeners_close() has not. NULL is legal. */
void listeners_free(struct listeners *ls);

/* Takes the sockets over and empties the list. Only before listeners_start(). */
void listeners_add(struct listeners *ls, struct sockets *s, bool inherited);

/* Starts to accept, for d, which must outlive them. */
void listeners_start(struct listeners *ls, struct dispatch *d);

/* There may be room again for new connections. */
void listeners_resume(struct listeners *ls);

/*
 * Takes what is already connected, as far as there is room (at most DISPATCH_IN_FLIGHT_MAX for each
 * worker: none acknowledges any meanwhile), and closes the listening sockets, which resets the
 * rest. What waits on an inherited socket is left to the next owner of that socket.
 */
void listeners_close(struct listeners *ls);

#endif
