/*
 * The datagrams of sd_notify(3) that the service manager gets.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "masterd/notify.h"
#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/unit/unit.h"

static struct event_base *base;
static int manager; /* the service manager's socket */

/* Creates a manager's socket with this name; '@' stands for the NUL of an abstract name. */
static void
open_manager(const char *name)
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
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void
open_abstract_manager(void)
{
	char name[64];

	snprintf(name, sizeof(name), "@banter-test-%d", getpid());
	open_manager(name);
}

/* The next datagram, "" if there is none. */
static const char *
heard(void)
{
	static char text[256];
	ssize_t n = recv(manager, text, sizeof(text) - 1, 0);

	if (n == -1)
		assert_int_equal(errno, EAGAIN);
	text[n == -1 ? 0 : n] = '\0';
	return text;
}

static int
setup(void **state)
{
	(void)state;
	base = loop_new();
	manager = -1;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	event_base_free(base);
	closefd(&manager);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

#define NOTIFY_TEST(name) TEST_WITH(name, setup, teardown)

NOTIFY_TEST(each_change_is_one_datagram)
{
	uint64_t before, said = 0;
	struct notify *n;

	open_abstract_manager();
	n = notify_new(base);
	notify_ready(n);
	assert_string_equal(heard(), "READY=1");
	notify_workers(n, 1, 2);
	assert_string_equal(heard(), "STATUS=1 of 2 workers ready");
	before = clock_mono_ns() / 1000;
	notify_reloading(n);
	assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &said), 1);
	assert_in_range(said, before, clock_mono_ns() / 1000);
	notify_stopping(n);
	assert_non_null(strstr(heard(), "STOPPING=1\n"));
	assert_string_equal(heard(), "");
	notify_free(n);
}

NOTIFY_TEST(a_socket_in_the_file_system_works_too)
{
	char dir[] = "/tmp/banter-notify-XXXXXX", path[64];
	struct notify *n;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	open_manager(path);
	n = notify_new(base);
	notify_ready(n);
	assert_string_equal(heard(), "READY=1");
	notify_free(n);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

NOTIFY_TEST(workers_do_not_inherit_the_managers_address)
{
	struct notify *n;

	open_abstract_manager();
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	n = notify_new(base);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_free(n);
}

NOTIFY_TEST(the_watchdog_is_notified_periodically)
{
	char pid[16];
	struct notify *n;
	uint64_t begun;

	open_abstract_manager();
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_USEC", "20000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	begun = clock_mono_ms();
	n = notify_new(base);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_string_equal(heard(), "WATCHDOG=1");
	}
	/* Every 10 ms, half of the watchdog's period, and not all at once. */
	assert_true(clock_mono_ms() - begun >= 20);
	notify_free(n);
}

/* Without a timer the loop has no events: event_base_loop() returns 1. */
NOTIFY_TEST(a_watchdog_of_another_process_is_ignored)
{
	static const struct {
		const char *usec, *pid;
	} cases[] = {{"20000", "1"}, {"20000", "x"}, {"soon", NULL}, {"0", NULL}, {NULL, NULL}};

	open_abstract_manager();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];
		struct notify *n;

		snprintf(name, sizeof(name), "@banter-test-%d", getpid());
		setenv("NOTIFY_SOCKET", name, 1);
		if (cases[i].usec != NULL)
			setenv("WATCHDOG_USEC", cases[i].usec, 1);
		if (cases[i].pid != NULL)
			setenv("WATCHDOG_PID", cases[i].pid, 1);
		n = notify_new(base);
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 1);
		notify_free(n);
	}
}

NOTIFY_TEST(without_a_manager_nothing_is_sent)
{
	static const char *const sockets[] = {
	    NULL, "", "@", "relative", "/nonexistent/socket", "@banter-test-nobody-is-here"};

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		struct notify *n;

		if (sockets[i] != NULL)
			setenv("NOTIFY_SOCKET", sockets[i], 1);
		n = notify_new(base);
		notify_ready(n);
		notify_stopping(n);
		notify_free(n);
	}
}

TEST_MAIN(NULL, NULL)
