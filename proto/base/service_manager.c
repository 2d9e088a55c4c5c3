/*
 * Each message is one datagram to a Unix socket in the file system or, with '@', in the abstract
 * namespace.
 */
#include "proto/base/service_manager.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* A socket connected to the manager, or -1. */
static int
service_manager_connect(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len == 0)
		return -1;
	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof(sun.sun_path)) {
		log_event(LOG_WARN, "notify_ignored", L_STR("socket", path));
		return -1;
	}
	memcpy(sun.sun_path, path, len);
	/* An abstract name starts with NUL; its length ends it. */
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, (const struct sockaddr *)&sun, (socklen_t)len) == 0)
		return fd;
	log_event(LOG_WARN, "notify_failed", L_STR("socket", path), L_ERRNO());
	closefd(&fd);
	return -1;
}

/* Half of the watchdog's timeout in ms; 0 without a watchdog for this process. */
static uint64_t
service_manager_watchdog_period(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	const char *wrong = NULL;
	uint64_t period;

	if (usec == NULL)
		return 0;
	if (pid != NULL && strtonum(pid, 1, INT32_MAX, &wrong) != getpid())
		return 0;
	period = (uint64_t)strtonum(usec, 2000, INT64_MAX, &wrong) / 2000;
	return wrong == NULL ? period : 0;
}

void
service_manager_open(struct service_manager *m)
{
	m->sock = service_manager_connect(getenv("NOTIFY_SOCKET"));
	m->watchdog_ms = m->sock == -1 ? 0 : service_manager_watchdog_period();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
service_manager_send(const struct service_manager *m, const char *lines)
{
	if (m->sock != -1 &&
	    send(m->sock, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		log_event(LOG_WARN, "notify_failed", L_ERRNO());
}

void
service_manager_close(struct service_manager *m)
{
	closefd(&m->sock);
}

int
service_manager_inherited_fds(int most)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *wrong = NULL;
	int n = 0;

	if (pid != NULL && fds != NULL && strtonum(pid, 1, INT32_MAX, &wrong) == getpid())
		n = (int)strtonum(fds, 0, most, &wrong);
	if (wrong != NULL)
		log_event(LOG_ERROR, "inherited_unusable", L_STR("pid", pid), L_STR("fds", fds),
		    L_STR("why", wrong));
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return wrong != NULL ? -1 : n;
}
