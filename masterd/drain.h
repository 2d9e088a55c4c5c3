/*
 * The end of the service: stop accepting, let the workers finish within a bound, leave.
 */
#ifndef MASTERD_DRAIN_H
#define MASTERD_DRAIN_H

#include <stdbool.h>

#include "masterd/listeners.h"
#include "masterd/notify.h"
#include "masterd/workers.h"

/* Lives as long as the service. */
struct drain {
	struct event_base *base;
	struct listeners *listeners;
	struct dispatch *dispatch;
	struct workers *workers;
	struct notify *notify;
	bool begun;
	int status; /* what to exit with */
};

/*
 * The first call ends the service in good order: it will exit with status when every worker has
 * gone, at the latest some seconds after DRAIN_TIMEOUT_MS. A second call kills what is left.
 */
void drain(struct drain *d, const char *why, int status);

/* WORKERS_ALL_GONE has come: leaves the event loop. */
void drain_finished(struct drain *d);

#endif
