#include "workerd/children/sandbox.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "proto/base/basics.h"
#include "proto/process/file_limit.h"
#include "proto/process/privileges.h"

static void
sandbox_set(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
	const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	must(setrlimit(resource, &limit) == 0);
}

void
sandbox_limit(void)
{
	privileges_renounce();
	must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	sandbox_set(RLIMIT_CORE, 0, 0);
	sandbox_set(RLIMIT_CPU, SANDBOX_CPU_SECONDS, SANDBOX_CPU_SECONDS + 1);
#ifndef BANTER_SANITIZED /* sanitizers reserve terabytes of addresses */
	sandbox_set(RLIMIT_AS, SANDBOX_MEMORY, SANDBOX_MEMORY);
#endif
}

void
sandbox_enter(enum call_filter_calls calls)
{
	privileges_hide_memory();
	call_filter_start(calls);
}

int
sandbox_forbid_files(void)
{
	static const char *const none[] = {NULL};

	return file_limit_start(&(struct file_limit){none, none});
}

int
sandbox_enter_program(const char *program)
{
	/* Its libraries and character maps. */
	static const char *const readable[] = {"/usr", "/lib", "/lib64", "/etc/ld.so.cache",
	    "/etc/ld.so.preload", "/etc/fonts", "/etc/localtime", NULL};
	const char *const executable[] = {program, file_limit_loader(), NULL};

	if (file_limit_start(&(struct file_limit){readable, executable}) != 0)
		return -1;
	return call_filter_start_program(CALLS_PROGRAM);
}
