#include "masterd/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/service_manager.h"

struct notify {
	struct service_manager manager;
	struct event *watchdog;
};

void
notify_ready(struct notify *n)
{
	service_manager_send(&n->manager, "READY=1");
}

/* With the time the manager can tell this reload from an older one. */
void
notify_reloading(struct notify *n)
{
	char text[64];

	snprintf(
	    text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
	service_manager_send(&n->manager, text);
}

void
notify_stopping(struct notify *n)
{
	service_manager_send(&n->manager, "STOPPING=1\nSTATUS=finishing running replies");
}

void
notify_workers(struct notify *n, size_t ready, size_t wanted)
{
	char text[64];

	snprintf(text, sizeof(text), "STATUS=%zu of %zu workers ready", ready, wanted);
	service_manager_send(&n->manager, text);
}

static void
notify_on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct notify *n = arg;

	(void)fd, (void)what;
	service_manager_send(&n->manager, "WATCHDOG=1");
	loop_after(n->watchdog, n->manager.watchdog_ms);
}

struct notify *
notify_new(struct event_base *base)
{
	struct notify *n = xcalloc(1, sizeof(*n));

	service_manager_open(&n->manager);
	n->watchdog = loop_timer(base, notify_on_watchdog, n);
	if (n->manager.watchdog_ms > 0)
		loop_after(n->watchdog, n->manager.watchdog_ms);
	return n;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	loop_free(&n->watchdog);
	service_manager_close(&n->manager);
	free(n);
}
