/*
 * The order of a reload: look, check, give out the keys, renew the workers.
 */
#include "masterd/reload.h"

#include "proto/base/log.h"

/* What was read anew, if it may be used; else -1 (logged). */
static int
reload_read(const struct reload *r, struct config *fresh)
{
	if (config_read_again(fresh) == -1)
		return -1;
	if (certificate_is_empty(&fresh->certificate) == (r->tls_keys == NULL))
		return 0;
	log_event(LOG_ERROR, "settings_problem",
	    L_STR("text", "TLS is turned on or off by a restart only"));
	config_clear(fresh);
	return -1;
}

static void
reload_apply(struct reload *r, struct config *fresh)
{
	if (r->tls_keys != NULL && tls_keys_replace(r->tls_keys, &fresh->certificate)) {
		workers_send_keys(r->workers, true);
		tls_keys_log(r->tls_keys);
	}
	config_clear(r->config);
	*r->config = *fresh;
	workers_reload(r->workers);
}

void
reload(struct reload *r)
{
	struct config fresh;

	notify_reloading(r->notify);
	if (reload_read(r, &fresh) == 0) {
		reload_apply(r, &fresh);
	} else {
		log_event(LOG_ERROR, "reload_refused");
		notify_ready(r->notify);
	}
}
