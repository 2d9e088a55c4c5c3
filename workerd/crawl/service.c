/*
 * The parts of the process and their order.
 */
#include "workerd/crawl/service.h"

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
#include "workerd/crawl/sources.h"

/* How often the status line is renewed, unless the watchdog wants it more often. */
#define REPORT_MS 2000

struct crawl_service {
	struct event_base *base;
	struct service_manager manager;
	struct sources *sources;
	struct store_client *store;
	struct event *term, *interrupt, *report;
	char state[160];
};

static void
crawl_service_on_stop(evutil_socket_t number, short what, void *arg)
{
	struct crawl_service *s = arg;

	(void)what;
	log_event(LOG_NOTICE, "crawl_stopping", L_INT("signal", (int64_t)number));
	must(event_base_loopbreak(s->base) == 0);
}

static void
crawl_service_on_report(evutil_socket_t fd, short what, void *arg)
{
	struct crawl_service *s = arg;
	char state[sizeof(s->state)];

	(void)fd;
	(void)what;
	service_manager_send(&s->manager, "WATCHDOG=1");
	snprintf(state, sizeof(state), "STATUS=sources: %zu; crawled now: %zu",
	    sources_count(s->sources), sources_crawls(s->sources));
	if (strcmp(state, s->state) == 0)
		return;
	strlcpy(s->state, state, sizeof(s->state));
	service_manager_send(&s->manager, state);
}

static void
crawl_service_start_events(struct crawl_service *s)
{
	uint64_t watchdog = s->manager.watchdog_ms;
	struct timeval every =
	    clock_timeval(watchdog > 0 && watchdog < REPORT_MS ? watchdog : REPORT_MS);

	s->term = evsignal_new(s->base, SIGTERM, crawl_service_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, crawl_service_on_stop, s);
	s->report = event_new(s->base, -1, EV_PERSIST, crawl_service_on_report, s);
	must(s->term != NULL && s->interrupt != NULL && s->report != NULL);
	must(event_add(s->term, NULL) == 0 && event_add(s->interrupt, NULL) == 0);
	must(event_add(s->report, &every) == 0);
}

static void
crawl_service_stop_events(struct crawl_service *s)
{
	event_free(s->term);
	event_free(s->interrupt);
	event_free(s->report);
}

/* Once per turn of the event loop, since the store's requests are written then. */
static void
crawl_service_loop(struct crawl_service *s)
{
	while (!event_base_got_break(s->base)) {
		must(event_base_loop(s->base, EVLOOP_ONCE) != -1);
		store_client_turn_end(s->store);
	}
}

void
crawl_service_run(const struct settings *settings, int spawner)
{
	struct crawl_service s = {.base = event_base_new()};
	struct fetch_engine *fetcher;
	struct crawl_tools tools;

	must(s.base != NULL);
	service_manager_open(&s.manager);
	crawl_service_start_events(&s);
	s.store = store_client_new_as(s.base, settings->store_socket, ROLE_CRAWL);
	fetcher = fetch_engine_new(s.base, &settings->crawl_allow);
	tools = (struct crawl_tools){
	    .base = s.base,
	    .store = s.store,
	    .hosts = hosts_new(s.base, fetcher, settings->crawl_delay_ms),
	    .extraction = extraction_pool_new(s.base, spawner),
	    .agent_url = settings->crawl_agent_url,
	    .turn_ms = settings->crawl_turn_ms,
	};
	tools.robots = robots_cache_new(tools.hosts);
	s.sources = sources_new(&tools);
	if (settings->syscall_filter)
		call_filter_start(CALLS_CRAWL);
	service_manager_send(&s.manager, "READY=1\nSTATUS=waiting for the store");
	crawl_service_loop(&s);
	service_manager_send(&s.manager, "STOPPING=1\nSTATUS=stopping");
	sources_free(s.sources);
	robots_cache_free(tools.robots);
	hosts_free(tools.hosts);
	fetch_engine_free(fetcher);
	extraction_pool_free(tools.extraction);
	store_client_free(s.store);
	crawl_service_stop_events(&s);
	service_manager_close(&s.manager);
	event_base_free(s.base);
}
