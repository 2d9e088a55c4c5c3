#include "storaged/server/service.h"

#include "proto/base/basics.h"

void
service_start(struct service *service, int listener, const struct access *access)
{
	*service =
	    (struct service){.listener = listener, .access = access, .base = event_base_new()};
	must(service->base != NULL);
	service_report_init(&service->report, service->base);
}

void
service_end(struct service *service)
{
	service_report_clear(&service->report);
	event_base_free(service->base);
}
