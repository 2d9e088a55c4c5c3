#include "storaged/server/service.h"

#include <signal.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

static void
service_on_signal(evutil_socket_t signal_number, short what, void *arg)
{
	struct service *service = arg;

	(void)what;
	log_event(LOG_NOTICE, "store_stopping", L_INT("signal", (int64_t)signal_number));
	service->stopping = true;
}

void
service_start(struct service *service, int listener, const struct access *access)
{
	*service =
	    (struct service){.listener = listener, .access = access, .base = event_base_new()};
	must(service->base != NULL);
	service->term = evsignal_new(service->base, SIGTERM, service_on_signal, service);
	service->interrupt = evsignal_new(service->base, SIGINT, service_on_signal, service);
	must(service->term != NULL && service->interrupt != NULL);
	must(event_add(service->term, NULL) == 0 && event_add(service->interrupt, NULL) == 0);
	service_report_init(&service->report, service->base);
}

void
service_end(struct service *service)
{
	service_report_clear(&service->report);
	event_free(service->term);
	event_free(service->interrupt);
	event_base_free(service->base);
}
