/*
 * What storaged says to the service manager (proto/base/service_manager.h): when it is ready, how it is, that
 * its loop turns. Without a manager all of it does nothing.
 */
#ifndef STORAGED_SERVER_SERVICE_REPORT_H
#define STORAGED_SERVER_SERVICE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>

#include "proto/base/service_manager.h"

struct report {
	struct service_manager manager;
	struct event *watchdog;
	bool writable;   /* as last reported */
	char state[128]; /* the last STATUS= */
};

/* If the manager has a watchdog, tells it twice in each of its periods that the loop turns: not
 * before the loop runs, and not while a commit hangs. */
void report_init(struct report *r, struct event_base *base);

/* The store is open and its socket served. */
void report_ready(struct report *r);

/* What `systemctl status` shows; sent when it is news. */
void report_state(struct report *r, bool writable, size_t peers, size_t open_turns);

/* The service is going down. */
void report_stopping(struct report *r);

void report_clear(struct report *r);

#endif
