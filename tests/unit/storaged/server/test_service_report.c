/*
 * What storaged tells the service manager, by the datagrams of sd_notify(3).
 */
#include "proto/base/clock.h"
#include "storaged/server/service_report.h"
#include "tests/unit/test_manager.h"

static struct event_base *base;
static struct service_report report;

FIXTURE(set_up)
{
	char name[64];

	base = event_base_new();
	assert_non_null(base);
	snprintf(name, sizeof(name), "@banter-report-%d", getpid());
	manager_open(name);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

FIXTURE(tear_down)
{
	service_report_clear(&report);
	event_base_free(base);
	closefd(&manager);
}

FIXTURE_TEST(the_life_of_a_storaged)
{
	service_report_init(&report, base);
	assert_string_equal(manager_heard(), "");
	service_report_ready(&report);
	assert_string_equal(manager_heard(), "READY=1\nSTATUS=serving");
	service_report_stopping(&report);
	assert_string_equal(manager_heard(), "STOPPING=1\nSTATUS=stopping");
}

FIXTURE_TEST(the_state_is_told_when_it_is_news)
{
	service_report_init(&report, base);
	assert_true(report.writable);
	service_report_state(&report, true, false, 2, 5);
	assert_string_equal(manager_heard(), "STATUS=connected: 2, replies being written: 5");
	service_report_state(&report, true, false, 2, 5);
	assert_string_equal(manager_heard(), "");
	service_report_state(&report, false, false, 2, 0);
	assert_false(report.writable);
	assert_string_equal(manager_heard(),
	    "STATUS=WRITES ARE REFUSED (the log says why); connected: 2, replies being "
	    "written: 0");
	service_report_state(&report, false, true, 2, 0);
	assert_string_equal(manager_heard(),
	    "STATUS=WRITES ARE REFUSED: THE STORE IS DAMAGED; connected: 2, replies being "
	    "written: 0");
}

FIXTURE_TEST(the_watchdog_is_fed_again_and_again)
{
	char pid[16];
	uint64_t begun;

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("WATCHDOG_USEC", "20000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	begun = clock_mono_ms();
	service_report_init(&report, base);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_string_equal(manager_heard(), "WATCHDOG=1");
	}
	/* Every 10 ms, half of the period, and not all at once. */
	assert_true(clock_mono_ms() - begun >= 20);
	assert_null(getenv("WATCHDOG_USEC"));
}

/* Without a timer the loop has nothing to do: event_base_loop() returns 1. */
FIXTURE_TEST(without_a_manager_nothing_happens)
{
	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "20000", 1);
	service_report_init(&report, base);
	service_report_ready(&report);
	service_report_state(&report, true, false, 0, 0);
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 1);
	assert_string_equal(manager_heard(), "");
}

TEST_MAIN(NULL, NULL)
