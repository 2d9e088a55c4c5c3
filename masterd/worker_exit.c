#include "masterd/worker_exit.h"

#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"

static enum log_level
worker_exit_level(const struct worker *w, int status)
{
	if (!w->leaving)
		return LOG_ERROR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? LOG_INFO : LOG_WARN;
}

void
worker_exit_log(const struct worker *w, int status)
{
	bool killed = WIFSIGNALED(status);
	int code = killed ? WTERMSIG(status) : WEXITSTATUS(status);

	log_event(worker_exit_level(w, status), "worker_exit", L_UINT("worker", w->number),
	    L_INT("pid", w->pid), L_UINT("generation", w->generation),
	    L_STR("why", killed ? "signal" : "exit"), L_INT("code", code),
	    L_STR("signal", killed ? strsignal(code) : NULL),
	    L_UINT("uptime_ms", clock_mono_ms() - w->started_ms));
}

bool
worker_exit_refused_settings(const struct worker *w, int status)
{
	return !w->was_ready && WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG;
}
