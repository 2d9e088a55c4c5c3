#include "masterd/lifecycle.h"

#include "proto/base/log.h"

/* The listening sockets close first, so that a load balancer or a successor on the same port takes
 * the new connections while our workers finish the old ones. */
void
lifecycle_stop(struct lifecycle *l, const char *why, int status)
{
	if (l->stopping) {
		log_event(LOG_WARN, "stop_now", L_STR("why", why));
		workers_kill(l->workers);
		return;
	}
	l->stopping = true;
	l->why = why;
	l->status = status;
	log_event(LOG_NOTICE, "stopping", L_STR("why", why));
	notify_stopping(l->notify);
	listeners_close(l->listeners);
	dispatch_drop(l->dispatch);
	workers_stop(l->workers);
}

void
lifecycle_stopped(struct lifecycle *l)
{
	/* The last line says why: that of "stopping" is above those of the workers that end. */
	log_event(LOG_NOTICE, "stopped", L_INT("status", l->status), L_STR("why", l->why));
	event_base_loopbreak(l->base);
}

/* Reads the new configuration: 0 if it may be used, else -1 (logged). */
static int
lifecycle_read_config(const struct lifecycle *l, struct config *fresh)
{
	if (config_read_again(fresh) == -1)
		return -1;
	if (certificate_is_empty(&fresh->certificate) == (l->tls_keys == NULL))
		return 0;
	log_event(LOG_ERROR, "settings_problem",
	    L_STR("text", "a reload cannot turn TLS on or off; restart the service"));
	config_clear(fresh);
	return -1;
}

static void
lifecycle_apply_config(struct lifecycle *l, struct config *fresh)
{
	if (l->tls_keys != NULL && tls_keys_replace(l->tls_keys, &fresh->certificate)) {
		workers_send_keys(l->workers, true);
		tls_keys_log(l->tls_keys);
	}
	config_clear(l->config);
	*l->config = *fresh;
	workers_reload(l->workers);
}

void
lifecycle_reload(struct lifecycle *l)
{
	struct config fresh;

	notify_reloading(l->notify);
	if (lifecycle_read_config(l, &fresh) == 0) {
		lifecycle_apply_config(l, &fresh);
	} else {
		log_event(LOG_ERROR, "reload_refused");
		notify_ready(l->notify);
	}
}
