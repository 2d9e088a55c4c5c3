/*
 * Supervision with real processes: this program is its own worker, and WORKER_MODE says how the
 * worker behaves.
 */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sysexits.h>

#include "masterd/spawn.h"
#include "masterd/workers.h"
#include "tests/unit/masterd/master_worker.h"

static void
say(enum msg_type type, const void *m)
{
	const struct test_worker w = {.end = SPAWN_CONTROL_FD};

	must(test_worker_say(&w, type, m) == 0);
}

static void
say_hello(uint32_t version)
{
	say(MSG_HELLO,
	    &(struct msg_hello){
		.version = version,
		.role = ROLE_WORKER,
		.pid = (uint32_t)getpid(),
		.program = slice_str("test"),
	    });
}

/* Exits when it gets DRAIN, or when masterd is gone. */
static void
serve(bool stubborn, bool alive)
{
	for (;;) {
		struct pollfd p = {.fd = SPAWN_CONTROL_FD, .events = POLLIN};
		uint8_t record[256];
		struct frame f;
		size_t size;
		ssize_t n;
		int fd;

		must(poll(&p, 1, 60000) == 1);
		n = fdpass_recv(SPAWN_CONTROL_FD, record, sizeof(record), &fd);
		if (n <= 0)
			_exit(0);
		must(wire_frame((struct slice){record, (size_t)n}, &f, &size) == WIRE_OK);
		if (f.type == MSG_DRAIN && !stubborn)
			_exit(0);
		if (f.type == MSG_CHECK && alive)
			say(MSG_ALIVE, &(struct msg_alive){});
	}
}

static size_t
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	must(dir != NULL);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and the directory itself */
}

/* This process's place in the scoreboard. */
static struct scoreboard_worker *self;

/* Whether it started as spawn.h guarantees: five descriptors, no signal blocked or ignored. */
static bool
woke_well(void)
{
	sigset_t blocked;
	struct sigaction pipe;

	must(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0);
	must(sigaction(SIGPIPE, NULL, &pipe) == 0);
	return self->pid == (uint64_t)getpid() && open_descriptors() == 5 &&
	    sigisemptyset(&blocked) && pipe.sa_handler == SIG_DFL;
}

/* Reports the time to the test, in a metric that outlives the process. */
static void
note_time(void)
{
	atomic_store(&self->model_requests, clock_mono_ms());
}

/* Records that this worker was aborted. */
static void
on_abort(int sig)
{
	(void)sig;
	note_time();
	_exit(0);
}

/* Leaves a process that holds the control socket open until masterd closes its end. */
static void
leave_socket_open(void)
{
	struct pollfd p = {.fd = SPAWN_CONTROL_FD};
	const pid_t child = fork();

	must(child != -1);
	if (child != 0)
		return;
	(void)poll(&p, 1, 60000);
	_exit(0);
}

/* Waits until the process that WORKER_AWAITS names has been reaped. */
static void
outlive_another(void)
{
	const pid_t other = (pid_t)strtol(getenv("WORKER_AWAITS"), NULL, 10);

	for (int i = 0; kill(other, 0) == 0; i++) {
		must(i < 20000);
		poll(NULL, 0, 1);
	}
}

static _Noreturn void
worker_main(unsigned number)
{
	struct scoreboard *board = scoreboard_map(SPAWN_SCOREBOARD_FD);
	const char *mode = getenv("WORKER_MODE");

	must(board != NULL);
	self = &board->workers[number];
#define MODE(name) (strcmp(mode, (name)) == 0)
	if (MODE("crash")) {
		note_time();
		raise(SIGKILL);
	}
	if (MODE("refuse"))
		_exit(EX_CONFIG);
	if (MODE("inspect") && !woke_well())
		_exit(1);
	if (MODE("outlive"))
		outlive_another();
	if (MODE("survived"))
		leave_socket_open();
	say_hello(MODE("old") ? WIRE_VERSION + 1 : WIRE_VERSION);
	if (MODE("babble"))
		must(write(SPAWN_CONTROL_FD, "garbage", 7) == 7);
	if (MODE("overtake"))
		say(MSG_TAKEN, &(struct msg_taken){.count = 1});
	if (MODE("repeat"))
		say_hello(WIRE_VERSION);
	if (MODE("deaf"))
		close(SPAWN_CONTROL_FD), poll(NULL, 0, 60000);
	if (MODE("quit"))
		_exit(0);
	if (MODE("hang"))
		must(signal(SIGABRT, on_abort) != SIG_ERR);
	serve(MODE("stubborn"), !MODE("hang"));
	_exit(0);
#undef MODE
}

