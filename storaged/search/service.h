/*
 * searchd's event loop, and its reports to the service manager.
 */
#ifndef STORAGED_SEARCH_SERVICE_H
#define STORAGED_SEARCH_SERVICE_H

#include "proto/access/access.h"
#include "proto/settings/settings.h"

/* Serves a listening, non-blocking socket (the caller closes it) until SIGTERM or SIGINT. */
void service_run(const struct settings *settings, const struct access *access, int listener);

#endif
