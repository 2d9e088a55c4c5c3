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

struct service_report {
	struct service_manager manager;
	struct event *watchdog;
	bool writable;   /* as last reported */
	char state[128]; /* the last STATUS= */
};

/* If the manager has a watchdog, tells it twice in each of its periods that the loop turns: not
 * before the loop runs, and not while a commit hangs. */
void service_report_init(struct service_report *r, struct event_base *base);

/* The store is open and its socket served. */
void service_report_ready(struct service_report *r);

/* What `systemctl status` shows; sent when it is news. */
void service_report_state(
    struct service_report *r, bool writable, size_t peers, size_t open_turns);

/* The service is going down. */
void service_report_stopping(struct service_report *r);

void service_report_clear(struct service_report *r);

#endif
