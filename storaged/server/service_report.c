/*
 * Status lines for `systemctl status`, and the watchdog timer.
 */
#include "storaged/server/service_report.h"

#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

static void
service_report_on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	const struct service_report *r = arg;

	(void)fd;
	(void)what;
	service_manager_send(&r->manager, "WATCHDOG=1");
}

void
service_report_init(struct service_report *r, struct event_base *base)
{
	struct timeval every;

	*r = (struct service_report){.writable = true};
	service_manager_open(&r->manager);
	every = clock_timeval(r->manager.watchdog_ms);
	r->watchdog = event_new(base, -1, EV_PERSIST, service_report_on_watchdog, r);
	must(r->watchdog != NULL);
	if (r->manager.watchdog_ms > 0)
		must(event_add(r->watchdog, &every) == 0);
}

void
service_report_ready(struct service_report *r)
{
	service_manager_send(&r->manager, "READY=1\nSTATUS=serving");
}

void
service_report_state(
    struct service_report *r, bool writable, bool damaged, size_t peers, size_t open_turns)
{
	char state[sizeof(r->state)];

	r->writable = writable;
	r->damaged = damaged;
	snprintf(state, sizeof(state), "STATUS=%sconnected: %zu, replies being written: %zu",
	    damaged        ? "WRITES ARE REFUSED: THE STORE IS DAMAGED; "
		: writable ? ""
			   : "WRITES ARE REFUSED (the log says why); ",
	    peers, open_turns);
	if (strcmp(state, r->state) == 0)
		return;
	strlcpy(r->state, state, sizeof(r->state));
	service_manager_send(&r->manager, state);
}

void
service_report_stopping(struct service_report *r)
{
	service_manager_send(&r->manager, "STOPPING=1\nSTATUS=stopping");
}

void
service_report_clear(struct service_report *r)
{
	event_free(r->watchdog);
	service_manager_close(&r->manager);
}
