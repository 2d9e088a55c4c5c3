/*
 * The service manager's end of sd_notify(3).
 */
#ifndef TESTS_UNIT_TEST_MANAGER_H
#define TESTS_UNIT_TEST_MANAGER_H

#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/unit.h"

static int manager; /* its socket */

/* Creates the socket; '@' stands for the NUL of an abstract name, which leaves no file behind. */
static inline void
manager_open(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_not_equal(manager, -1);
	assert_int_equal(bind(manager, (const struct sockaddr *)&sun,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
	    0);
}

/* The next datagram, "" if there is none. */
static inline const char *
manager_heard(void)
{
	static char text[256];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	if (n == -1)
		assert_int_equal(errno, EAGAIN);
	text[n == -1 ? 0 : n] = '\0';
	return text;
}

#endif
