/*
 * What lasts as long as the process, whether it is the owner of the store or a standby: the socket, the event
 * loop, the connection to the service manager, and the end by SIGTERM or SIGINT.
 */
#ifndef STORAGED_SERVER_SERVICE_H
#define STORAGED_SERVER_SERVICE_H

#include "proto/access/access.h"
#include "storaged/server/service_report.h"

struct service {
	int listener; /* non-blocking; the caller closes it */
	const struct access *access;
	struct event_base *base;
	/* They stay while the role changes: a signal that comes meanwhile is handled by the next event loop. */
	struct event *term, *interrupt;
	struct service_report report;
	bool stopping; /* one of the signals has come */
};

/* To be called before the filter of system calls begins. */
void service_start(struct service *service, int listener, const struct access *access);
void service_end(struct service *service);

#endif
