/*
 * Stop and reload of the whole service, each as one ordered sequence.
 *
 * SIGHUP reads everything from outside again and checks it before any of it is used:
 *
 *	settings       the environment of a process cannot change, but the files in
 *	               $CREDENTIALS_DIRECTORY can
 *	certificate    TLS_CERT and TLS_KEY; running workers get it at once, open connections keep
 *	               theirs
 *	workers        replaced one by one by new ones, which read the settings, the files they
 *	               serve, and their program again
 *
 * If anything is wrong, it is logged and nothing changes. A reload cuts no running reply: a replaced
 * worker may finish what it has (workers.h, renew_ms).
 */
#ifndef MASTERD_LIFECYCLE_H
#define MASTERD_LIFECYCLE_H

#include <stdbool.h>

#include "masterd/config.h"
#include "masterd/listeners.h"
#include "masterd/notify.h"
#include "masterd/tls_keys.h"
#include "masterd/workers.h"

/* Lives as long as the service. */
struct lifecycle {
	struct event_base *base;
	struct listeners *listeners;
	struct dispatch *dispatch;
	struct workers *workers;
	struct notify *notify;
	struct config *config;
	struct tls_keys *tls_keys; /* NULL: no TLS */
	bool stopping;
	const char *why; /* of the stop, static; set by lifecycle_stop(), as the next one */
	int status;      /* the exit status */
};

/*
 * why is a string literal. The first call stops the service: it will exit with status when every worker has exited, at the
 * latest some seconds after DRAIN_TIMEOUT_MS. A second call kills the remaining workers.
 */
void lifecycle_stop(struct lifecycle *l, const char *why, int status);

/* Every worker has exited (WORKERS_ALL_GONE): leaves the event loop. */
void lifecycle_stopped(struct lifecycle *l);

/* Starts a reload. The service manager is notified now, and of its end if it fails at once; otherwise
 * WORKERS_RELOADED reports the end. */
void lifecycle_reload(struct lifecycle *l);

#endif
