/*
 * maild's event loop, and its reports to the service manager.
 */
#ifndef WORKERD_MAILD_MAIL_SERVICE_H
#define WORKERD_MAILD_MAIL_SERVICE_H

#include "proto/settings/settings.h"

/* Sends until SIGTERM or SIGINT. folder: as in mails.h. */
void mail_service_run(const struct settings *settings, int folder);

#endif
