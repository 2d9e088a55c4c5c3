/*
 * A worker's connection to masterd: receives client connections with their descriptors, TLS keys
 * and certificates, and the command to drain. Acknowledges connections once per loop turn, so that
 * masterd can bound the number in flight. Replies to masterd's check there too, which shows that
 * the loop runs.
 */
#ifndef WORKERD_CONTROL_H
#define WORKERD_CONTROL_H

#include <event2/event.h>

#include "proto/ipc/messages.h"

/* Connections that masterd sends before the first is acknowledged, at most. */
#define CONTROL_UNTAKEN_MAX 256

struct control;

struct control_events {
	/* A client connection; the callee owns fd (non-blocking, close-on-exec). */
	void (*connection)(void *arg, int fd, const struct msg_connection *from);
	/* Drain within this time; if called again, the earlier end counts. */
	void (*drain)(void *arg, unsigned within_ms);
	/* New session ticket keys, of the sizes in messages.h. */
	void (*ticket_keys)(void *arg, const struct msg_ticket_keys *keys);
	/* New connections speak TLS with this certificate. */
	void (*tls_certificate)(void *arg, const struct msg_tls_certificate *certificate);
	/* masterd closed the connection or sent an invalid message: the last event. */
	void (*lost)(void *arg);
};

/* Takes over the SOCK_SEQPACKET socket. After the first TLS keys, masterd sends START; our hello
 * answers it, and connections follow. */
struct control *control_new(
    struct event_base *base, int fd, const struct control_events *events, void *arg);
void control_free(struct control *c);

/* While held, connections are not acknowledged: masterd sends at most CONTROL_UNTAKEN_MAX more to
 * this worker, and the rest to others. */
void control_hold(struct control *c, bool hold);

/* To be called at the end of each loop turn: acknowledges new connections, and replies to masterd's
 * check. */
void control_turn_end(struct control *c);

#endif
