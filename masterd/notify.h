/*
 * Status messages to the service manager (proto/base/service_manager.h). Does nothing without one.
 */
#ifndef MASTERD_NOTIFY_H
#define MASTERD_NOTIFY_H

#include <stddef.h>

#include "masterd/loop.h"

struct notify;

/* If the manager has a watchdog, notifies it twice per watchdog period while the event loop
 * runs. */
struct notify *notify_new(struct event_base *base);

/* NULL is legal. */
void notify_free(struct notify *n);

/* The service accepts connections; also ends notify_reloading(). */
void notify_ready(struct notify *n);

/* A reload has started; the manager waits for notify_ready(). */
void notify_reloading(struct notify *n);

/* The service is stopping. */
void notify_stopping(struct notify *n);

/* Sets the text that `systemctl status` shows: how many workers are ready. */
void notify_workers(struct notify *n, size_t ready, size_t wanted);

#endif
