/*
 * The order of a reload: look, check, give out the keys, renew the workers.
 */
#include "masterd/reload.h"

#include "proto/base/log.h"

/* What was read anew, if it may be used; else -1 (logged). */
static int
read_fresh(const struct reload *r, struct config *fresh)
{
	if (config_read_again(fresh) == -1)
		return -1;
	if (identity_is_empty(&fresh->identity) == (r->keyring == NULL))
		return 0;
	log_event(LOG_ERROR, "settings_problem",
	    L_STR("text", "TLS is turned on or off by a restart only"));
	config_clear(fresh);
	return -1;
}

static void
use(struct reload *r, struct config *fresh)
{
	if (r->keyring != NULL && keyring_replace(r->keyring, &fresh->identity)) {
		children_send_keys(r->children, true);
		keyring_log(r->keyring);
	}
	config_clear(r->config);
	*r->config = *fresh;
	children_reload(r->children);
}

void
reload(struct reload *r)
{
	struct config fresh;

	notify_reloading(r->notify);
	if (read_fresh(r, &fresh) == 0) {
		use(r, &fresh);
	} else {
		log_event(LOG_ERROR, "reload_refused");
		notify_ready(r->notify);
	}
}
