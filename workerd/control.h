/*
 * A worker's line to masterd: connections come in, with their descriptors; before them the keys of
 * TLS; the word to drain too.
 * What was taken over is acknowledged once per loop turn, so that masterd can bound what is on
 * its way. Asked whether the loop turns, it answers there too: only a loop that does gets so far.
 */
#ifndef WORKERD_CONTROL_H
#define WORKERD_CONTROL_H

#include <event2/event.h>

#include "proto/ipc/messages.h"

/* Connections that masterd sends at most before the first of them is acknowledged. */
#define CONTROL_UNTAKEN_MAX 256

struct control;

struct control_events {
	/* A connection; the callee owns fd from now on (non-blocking, close-on-exec). */
	void (*connection)(void *arg, int fd, const struct msg_connection *from);
	/* Finish within so many milliseconds; said again, the earlier end counts. */
	void (*drain)(void *arg, unsigned within_ms);
	/* New keys of session tickets, each of the size that messages.h says. */
	void (*ticket_keys)(void *arg, const struct msg_ticket_keys *keys);
	/* From now on connections speak TLS. */
	void (*tls_certificate)(void *arg, const struct msg_tls_certificate *certificate);
	/* masterd is gone, or says what is no message: nothing will come any more. */
	void (*lost)(void *arg);
};

/* Takes over the SOCK_SEQPACKET socket and says hello: from now on connections come. */
struct control *control_new(
    struct event_base *base, int fd, const struct control_events *events, void *arg);
void control_free(struct control *c);

/* While held, what was taken is not acknowledged: masterd then sends no more than
 * CONTROL_UNTAKEN_MAX further connections here and gives the rest to others. */
void control_hold(struct control *c, bool hold);

/* Once per loop turn, at its end: acknowledges what was taken over in it, and tells masterd, if it has
 * asked, that the loop turns. */
void control_turn_end(struct control *c);

#endif
