/*
 * The tool has no code for HTTP or certificates; the daemons check their settings as they would use
 * them.
 */
#include "storaged/cli/base/daemons.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"

extern char **environ;

int
daemons_find_path(const char *daemon, char path[PATH_MAX])
{
	static const char *const places[] = {"", "../lib/banter/"};
	char dir[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	char *slash;

	if (n == -1)
		return console_fail(EX_OSERR, "/proc/self/exe: %s", strerror(errno));
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(path, PATH_MAX, "%s/%s%s", dir, places[i], daemon);

		if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
			return 0;
	}
	return console_fail(EX_OSFILE,
	    "%s was not found next to this program or in ../lib/banter: reinstall banter",
	    daemon);
}

static int
daemons_wait(pid_t pid, const char *path)
{
	int end;

	while (waitpid(pid, &end, 0) == -1)
		if (errno != EINTR)
			return console_fail(EX_OSERR, "%s: %s", path, strerror(errno));
	return WIFEXITED(end) ? WEXITSTATUS(end) : EX_SOFTWARE;
}

static int
daemons_spawn(const char *path, char **argv, int output)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int e;

	must(posix_spawn_file_actions_init(&actions) == 0);
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && output != -1; fd++)
		must(posix_spawn_file_actions_adddup2(&actions, output, fd) == 0);
	/* Our output comes before its output. */
	(void)fflush(stdout);
	e = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (e != 0)
		return console_fail(EX_OSERR, "%s: %s", path, strerror(e));
	return daemons_wait(pid, path);
}

int
daemons_run(const char *daemon, const char *option, int output)
{
	char path[PATH_MAX], *copy = xstrdup(option);
	char *argv[] = {path, copy, NULL};
	int status = daemons_find_path(daemon, path);

	if (status == 0)
		status = daemons_spawn(path, argv, output);
	free(copy);
	return status;
}