#define WANTED 2

static struct test_master master;
static struct workers *workers;
static unsigned reports[WORKERS_ALL_GONE + 1];
static size_t fewest_ready; /* since it was last reset */

static void
on_room(void *ctx)
{
	(void)ctx;
}

static void
on_report(enum workers_report what, void *ctx)
{
	(void)ctx;
	reports[what]++;
	if (dispatch_workers(master.dispatch) < fewest_ready)
		fewest_ready = dispatch_workers(master.dispatch);
}

/* Starts this many seats; hang_ms as in workers.h. */
static void
hire(unsigned wanted, uint32_t hang_ms)
{
	workers = workers_new(&(struct workers_config){
	    .base = master.base,
	    .dispatch = master.dispatch,
	    .scoreboard = master.scoreboard,
	    .scoreboard_fd = master.scoreboard_fd,
	    .program = "/proc/self/exe",
	    .wanted = wanted,
	    .drain_ms = 100,
	    .hang_ms = hang_ms,
	    .report = on_report,
	});
}

FIXTURE(set_up)
{
	test_master_init(&master, on_room);
	hire(WANTED, 0);
	memset(reports, 0, sizeof(reports));
	fewest_ready = SIZE_MAX;
}

FIXTURE(tear_down)
{
	workers_free(workers);
	test_master_clear(&master);
}

static void
use_mode(const char *mode)
{
	assert_int_equal(setenv("WORKER_MODE", mode, 1), 0);
}

static void
start(const char *mode)
{
	use_mode(mode);
	workers_start(workers);
}

static pid_t
pid_of(unsigned number)
{
	return (pid_t)atomic_load(&master.scoreboard->workers[number].pid);
}

static size_t
running(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < SCOREBOARD_WORKERS_MAX; i++)
		n += pid_of(i) != 0;
	return n;
}

/* The processes of the first workers. */
static void
get_pids(pid_t pids[static WANTED])
{
	for (unsigned i = 0; i < WANTED; i++)
		pids[i] = pid_of(i);
}

static bool
all_ready(void)
{
	return dispatch_workers(master.dispatch) == WANTED;
}

static void
rehire(unsigned wanted, uint32_t hang_ms)
{
	workers_free(workers);
	hire(wanted, hang_ms);
}

/* Starts workers that serve, and waits for them. */
static void
serve_all(void)
{
	start("serve");
	AWAIT(master.base, all_ready());
}

static void
expect_all_gone(void)
{
	AWAIT(master.base, reports[WORKERS_ALL_GONE] == 1);
	assert_int_equal(running(), 0);
}

static void
expect_reloads(unsigned n)
{
	AWAIT(master.base, reports[WORKERS_RELOADED] == n);
	AWAIT(master.base, running() == WANTED);
}

FIXTURE_TEST(every_seat_gets_a_worker)
{
	start("serve");
	assert_int_equal(dispatch_workers(master.dispatch), 0);
	AWAIT(master.base, all_ready());
	assert_int_equal(running(), WANTED);
	assert_int_not_equal(pid_of(0), pid_of(1));
	assert_int_equal(reports[WORKERS_SERVING], WANTED);
}

FIXTURE_TEST(a_worker_starts_with_only_its_descriptors_and_default_signals)
{
	int leaked = dup(STDERR_FILENO); /* not close-on-exec */

	assert_true(leaked > SPAWN_SCOREBOARD_FD);
	signal(SIGPIPE, SIG_IGN);
	start("inspect");
	AWAIT(master.base, all_ready());
	signal(SIGPIPE, SIG_DFL);
	closefd(&leaked);
}

FIXTURE_TEST(a_killed_worker_is_replaced_and_the_other_keeps_running)
{
	struct scoreboard_worker *w = &master.scoreboard->workers[0];
	pid_t victim, other;

	serve_all();
	victim = pid_of(0);
	other = pid_of(1);
	atomic_store(&w->connections, 7);
	atomic_store(&w->turns_running, 3);
	atomic_store(&w->model_requests, 99);
	assert_int_equal(kill(victim, SIGKILL), 0);
	AWAIT(master.base, dispatch_workers(master.dispatch) == 1);
	AWAIT(master.base, all_ready());
	assert_int_not_equal(pid_of(0), victim);
	assert_int_equal(pid_of(1), other);
	assert_int_equal(atomic_load(&w->connections), 0);
	assert_int_equal(atomic_load(&w->turns_running), 0);
	assert_int_equal(atomic_load(&w->model_requests), 99);
	assert_int_equal(running(), WANTED);
}

