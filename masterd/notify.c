/*
 * sd_notify(3) by hand: one datagram a message, to a Unix socket in the file system or, with '@',
 * in the abstract namespace. A message that cannot be sent is logged and forgotten.
 */
#include "masterd/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "proto/basics.h"
#include "proto/clock.h"
#include "proto/log.h"

struct notify {
	int sock; /* connected to the manager; -1: there is none */
	uint64_t watchdog_ms;
	struct event *watchdog;
};

static void
tell(const struct notify *n, const char *text)
{
	if (n->sock != -1 &&
	    send(n->sock, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		log_event(LOG_WARN, "notify_failed", L_ERRNO());
}

void
notify_ready(struct notify *n)
{
	tell(n, "READY=1");
}

/* The time is the manager's proof that it is not an older reload's end that it sees. */
void
notify_reloading(struct notify *n)
{
	char text[64];

	snprintf(
	    text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
	tell(n, text);
}

void
notify_stopping(struct notify *n)
{
	tell(n, "STOPPING=1\nSTATUS=finishing what runs");
}

void
notify_workers(struct notify *n, size_t ready, size_t wanted)
{
	char text[64];

	snprintf(text, sizeof(text), "STATUS=%zu of %zu workers ready", ready, wanted);
	tell(n, text);
}

/* The manager's socket, or -1. */
static int
connect_manager(const char *path)
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
	/* An abstract name starts with NUL and ends where its length says. */
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

/* How often to report, in ms: half of what the manager allows. 0 without a watchdog for us. */
static uint64_t
watchdog_period(void)
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

static void
on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct notify *n = arg;

	(void)fd, (void)what;
	tell(n, "WATCHDOG=1");
	loop_after(n->watchdog, n->watchdog_ms);
}

struct notify *
notify_new(struct event_base *base)
{
	struct notify *n = xcalloc(1, sizeof(*n));

	n->sock = connect_manager(getenv("NOTIFY_SOCKET"));
	n->watchdog_ms = watchdog_period();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	n->watchdog = loop_timer(base, on_watchdog, n);
	if (n->sock != -1 && n->watchdog_ms > 0)
		loop_after(n->watchdog, n->watchdog_ms);
	return n;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	loop_free(&n->watchdog);
	closefd(&n->sock);
	free(n);
}
