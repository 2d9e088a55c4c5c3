/*
 * Telling the service manager how we are (proto/base/service_manager.h). Without one all of it does nothing.
 */
#ifndef MASTERD_NOTIFY_H
#define MASTERD_NOTIFY_H

#include <stddef.h>

#include "masterd/loop.h"

struct notify;

/* If the manager has a watchdog, tells it twice in each of its periods that the loop turns. */
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
