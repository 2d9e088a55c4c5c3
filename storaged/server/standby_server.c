#include "storaged/server/standby_server.h"

#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/server/handlers.h"

struct standby_server {
	struct serving serving;
	struct standby *standby;
	struct event *step, *tidy;
	bool step_due, tidy_due;
};

/* Interval of the periodic maintenance. */
#define TIDY_MS 10000

/* Sets one of the flags that work is due. */
static void
standby_server_on_due(evutil_socket_t fd, short what, void *flag)
{
	(void)fd;
	(void)what;
	*(bool *)flag = true;
}

/* A backup that was killed would keep pages from being reused, which each row that is applied frees. */
static void
standby_server_tidy(struct standby_server *s)
{
	s->tidy_due = false;
	(void)env_check_readers(s->serving.env);
	serving_accept_again(&s->serving);
	peers_trim(&s->serving.peers);
}

/* Follows the log, one step at a time: many rows may wait, and meanwhile the banter command and the service manager
 * are answered. 0, or what standby_server_run() returns. */
static int
standby_server_step(struct standby_server *s)
{
	enum standby_result result = standby_step(s->standby);

	s->step_due = result == STANDBY_MORE;
	return result == STANDBY_OWNS ? STANDBY_SERVER_OWNS
	    : result == STANDBY_ENDS  ? s->standby->status
				      : 0;
}

static int
standby_server_loop(struct standby_server *s)
{
	bool more = false;
	int status = 0;

	while (!s->serving.service->stopping && status == 0) {
		must(event_base_loop(s->serving.service->base,
			 EVLOOP_ONCE | (more || s->step_due ? EVLOOP_NONBLOCK : 0)) != -1);
		if (serving_run_requests(&s->serving) != 0) {
			log_event(LOG_ERROR, "store_broken", L_STR("help", "restart storaged"));
			return EX_IOERR;
		}
		more = serving_settle(&s->serving);
		if (s->tidy_due)
			standby_server_tidy(s);
		if (s->step_due && !s->serving.service->stopping)
			status = standby_server_step(s);
	}
	return status;
}

int
standby_server_run(struct standby *standby, struct service *service)
{
	struct standby_server s = {.standby = standby, .step_due = true};
	struct timeval every = clock_timeval(STANDBY_STEP_MS);
	struct timeval tidy_each = clock_timeval(TIDY_MS);
	int status;

	serving_start(&s.serving, standby->replica->env, service, &standby_handlers);
	s.serving.peers.tools_only = true;
	s.step = event_new(service->base, -1, EV_PERSIST, standby_server_on_due, &s.step_due);
	must(s.step != NULL && event_add(s.step, &every) == 0);
	s.tidy = event_new(service->base, -1, EV_PERSIST, standby_server_on_due, &s.tidy_due);
	must(s.tidy != NULL && event_add(s.tidy, &tidy_each) == 0);
	service_report_ready(&service->report);
	status = standby_server_loop(&s);
	event_free(s.step);
	event_free(s.tidy);
	if (status != STANDBY_SERVER_OWNS)
		service_report_stopping(&service->report);
	serving_end(&s.serving);
	return status;
}