/* By the end of its control socket, or by SIGCHLD alone; not only when its successor is ready. */
FIXTURE_TEST(the_exit_of_a_ready_worker_is_reported_before_another_is_ready)
{
	const char *const modes[] = {"serve", "survived"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		start(modes[i]);
		AWAIT(master.base, all_ready());
		use_mode("serve");
		fewest_ready = SIZE_MAX;
		assert_int_equal(kill(pid_of(0), SIGKILL), 0);
		AWAIT(master.base, fewest_ready == WANTED - 1);
		AWAIT(master.base, all_ready());
		tear_down(NULL);
		set_up(NULL);
	}
}

/* The last time that a worker of this number reported. */
static uint64_t
noted(unsigned number)
{
	return atomic_load(&master.scoreboard->workers[number].model_requests);
}

FIXTURE_TEST(the_pause_before_a_restart_doubles)
{
	uint64_t at[4];

	/* A single seat: with two, one may be late, and its death be seen together with the
	 * other's, in a loop iteration that began earlier. */
	rehire(1, 0);
	start("crash");
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		AWAIT(master.base, noted(0) != (i == 0 ? 0 : at[i - 1]));
		at[i] = noted(0);
	}
	for (size_t i = 0; i < 3; i++)
		assert_true(at[i + 1] - at[i] >= (100u << i) - 10);
}

FIXTURE_TEST(a_worker_that_violates_the_protocol_is_replaced)
{
	const char *const modes[] = {"babble", "overtake", "repeat", "old", "deaf", "quit"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		pid_t first;

		start(modes[i]);
		first = pid_of(0);
		assert_int_not_equal(first, 0);
		use_mode("serve");
		AWAIT(master.base, all_ready() && pid_of(0) != first);
		AWAIT(master.base, kill(first, 0) == -1);
		tear_down(NULL);
		set_up(NULL);
	}
}

FIXTURE_TEST(workers_that_hang_are_aborted_and_replaced)
{
	const struct scoreboard_master *m = &master.scoreboard->master;
	pid_t first;

	rehire(WANTED, 3000);
	start("hang");
	AWAIT(master.base, all_ready());
	first = pid_of(0);
	use_mode("serve");
	AWAIT(master.base, noted(0) != 0 && noted(1) != 0);
	AWAIT(master.base, all_ready());
	assert_int_not_equal(pid_of(0), first);
	assert_int_equal(metric_get(&m->worker_hangs), WANTED);
	assert_int_equal(metric_get(&m->worker_deaths), WANTED);
}

FIXTURE_TEST(a_stopped_worker_is_killed_and_one_that_answers_keeps_running)
{
	const struct scoreboard_master *m = &master.scoreboard->master;
	pid_t victim, other;

	rehire(WANTED, 3000);
	serve_all();
	victim = pid_of(0);
	other = pid_of(1);
	assert_int_equal(kill(victim, SIGSTOP), 0);
	AWAIT(master.base, pid_of(0) != victim && all_ready());
	assert_int_equal(pid_of(1), other);
	assert_int_equal(metric_get(&m->worker_hangs), 1);
	assert_int_equal(running(), WANTED);
}

FIXTURE_TEST(settings_that_the_first_worker_refuses_are_reported)
{
	start("refuse");
	AWAIT(master.base, reports[WORKERS_REFUSED] > 0);
	workers_stop(workers);
	expect_all_gone();
}

FIXTURE_TEST(settings_refused_later_do_not_stop_the_service)
{
	pid_t first;

	serve_all();
	first = pid_of(0);
	use_mode("refuse");
	assert_int_equal(kill(first, SIGKILL), 0);
	/* Exited, retried, exited again. */
	AWAIT(master.base, pid_of(0) != first && pid_of(0) != 0);
	AWAIT(master.base, pid_of(0) == 0);
	use_mode("serve");
	AWAIT(master.base, all_ready());
	assert_int_equal(reports[WORKERS_REFUSED], 0);
}

FIXTURE_TEST(a_reload_replaces_all_and_never_has_fewer_ready_workers)
{
	pid_t old[WANTED];

	serve_all();
	get_pids(old);
	fewest_ready = SIZE_MAX;
	workers_reload(workers);
	AWAIT(master.base, reports[WORKERS_RELOADED] == 1);
	assert_int_equal(fewest_ready, WANTED);
	AWAIT(master.base, running() == WANTED);
	for (unsigned i = 0; i < WANTED; i++)
		assert_int_equal(kill(old[i], 0), -1);
	assert_true(all_ready());
}

