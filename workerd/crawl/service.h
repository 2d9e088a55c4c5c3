/*
 * crawld's event loop, and its reports to the service manager.
 */
#ifndef WORKERD_CRAWL_SERVICE_H
#define WORKERD_CRAWL_SERVICE_H

#include "proto/settings/settings.h"

/* Crawls until SIGTERM or SIGINT. spawner: of the extraction pool, which takes it over. */
void crawl_service_run(const struct settings *settings, int spawner);

#endif
