#include "storaged/server/standby_server.h"

#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/server/handlers.h"

struct standby_server {
	struct serving serving;
	struct standby *standby;
	struct event *step;
	bool step_due;
};

static void
standby_server_on_step(evutil_socket_t fd, short what, void *arg)
{
	struct standby_server *s = arg;

	(void)fd;
	(void)what;
	s->step_due = true;
}

/* Follows the log. 0, or what standby_server_run() returns. */
static int
standby_server_step(struct standby_server *s)
{
	enum standby_result result;

	s->step_due = false;
	do
		result = standby_step(s->standby);
	while (result == STANDBY_MORE);
	return result == STANDBY_OWNS ? STANDBY_SERVER_OWNS
	    : result == STANDBY_ENDS  ? s->standby->status
				      : 0;
}

static int
standby_server_loop(struct standby_server *s)
{
	bool more = false;
	int status = 0;

	while (!s->serving.stopping && status == 0) {
		must(event_base_loop(s->serving.service->base,
			 EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0)) != -1);
		if (serving_run_requests(&s->serving) != 0)
			return EX_IOERR;
		more = serving_settle(&s->serving);
		if (s->step_due && !s->serving.stopping)
			status = standby_server_step(s);
	}
	return status;
}

int
standby_server_run(struct standby *standby, struct service *service)
{
	struct standby_server s = {.standby = standby, .step_due = true};
	struct timeval every = clock_timeval(STANDBY_STEP_MS);
	int status;

	serving_start(&s.serving, standby->replica->env, service, &standby_handlers);
	s.serving.peers.tools_only = true;
	s.step = event_new(service->base, -1, EV_PERSIST, standby_server_on_step, &s);
	must(s.step != NULL && event_add(s.step, &every) == 0);
	service_report_ready(&service->report);
	status = standby_server_loop(&s);
	event_free(s.step);
	if (status != STANDBY_SERVER_OWNS)
		service_report_stopping(&service->report);
	serving_end(&s.serving);
	return status;
}
