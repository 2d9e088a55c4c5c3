/*
 * Reports to the service manager (proto/base/service_manager.h): ready, status, watchdog. Does
 * nothing without a service manager.
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
	bool writable; /* as last reported, as the next one */
	bool damaged;
	char state[128]; /* the last STATUS= */
};

/* Connects to the service manager. If it has a watchdog, notifies it twice per period from the
 * event loop, so not while a commit hangs. */
void service_report_init(struct service_report *r, struct event_base *base);

/* The store is open and its socket is served. */
void service_report_ready(struct service_report *r);

/* Sets the status line of `systemctl status`; sends it if it changed. */
void service_report_state(
    struct service_report *r, bool writable, bool damaged, size_t peers, size_t open_turns);

/* The service is shutting down. */
void service_report_stopping(struct service_report *r);

void service_report_clear(struct service_report *r);

#endif
