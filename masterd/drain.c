/*
 * The order of a stop. The listening sockets go first, so that a load balancer or a successor on
 * the same port takes the new connections while our workers finish the old ones.
 */
#include "masterd/drain.h"

#include "proto/base/log.h"

void
drain(struct drain *d, const char *why, int status)
{
	if (d->begun) {
		log_event(LOG_WARN, "stop_now", L_STR("why", why));
		workers_kill(d->workers);
		return;
	}
	d->begun = true;
	d->status = status;
	log_event(LOG_NOTICE, "stopping", L_STR("why", why));
	notify_stopping(d->notify);
	listeners_close(d->listeners);
	dispatch_drop(d->dispatch);
	workers_stop(d->workers);
}

void
drain_finished(struct drain *d)
{
	log_event(LOG_NOTICE, "stopped", L_INT("status", d->status));
	event_base_loopbreak(d->base);
}