FIXTURE_TEST(a_reload_during_a_reload_replaces_all_again)
{
	pid_t between;

	serve_all();
	workers_reload(workers);
	AWAIT(master.base, pid_of(WANTED) != 0);
	between = pid_of(WANTED);
	workers_reload(workers);
	expect_reloads(1);
	assert_int_equal(kill(between, 0), -1);
}

FIXTURE_TEST(a_failed_reload_keeps_the_old_workers)
{
	pid_t old[WANTED];

	serve_all();
	get_pids(old);
	use_mode("refuse");
	workers_reload(workers);
	AWAIT(master.base, reports[WORKERS_RELOADED] == 1);
	assert_int_equal(reports[WORKERS_REFUSED], 0);
	assert_int_equal(running(), WANTED);
	for (unsigned i = 0; i < WANTED; i++)
		assert_int_equal(pid_of(i), old[i]);
	assert_true(all_ready());
}

FIXTURE_TEST(a_worker_that_dies_while_its_successor_starts_is_replaced_by_it)
{
	pid_t old, next;
	char text[16];

	serve_all();
	old = pid_of(0);
	snprintf(text, sizeof(text), "%d", old);
	setenv("WORKER_AWAITS", text, 1);
	use_mode("outlive");
	workers_reload(workers);
	next = pid_of(WANTED);
	assert_int_not_equal(next, 0);
	assert_int_equal(kill(old, SIGKILL), 0);
	expect_reloads(1);
	assert_int_equal(pid_of(WANTED), next);
	assert_true(all_ready());
	/* SIGCHLD and the control sockets are watched; no restart is scheduled. */
	assert_int_equal(
	    event_base_get_num_events(master.base, EVENT_BASE_COUNT_ADDED), 1 + WANTED);
}

FIXTURE_TEST(a_reload_ends_even_if_a_seat_cannot_be_filled)
{
	pid_t other;

	serve_all();
	other = pid_of(1);
	use_mode("refuse");
	assert_int_equal(kill(pid_of(0), SIGKILL), 0);
	AWAIT(master.base, running() == 1);
	workers_reload(workers);
	AWAIT(master.base, reports[WORKERS_RELOADED] == 1);
	assert_int_equal(pid_of(1), other);
	/* The seat is kept, and the next reload replaces all workers. */
	use_mode("serve");
	AWAIT(master.base, all_ready());
	workers_reload(workers);
	expect_reloads(2);
	assert_int_equal(kill(other, 0), -1);
	assert_true(all_ready());
}

FIXTURE_TEST(a_reload_waits_for_an_empty_seat_and_continues)
{
	pid_t other;

	serve_all();
	other = pid_of(1);
	assert_int_equal(kill(pid_of(0), SIGKILL), 0);
	AWAIT(master.base, running() == 1);
	workers_reload(workers);
	assert_int_equal(running(), 1);
	expect_reloads(1);
	assert_int_equal(kill(other, 0), -1);
	assert_true(all_ready());
}

FIXTURE_TEST(a_stop_drains_or_kills_the_workers)
{
	static const struct {
		const char *mode;
		bool ready;       /* the stop comes when all are ready */
		bool second_stop; /* which kills at once */
	} cases[] = {
	    {"serve", true, false},
	    {"serve", false, false},
	    {"stubborn", true, false},
	    {"stubborn", true, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start(cases[i].mode);
		if (cases[i].ready)
			AWAIT(master.base, all_ready());
		workers_stop(workers);
		assert_int_equal(dispatch_workers(master.dispatch), 0);
		assert_int_equal(reports[WORKERS_ALL_GONE], 0);
		if (cases[i].second_stop)
			workers_kill(workers);
		expect_all_gone();
		tear_down(NULL);
		set_up(NULL);
	}
}

FIXTURE_TEST(no_worker_is_restarted_during_a_stop)
{
	serve_all();
	assert_int_equal(kill(pid_of(0), SIGKILL), 0);
	AWAIT(master.base, running() == 1);
	workers_stop(workers);
	expect_all_gone();
	/* No timer and no worker is left; only SIGCHLD is still watched. */
	assert_int_equal(event_base_get_num_events(master.base, EVENT_BASE_COUNT_ADDED), 1);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--worker") == 0)
		worker_main((unsigned)strtoul(argv[2], NULL, 10));
	return UNIT_RUN(NULL, NULL);
}
