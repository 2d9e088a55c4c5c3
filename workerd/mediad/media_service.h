/*
 * mediad's event loop, and its reports to the service manager.
 */
#ifndef WORKERD_MEDIAD_MEDIA_SERVICE_H
#define WORKERD_MEDIAD_MEDIA_SERVICE_H

#include "proto/settings/settings.h"

/* Checks pictures until SIGTERM or SIGINT. Takes the spawner of conversions.h. */
void media_service_run(const struct settings *settings, int spawner);

#endif
