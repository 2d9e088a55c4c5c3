/*
 * SIGHUP: everything from outside is read anew, and checked before any of it is used.
 *
 *	settings       the environment of a process cannot change, but the files in
 *	               $CREDENTIALS_DIRECTORY can
 *	certificate    TLS_CERT and TLS_KEY; workers that run get it at once, connections that are
 *	               open keep theirs
 *	workers        replaced one by one by new ones, which read the settings, the files they
 *	               serve, and their program anew
 *
 * If anything is wrong, it is logged, and all stays as it was. No reply that runs is cut: a worker
 * that was replaced may finish what it has (workers.h, renew_ms).
 */
#ifndef MASTERD_RELOAD_H
#define MASTERD_RELOAD_H

#include "masterd/config.h"
#include "masterd/notify.h"
#include "masterd/tls_keys.h"
#include "masterd/workers.h"

/* Lives as long as the service. */
struct reload {
	struct config *config;
	struct tls_keys *tls_keys; /* NULL: no TLS */
	struct workers *workers;
	struct notify *notify;
};

/* Begins a reload; the manager hears of its beginning, and of its end if that is at once. */
void reload(struct reload *r);

#endif
