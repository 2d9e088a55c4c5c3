/*
 * Telling the service manager how we are: the datagrams of sd_notify(3), written by hand, since
 * they are a handful of lines and libsystemd would be a library in every start of every process.
 * Without NOTIFY_SOCKET all of it does nothing.
 */
#ifndef MASTERD_NOTIFY_H
#define MASTERD_NOTIFY_H

#include <stddef.h>

#include "masterd/loop.h"

struct notify;

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment, so
 * that no worker speaks in our name. If the manager has a watchdog, tells it twice in each of
 * its periods that the loop turns (sd_watchdog_enabled(3)).
 */
struct notify *notify_new(struct event_base *base);

/* NULL is legal. */
void notify_free(struct notify *n);

/* The service takes connections; also ends notify_reloading(). */
void notify_ready(struct notify *n);

/* A reload has begun; the manager waits for notify_ready(). */
void notify_reloading(struct notify *n);

/* The service is going down. */
void notify_stopping(struct notify *n);

/* What `systemctl status` shows: so many workers are ready. */
void notify_workers(struct notify *n, size_t ready, size_t wanted);

#endif
