/*
 * The tool speaks no HTTP; workerd does, and asks as it will for visitors.
 */
#include "storaged/banter/model_check.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "storaged/banter/say.h"

extern char **environ;

/* Beside us where we were built, in lib/banter/ where we are installed in bin/. 0, or the exit
 * status. */
static int
find_worker(char path[PATH_MAX])
{
	static const char *const places[] = {"workerd", "../lib/banter/workerd"};
	char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	if (n == -1)
		return fail(EX_OSERR, "/proc/self/exe: %s", strerror(errno));
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(path, PATH_MAX, "%s/%s", dir, places[i]);

		if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
			return 0;
	}
	return fail(EX_OSFILE, "workerd is not where it belongs; is banter installed whole?");
}

int
model_check(void)
{
	char path[PATH_MAX], option[] = "--check-model";
	char *argv[] = {path, option, NULL};
	int status = find_worker(path), e, end;
	pid_t pid;

	if (status != 0)
		return status;
	e = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	if (e != 0)
		return fail(EX_OSERR, "%s: %s", path, strerror(e));
	while (waitpid(pid, &end, 0) == -1)
		if (errno != EINTR)
			return fail(EX_OSERR, "%s: %s", path, strerror(errno));
	return WIFEXITED(end) ? WEXITSTATUS(end) : EX_SOFTWARE;
}
