/*
 * An HTTP exchange that listens to a reply: what ties it to the turn's listener, so that whichever
 * ends first lets go of the other.
 *
 *	chat_send.c     POST: a message, and its whole reply
 *	chat_stream.c   the reply as it comes, as NDJSON or server-sent events
 *	chat_resume.c   GET: the same reply again, from any place on
 *	chat_stop.c     POST: the reply is to end
 *
 * A sink that needs more of its own puts it behind a struct chat_listener at the front of its struct.
 */
#ifndef WORKERD_API_CHAT_CHAT_LISTENER_H
#define WORKERD_API_CHAT_CHAT_LISTENER_H

#include "workerd/api/request/api_call.h"
#include "workerd/turn/turn.h"

struct chat_listener {
	struct api *api;
	struct http_exchange *x;
	struct turn_listener *turn;
	/* What is left to be done when it ends, however; may be NULL. */
	void (*on_end)(struct chat_listener *l);
};

/* One of size bytes, the rest of them zero. */
void *chat_listener_new(const struct api_call *c, size_t size);

/* It listens from now on; it is what the sink is called with. turn NULL: too much is under way; that
 * is answered, and the listener gone. */
void chat_listener_start(struct chat_listener *l, struct turn_listener *turn);

/* The turn has ended, or was left: the listener is gone, the exchange the caller's to end. */
struct http_exchange *chat_listener_done(struct chat_listener *l);

#endif
