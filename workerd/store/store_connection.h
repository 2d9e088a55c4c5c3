/*
 * One connection to storaged, from connect() to its end. It is up when storaged has answered a PING: a proxy without
 * a store behind it accepts connections as well, and a storaged that is not the owner greets.
 *
 * While nothing arrives, it sends a PING each second; without an answer it is silent: the machine at the other end
 * may be dead, or storaged waits for its disk. It stays open, because a storaged that continues would take its end
 * for the death of the worker; whoever owns it tries another connection meanwhile.
 *
 * The owner frees it after on_end, which is the last thing that it does; or at any time outside of its callbacks.
 */
#ifndef WORKERD_STORE_STORE_CONNECTION_H
#define WORKERD_STORE_STORE_CONNECTION_H

#include <event2/event.h>

#include "proto/ipc/channel.h"

#define STORE_PING_MS   1000 /* between the PINGs of a quiet connection */
#define STORE_SILENT_MS 3000 /* without an answer to a PING, when it is up */

struct store_connection;

struct store_connection_events {
	/* The first PING was answered. */
	void (*on_up)(struct store_connection *c, void *arg);
	/* A message after that, except for the answers to PINGs of the connection itself; borrowed. */
	void (*on_frame)(
	    struct store_connection *c, const struct frame *f, const union msg *m, void *arg);
	/* No answer to a PING in time. Of a connection that is not up, on_end comes in its place. */
	void (*on_silent)(struct store_connection *c, void *arg);
	/* Something arrived on a silent connection. */
	void (*on_heard)(struct store_connection *c, void *arg);
	/* It has ended; why is text for the log. */
	void (*on_end)(struct store_connection *c, const char *why, void *arg);
};

struct store_connection {
	const struct store_connection_events *events;
	void *arg;
	struct channel channel;
	struct event *readable, *writable, *tick;
	unsigned patience_ms;
	bool up;
	bool heard;         /* something arrived since the last tick */
	bool silent;        /* until something arrives */
	uint64_t pinged_ms; /* when the PING without an answer was sent; 0: there is none */
};

/* Connects to the socket at path; out_max limits what is queued; it ends if it is not up within patience_ms.
 * NULL with errno if it fails at once. */
[[gnu::warn_unused_result]] struct store_connection *store_connection_open(
    struct event_base *base, const char *path, enum role role, size_t out_max,
    unsigned patience_ms, const struct store_connection_events *events, void *arg);

/* NULL is legal. */
void store_connection_free(struct store_connection *c);

/* Writes what is queued in the channel. It may end. */
void store_connection_flush(struct store_connection *c);

#endif
