/*
 * After a signal, the mails that are under way may end.
 */
#include "workerd/maild/mail_service.h"

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
#include "workerd/maild/mails.h"

/* How often the status line is renewed, unless the watchdog wants it more often. */
#define REPORT_MS 2000

/* How long mails under way may take after a signal. */
#define STOP_MS 10000

struct mail_service {
	struct event_base *base;
	struct service_manager manager;
	struct store_client *store;
	struct mails *mails;
	struct event *term, *interrupt, *report;
	uint64_t stop_by; /* ms, monotonic; 0: it runs */
	char state[160];
};

static void
mail_service_on_stop(evutil_socket_t number, short what, void *arg)
{
	struct mail_service *s = arg;

	(void)what;
	log_event(LOG_NOTICE, "mail_stopping", L_INT("signal", (int64_t)number),
	    L_UINT("under_way", mails_under_way(s->mails)));
	mails_stop(s->mails);
	if (s->stop_by == 0)
		s->stop_by = clock_mono_ms() + STOP_MS;
}

static void
mail_service_on_report(evutil_socket_t fd, short what, void *arg)
{
	struct mail_service *s = arg;
	char state[sizeof(s->state)];

	(void)fd;
	(void)what;
	service_manager_send(&s->manager, "WATCHDOG=1");
	snprintf(state, sizeof(state), "STATUS=mails sent: %" PRIu64 "; under way: %zu",
	    mails_sent(s->mails), mails_under_way(s->mails));
	if (strcmp(state, s->state) == 0)
		return;
	strlcpy(s->state, state, sizeof(s->state));
	service_manager_send(&s->manager, state);
}

static void
mail_service_start_events(struct mail_service *s)
{
	uint64_t watchdog = s->manager.watchdog_ms;
	struct timeval every =
	    clock_timeval(watchdog > 0 && watchdog < REPORT_MS ? watchdog : REPORT_MS);

	s->term = evsignal_new(s->base, SIGTERM, mail_service_on_stop, s);
	s->interrupt = evsignal_new(s->base, SIGINT, mail_service_on_stop, s);
	s->report = event_new(s->base, -1, EV_PERSIST, mail_service_on_report, s);
	must(s->term != NULL && s->interrupt != NULL && s->report != NULL);
	must(event_add(s->term, NULL) == 0 && event_add(s->interrupt, NULL) == 0);
	must(event_add(s->report, &every) == 0);
}

static void
mail_service_stop_events(struct mail_service *s)
{
	event_free(s->term);
	event_free(s->interrupt);
	event_free(s->report);
}

static bool
mail_service_has_ended(const struct mail_service *s)
{
	return s->stop_by != 0 &&
	    (mails_under_way(s->mails) == 0 || clock_mono_ms() >= s->stop_by);
}

/* Once per turn of the event loop, since the store's requests are written then. */
static void
mail_service_loop(struct mail_service *s)
{
	while (!mail_service_has_ended(s)) {
		must(event_base_loop(s->base, EVLOOP_ONCE) != -1);
		store_client_turn_end(s->store);
	}
}

void
mail_service_run(const struct settings *settings, int folder)
{
	struct mail_service s = {.base = event_base_new()};

	must(s.base != NULL);
	service_manager_open(&s.manager);
	mail_service_start_events(&s);
	s.store = store_client_new_as(s.base, settings->store_socket, ROLE_MAIL);
	s.mails = mails_new(s.base, s.store, settings, folder);
	if (settings->syscall_filter)
		call_filter_start(CALLS_MAIL);
	service_manager_send(&s.manager, "READY=1\nSTATUS=waiting for the store");
	mail_service_loop(&s);
	service_manager_send(&s.manager, "STOPPING=1\nSTATUS=stopping");
	mails_free(s.mails);
	store_client_free(s.store);
	mail_service_stop_events(&s);
	service_manager_close(&s.manager);
	event_base_free(s.base);
}
