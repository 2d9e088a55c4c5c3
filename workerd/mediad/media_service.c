/*
 * After a signal, it ends at once: pictures that are under way are checked again after the next start.
 */
#include "workerd/mediad/media_service.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>
#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/service_manager.h"
#include "proto/process/call_filter.h"
#include "workerd/mediad/pictures.h"

/* How often the status line is renewed, unless the watchdog wants it more often. */
#define REPORT_MS 2000

struct media_service {
	struct event_base *base;
	struct service_manager manager;
	struct store_client *store;
	struct pictures *pictures;
	struct event *term, *interrupt, *report;
	bool stopping;
	char state[160];
};

static void
media_service_on_stop(evutil_socket_t number, short what, void *arg)
{
	struct media_service *s = arg;

	(void)what;
	log_event(LOG_NOTICE, "media_stopping", L_INT("signal", (int64_t)number),
	    L_UINT("under_way", pictures_under_way(s->pictures)));
	s->stopping = true;
}

static void
media_service_on_report(evutil_socket_t fd, short what, void *arg)
{
	struct media_service *s = arg;
	char state[sizeof(s->state)];

	(void)fd;
	(void)what;
	service_manager_send(&s->manager, "WATCHDOG=1");
	snprintf(state, sizeof(state), "STATUS=pictures checked: %" PRIu64 "; under way: %zu",
	    pictures_checked(s->pictures), pictures_under_way(s->pictures));
	if (strcmp(state, s->state) == 0)
		return;
	strlcpy(s->state, state, sizeof(s->state));
	service_manager_send(&s->manager, state);
}

static void
media_service_start_events(struct media_service *s)
{
	uint64_t watchdog = s->manager.watchdog_ms;
	struct timeval every =
	    clock_timeval(watchdog > 0 && watchdog < REPORT_MS ? watchdog : REPORT_MS);

	s->term = evsignal_new(s->base, SIGTERM, media_service_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, media_service_on_stop, s);
	s->report = event_new(s->base, -1, EV_PERSIST, media_service_on_report, s);
	must(s->term != NULL && s->interrupt != NULL && s->report != NULL);
	must(event_add(s->term, NULL) == 0 && event_add(s->interrupt, NULL) == 0);
	must(event_add(s->report, &every) == 0);
}

static void
media_service_stop_events(struct media_service *s)
{
	event_free(s->term);
	event_free(s->interrupt);
	event_free(s->report);
}

/* Once per turn of the event loop, since the store's requests are written then. */
static void
media_service_loop(struct media_service *s)
{
	while (!s->stopping) {
		must(event_base_loop(s->base, EVLOOP_ONCE) != -1);
		store_client_turn_end(s->store);
	}
}

void
media_service_run(const struct settings *settings, int spawner)
{
	struct media_service s = {.base = event_base_new()};
	struct conversions *conversions;

	must(s.base != NULL);
	service_manager_open(&s.manager);
	media_service_start_events(&s);
	conversions = conversions_new(s.base, spawner);
	s.store = store_client_new_as(s.base, settings->store_socket, ROLE_MEDIA);
	s.pictures = pictures_new(s.base, s.store, conversions);
	if (settings->syscall_filter)
		call_filter_start(CALLS_MEDIAD);
	service_manager_send(&s.manager, "READY=1\nSTATUS=waiting for the store");
	media_service_loop(&s);
	service_manager_send(&s.manager, "STOPPING=1\nSTATUS=stopping");
	pictures_free(s.pictures);
	store_client_free(s.store);
	conversions_free(conversions);
	media_service_stop_events(&s);
	service_manager_close(&s.manager);
	event_base_free(s.base);
}
