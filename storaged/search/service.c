/*
 * The parts of the process and their order.
 */
#include "storaged/search/service.h"

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
#include "storaged/search/searchers.h"

/* How often the status line is renewed, unless the watchdog wants it more often. */
#define REPORT_MS 2000

struct service {
	struct event_base *base;
	struct service_manager manager;
	struct followers followers;
	struct event *term, *interrupt, *report;
	char state[160];
};

static void
service_on_stop(evutil_socket_t number, short what, void *arg)
{
	struct service *s = arg;

	(void)what;
	log_event(LOG_NOTICE, "search_stopping", L_INT("signal", (int64_t)number));
	must(event_base_loopbreak(s->base) == 0);
}

static void
service_send_state(struct service *s)
{
	struct msg_search_status status;
	char state[sizeof(s->state)];

	follower_status(s->followers.inbox, &status);
	content_follower_status(s->followers.content, &status);
	snprintf(state, sizeof(state), "STATUS=%.*s%sdocuments: %llu, passages: %llu",
	    (int)status.reason.len, (const char *)status.reason.p, status.ready ? "" : "; ",
	    (unsigned long long)status.documents, (unsigned long long)status.passages);
	if (strcmp(state, s->state) == 0)
		return;
	strlcpy(s->state, state, sizeof(s->state));
	service_manager_send(&s->manager, state);
}

static void
service_on_report(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;

	(void)fd;
	(void)what;
	service_manager_send(&s->manager, "WATCHDOG=1");
	service_send_state(s);
}

static void
service_start_events(struct service *s)
{
	uint64_t watchdog = s->manager.watchdog_ms;
	struct timeval every =
	    clock_timeval(watchdog > 0 && watchdog < REPORT_MS ? watchdog : REPORT_MS);

	s->term = evsignal_new(s->base, SIGTERM, service_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, service_on_stop, s);
	s->report = event_new(s->base, -1, EV_PERSIST, service_on_report, s);
	must(s->term != NULL && s->interrupt != NULL && s->report != NULL);
	must(event_add(s->term, NULL) == 0 && event_add(s->interrupt, NULL) == 0);
	must(event_add(s->report, &every) == 0);
}

static void
service_stop_events(struct service *s)
{
	event_free(s->term);
	event_free(s->interrupt);
	event_free(s->report);
}

void
service_run(const struct settings *settings, const struct access *access, int listener)
{
	struct service s = {.base = event_base_new()};
	struct searchers *searchers;

	must(s.base != NULL);
	service_manager_open(&s.manager);
	service_start_events(&s);
	s.followers.inbox = follower_new(
	    s.base, settings->store_socket, settings->search_dir, settings->search_compare_ms);
	s.followers.content =
	    content_follower_new(s.base, settings->store_socket, settings->search_dir,
		settings->search_compare_ms, settings->search_vectors_max_bytes);
	searchers = searchers_new(s.base, listener, access, &s.followers);
	if (settings->syscall_filter)
		call_filter_start(CALLS_SEARCH);
	service_manager_send(&s.manager, "READY=1\nSTATUS=serving");
	must(event_base_dispatch(s.base) != -1);
	service_manager_send(&s.manager, "STOPPING=1\nSTATUS=stopping");
	searchers_free(searchers);
	follower_free(s.followers.inbox);
	content_follower_free(s.followers.content);
	service_stop_events(&s);
	service_manager_close(&s.manager);
	event_base_free(s.base);
}
