/*
 * The datagrams of sd_notify(3) that the service manager gets.
 */
#include <inttypes.h>

#include "masterd/notify.h"
#include "proto/base/clock.h"
#include "tests/unit/test_manager.h"

static struct event_base *base;
static struct notify *notify; /* freed after the test */
static char manager_name[64];

/* Starts with these environment variables; NULL: unset. */
static void
start(const char *socket_name, const char *watchdog_usec, const char *watchdog_pid)
{
	const struct {
		const char *name, *value;
	} variables[] = {
	    {"NOTIFY_SOCKET", socket_name},
	    {"WATCHDOG_USEC", watchdog_usec},
	    {"WATCHDOG_PID", watchdog_pid},
	};

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (variables[i].value != NULL)
			setenv(variables[i].name, variables[i].value, 1);
		else
			unsetenv(variables[i].name);
	notify_free(notify);
	notify = notify_new(base);
}

FIXTURE(set_up)
{
	base = loop_new();
	snprintf(manager_name, sizeof(manager_name), "@banter-test-%d", getpid());
	manager_open(manager_name);
}

FIXTURE(tear_down)
{
	notify_free(notify);
	notify = NULL;
	event_base_free(base);
	closefd(&manager);
}

FIXTURE_TEST(each_change_is_one_datagram)
{
	uint64_t before, sent = 0;

	start(manager_name, NULL, NULL);
	notify_ready(notify);
	assert_string_equal(manager_heard(), "READY=1");
	notify_workers(notify, 1, 2);
	assert_string_equal(manager_heard(), "STATUS=1 of 2 workers ready");
	before = clock_mono_ns() / 1000;
	notify_reloading(notify);
	assert_int_equal(
	    sscanf(manager_heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &sent), 1);
	assert_in_range(sent, before, clock_mono_ns() / 1000);
	notify_stopping(notify);
	assert_non_null(strstr(manager_heard(), "STOPPING=1\n"));
	assert_string_equal(manager_heard(), "");
}

FIXTURE_TEST(a_socket_in_the_file_system_works_too)
{
	char dir[] = "/tmp/banter-notify-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	closefd(&manager);
	manager_open(path);
	start(path, NULL, NULL);
	notify_ready(notify);
	assert_string_equal(manager_heard(), "READY=1");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

FIXTURE_TEST(workers_do_not_inherit_the_managers_address)
{
	start(manager_name, "1000000", "1");
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
}

FIXTURE_TEST(the_watchdog_is_notified_periodically)
{
	uint64_t begun = clock_mono_ms();
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	start(manager_name, "20000", pid);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_string_equal(manager_heard(), "WATCHDOG=1");
	}
	/* Every 10 ms, half of the watchdog's period, and not all at once. */
	assert_true(clock_mono_ms() - begun >= 20);
}

/* Without a timer the loop has no events: event_base_loop() returns 1. */
FIXTURE_TEST(a_watchdog_of_another_process_is_ignored)
{
	static const struct {
		const char *usec, *pid;
	} cases[] = {{"20000", "1"}, {"20000", "x"}, {"soon", NULL}, {"0", NULL}, {NULL, NULL}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start(manager_name, cases[i].usec, cases[i].pid);
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 1);
	}
}

FIXTURE_TEST(without_a_manager_nothing_is_sent)
{
	static const char *const sockets[] = {
	    NULL, "", "@", "relative", "/nonexistent/socket", "@banter-test-nobody-is-here"};

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++) {
		start(sockets[i], NULL, NULL);
		notify_ready(notify);
		notify_stopping(notify);
		assert_string_equal(manager_heard(), "");
	}
}

TEST_MAIN(NULL, NULL)
