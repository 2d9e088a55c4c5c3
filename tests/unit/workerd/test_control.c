/*
 * What a worker sends to masterd: its hello, and more at the end of a loop turn.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/ipc/fdpass.h"
#include "tests/unit/unit.h"
#include "workerd/control.h"

static struct event_base *base;
static struct control *control;
static int end = -1; /* masterd's end */
static unsigned connections;

static void
on_connection(void *arg, int fd, const struct msg_connection *from)
{
	(void)arg, (void)from;
	closefd(&fd);
	connections++;
}

static unsigned lost;

static void
on_lost(void *arg)
{
	(void)arg;
	lost++;
}

/* Sends a message as masterd, with a descriptor if it is not -1. */
static void
say(enum msg_type type, const void *msg, int fd)
{
	struct buf b;

	buf_init(&b, CONTROL_RECORD_MAX);
	assert_int_equal(msg_encode(&b, type, 0, msg), 0);
	assert_int_equal(fdpass_send(end, buf_slice(&b), fd), 0);
	buf_clear(&b);
}

/* The type of the worker's next message; 0: none. */
static unsigned
hear(void)
{
	uint8_t record[256];
	struct frame f;
	size_t size;
	int fd;
	ssize_t n = fdpass_recv(end, record, sizeof(record), &fd);

	if (n <= 0)
		return 0;
	assert_int_equal(fd, -1);
	assert_int_equal(wire_frame((struct slice){record, (size_t)n}, &f, &size), WIRE_OK);
	return f.type;
}

static void
ask(void)
{
	say(MSG_CHECK, &(struct msg_check){}, -1);
}

static void
give_connection(void)
{
	const struct msg_connection m = {.number = 1, .port = 1};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	say(MSG_CONNECTION, &m, fd);
	closefd(&fd);
}

/* One turn of the loop. */
static void
begin_turn(void)
{
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void
start(void)
{
	say(MSG_START, &(struct msg_start){}, -1);
}

static void
say_hello(uint32_t version)
{
	const struct msg_hello hello = {
	    .version = version, .role = ROLE_MASTER, .program = slice_str("test")};

	say(MSG_HELLO, &hello, -1);
}

/* Before masterd's hello. */
FIXTURE(set_up_ungreeted)
{
	static const struct control_events events = {
	    .connection = on_connection, .lost = on_lost};
	int pair[2];

	connections = lost = 0;
	base = event_base_new();
	assert_non_null(base);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
	end = pair[1];
	control = control_new(base, pair[0], &events, NULL);
}

/* Before START. */
static int
set_up_unstarted(void **state)
{
	set_up_ungreeted(state);
	say_hello(WIRE_VERSION);
	return 0;
}

static int
set_up(void **state)
{
	set_up_unstarted(state);
	start();
	begin_turn();
	assert_int_equal(hear(), MSG_HELLO);
	return 0;
}

/* The worker has closed the connection. */
static void
expect_lost(void)
{
	assert_int_equal(lost, 1);
	lost = 0;
}

FIXTURE(tear_down)
{
	assert_int_equal(lost, 0);
	control_free(control);
	closefd(&end);
	event_base_free(base);
}

/* With an unusable certificate the worker ends before that, and masterd does not restart it. */
TEST_WITH(the_hello_answers_the_start, set_up_unstarted, tear_down)
{
	begin_turn();
	assert_int_equal(hear(), 0);
	start();
	begin_turn();
	assert_int_equal(hear(), MSG_HELLO);
}

TEST_WITH(a_connection_before_the_start_is_refused, set_up_unstarted, tear_down)
{
	give_connection();
	begin_turn();
	assert_int_equal(connections, 0);
	expect_lost();
}

TEST_WITH(a_masterd_of_another_version_is_refused, set_up_ungreeted, tear_down)
{
	say_hello(WIRE_VERSION - 1);
	begin_turn();
	expect_lost();
}

FIXTURE_TEST(a_second_start_is_refused)
{
	start();
	begin_turn();
	expect_lost();
}

FIXTURE_TEST(a_check_is_answered_once_at_the_end_of_the_turn)
{
	for (int i = 0; i < 3; i++) {
		ask();
		begin_turn();
		assert_int_equal(hear(), 0);
		control_turn_end(control);
		assert_int_equal(hear(), MSG_ALIVE);
		control_turn_end(control);
		assert_int_equal(hear(), 0);
	}
}

FIXTURE_TEST(without_a_check_it_only_acknowledges)
{
	give_connection();
	give_connection();
	begin_turn();
	control_turn_end(control);
	assert_int_equal(connections, 2);
	assert_int_equal(hear(), MSG_TAKEN);
	assert_int_equal(hear(), 0);
}

/* A worker without room for connections is alive. */
FIXTURE_TEST(a_worker_that_holds_connections_answers_a_check)
{
	control_hold(control, true);
	give_connection();
	ask();
	begin_turn();
	control_turn_end(control);
	assert_int_equal(connections, 1);
	assert_int_equal(hear(), MSG_ALIVE);
	assert_int_equal(hear(), 0);
	control_hold(control, false);
	control_turn_end(control);
	assert_int_equal(hear(), MSG_TAKEN);
}

TEST_MAIN(NULL, NULL)
