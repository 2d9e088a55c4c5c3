/*
 * Listening sockets: which are opened or inherited, what an accepted connection looks like, and
 * when accepting pauses.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "masterd/listeners.h"
#include "proto/base/clock.h"
#include "tests/unit/masterd/master_worker.h"
#include "tests/unit/unit.h"

#define PATIENCE_MS 60000

static struct event_base *base;
static struct scoreboard *scoreboard;
static int scoreboard_fd;
static struct listeners *listeners;
static struct dispatch *dispatch;
static struct test_worker worker;
static int first_listener; /* those that serve() has opened; borrowed */

static void
on_room(void *ctx)
{
	(void)ctx;
	listeners_resume(listeners);
}

static const struct worker_hooks hooks = TEST_WORKER_HOOKS(dispatch);

static int
setup(void **state)
{
	(void)state;
	base = loop_new();
	scoreboard = scoreboard_create(&scoreboard_fd);
	listeners = listeners_new(base);
	dispatch = dispatch_new(base, scoreboard, on_room, NULL);
	worker = (struct test_worker){.end = -1};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	listeners_free(listeners);
	test_worker_free(&worker);
	dispatch_free(dispatch);
	scoreboard_unmap(scoreboard);
	closefd(&scoreboard_fd);
	event_base_free(base);
	return 0;
}

static struct listen_address
address_v4(uint32_t host, uint16_t port)
{
	struct listen_address a = {.len = sizeof(struct sockaddr_in)};
	const struct sockaddr_in sin = {
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(host),
	};

	memcpy(&a.sa, &sin, sizeof(sin));
	return a;
}

static struct listen_address
address_v6(struct in6_addr host, uint16_t port)
{
	struct listen_address a = {.len = sizeof(struct sockaddr_in6)};
	const struct sockaddr_in6 sin6 = {
	    .sin6_family = AF_INET6,
	    .sin6_port = htons(port),
	    .sin6_addr = host,
	};

	memcpy(&a.sa, &sin6, sizeof(sin6));
	return a;
}

/* Whether the kernel chose the requested port as the client's own, too: without a listener a socket
 * can connect to itself (RFC 9293, simultaneous open). */
static bool
is_its_own_peer(int fd)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &own_len), 0);
	return getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
	    own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}

/* A connected client; -1 if it was refused. */
static int
connect_to(struct listen_address a)
{
	int fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	if (connect(fd, (const struct sockaddr *)&a.sa, a.len) == -1 || is_its_own_peer(fd))
		closefd(&fd);
	return fd;
}

/* Waits until n clients can be accepted: a connected client may not be in the accept queue yet
 * (TCP_INFO of a listening socket, tcp(7)). */
static void
await_backlog(int listener, unsigned n)
{
	const uint64_t give_up = clock_mono_ms() + PATIENCE_MS;
	struct tcp_info info;
	socklen_t len;

	do {
		len = sizeof(info);
		assert_int_equal(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
		assert_true(clock_mono_ms() < give_up);
	} while (info.tcpi_unacked < n);
}

static int
connect_v4(uint16_t port)
{
	return connect_to(address_v4(INADDR_LOOPBACK, port));
}

static int
connect_v6(uint16_t port)
{
	return connect_to(address_v6(in6addr_loopback, port));
}

/* Opens the list, which must succeed, and starts to accept; port gets each socket's port. */
static void
serve(const struct listen_list *list, uint16_t *port)
{
	struct sockets s = {0};

	assert_int_equal(sockets_open(&s, list, 0), 0);
	for (size_t i = 0; i < s.n; i++)
		port[i] = socket_address_bound(s.fd[i]).port;
	first_listener = s.fd[0];
	listeners_add(listeners, &s, false);
	assert_int_equal(s.n, 0);
	listeners_start(listeners, dispatch);
}

static void
make_ready(void)
{
	worker = test_worker_new(base, 0, &hooks);
	test_worker_hello(&worker);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* Runs the loop until the worker gets a connection; the caller closes the result. */
static int
await_connection(uint8_t record[static 256], union msg *m)
{
	const uint64_t give_up = clock_mono_ms() + PATIENCE_MS;
	struct event *tick = loop_timer(base, on_tick, NULL);
	int fd = -1;

	while (test_worker_hear(&worker, record, m, &fd) != MSG_CONNECTION) {
		assert_true(clock_mono_ms() < give_up);
		loop_after(tick, 1000);
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	}
	loop_free(&tick);
	assert_int_not_equal(fd, -1);
	return fd;
}

/* Expects one connection with this client's port; returns the worker's end of it. */
static int
take_connection(int client, size_t address_len, bool loopback)
{
	uint8_t record[256];
	union msg m;
	int fd = await_connection(record, &m);

	assert_int_equal(m.connection.peer.len, address_len);
	if (address_len == 4)
		assert_memory_equal(m.connection.peer.p, "\x7f\0\0\1", 4);
	else
		assert_memory_equal(m.connection.peer.p, &in6addr_loopback, 16);
	assert_int_equal(m.connection.port, socket_address_bound(client).port);
	assert_int_equal(m.connection.loopback, loopback);
	return fd;
}

static void
expect_connection(int client, size_t address_len, bool loopback)
{
	int fd = take_connection(client, address_len, loopback);

	closefd(&fd);
}

/* Serves one IPv4 address; returns its port. */
static uint16_t
serve_loopback(void)
{
	const struct listen_list list = {.n = 1, .at = {address_v4(INADDR_LOOPBACK, 0)}};
	uint16_t port;

	serve(&list, &port);
	return port;
}

/* A client of each family gets to the worker. */
static void
expect_both_families(uint16_t port_v4, uint16_t port_v6, bool loopback)
{
	int v4, v6;

	make_ready();
	v4 = connect_v4(port_v4);
	expect_connection(v4, 4, loopback);
	v6 = connect_v6(port_v6);
	expect_connection(v6, 16, loopback);
	closefd(&v4);
	closefd(&v6);
}

#define LISTENERS_TEST(name) TEST_WITH(name, setup, teardown)

LISTENERS_TEST(both_families_are_served)
{
	const struct listen_list list = {
	    .n = 2, .at = {address_v4(INADDR_LOOPBACK, 0), address_v6(in6addr_loopback, 0)}};
	uint16_t port[2];

	serve(&list, port);
	expect_both_families(port[0], port[1], true);
}

LISTENERS_TEST(without_a_list_one_socket_takes_both_families)
{
	const struct listen_list nothing = {0};
	uint16_t port[1];

	serve(&nothing, port);
	expect_both_families(port[0], port[0], false);
}

LISTENERS_TEST(a_v6_address_accepts_v4_only_if_the_list_has_no_v4_address)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	struct listen_list list = {.n = 1, .at = {address_v6(any, 0)}};
	struct sockets s = {0};
	uint16_t port;
	int fd;

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	port = socket_address_bound(s.fd[0]).port;
	fd = connect_v4(port);
	assert_int_not_equal(fd, -1);
	closefd(&fd);
	sockets_close(&s);

	/* With 0.0.0.0 and the same port in the list it must take IPv6 only, else the second bind
	 * fails; in either order. */
	for (int i = 0; i < 2; i++) {
		list.n = 2;
		list.at[i] = address_v4(INADDR_ANY, port);
		list.at[!i] = address_v6(any, port);
		assert_int_equal(sockets_open(&s, &list, 0), 0);
		assert_int_equal(s.n, 2);
		sockets_close(&s);
	}
	/* With an IPv4 address of another port it takes both. */
	list.at[0] = address_v4(INADDR_LOOPBACK, 0);
	list.at[1] = address_v6(any, port);
	assert_int_equal(sockets_open(&s, &list, 0), 0);
	fd = connect_v4(port);
	assert_int_not_equal(fd, -1);
	closefd(&fd);
	sockets_close(&s);
	/* Other IPv6 addresses always take IPv6 only. */
	list.n = 1;
	list.at[0] = address_v6(in6addr_loopback, port);
	assert_int_equal(sockets_open(&s, &list, 0), 0);
	assert_int_equal(connect_v4(port), -1);
	sockets_close(&s);
}

LISTENERS_TEST(an_address_in_use_is_refused_and_the_others_opened)
{
	struct listen_list list = {.n = 1, .at = {address_v4(INADDR_LOOPBACK, 0)}};
	struct sockets first = {0}, second = {0};

	assert_int_equal(sockets_open(&first, &list, 0), 0);
	list.at[0] = address_v4(INADDR_LOOPBACK, socket_address_bound(first.fd[0]).port);
	list.at[1] = address_v4(INADDR_LOOPBACK, 0);
	list.n = 2;
	assert_int_equal(sockets_open(&second, &list, 0), -1);
	assert_int_equal(second.n, 1);
	sockets_close(&first);
	sockets_close(&second);
}

LISTENERS_TEST(a_connection_has_its_options_and_does_not_block)
{
	uint16_t port = serve_loopback();
	int client, fd, nodelay = 0, unsent = 0;
	socklen_t len = sizeof(nodelay);

	make_ready();
	client = connect_v4(port);
	fd = take_connection(client, 4, true);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
	assert_int_equal(nodelay, 1);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, &len), 0);
	assert_in_range(unsent, 1, 1024 * 1024);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	closefd(&fd);
	closefd(&client);
}

/* How often the loop runs a callback although nothing can be done. */
static void
expect_rest(void)
{
	uint64_t until = clock_mono_ms() + 50;
	struct event *tick = loop_timer(base, on_tick, NULL);
	unsigned turns = 0;

	while (clock_mono_ms() < until) {
		loop_after(tick, 50);
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		turns++;
	}
	loop_free(&tick);
	/* The tick, and the event just before it. */
	assert_in_range(turns, 1, 4);
}

LISTENERS_TEST(without_a_worker_connections_wait_in_the_kernel)
{
	uint16_t port = serve_loopback();
	int clients[10];

	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = connect_v4(port);
	expect_rest();
	make_ready();
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		expect_connection(clients[i], 4, true);
		closefd(&clients[i]);
	}
}

LISTENERS_TEST(without_descriptors_accepting_pauses_and_resumes)
{
	struct rlimit before, none;
	uint16_t port = serve_loopback();
	int client, next;

	make_ready();
	client = connect_v4(port);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* The lowest free descriptor is the first that the limit excludes. */
	next = dup(client);
	none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
	closefd(&next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	expect_rest();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_connection(client, 4, true);
	closefd(&client);
}

LISTENERS_TEST(closing_accepts_what_is_already_connected)
{
	uint16_t port = serve_loopback();
	int clients[3];

	make_ready();
	while (dispatch_workers(dispatch) == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		clients[i] = connect_v4(port);
	await_backlog(first_listener, ARRAY_LEN(clients));
	listeners_close(listeners);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		expect_connection(clients[i], 4, true);
		closefd(&clients[i]);
	}
	assert_int_equal(connect_v4(port), -1);
}

LISTENERS_TEST(an_inherited_backlog_is_left_to_the_next_owner)
{
	const struct listen_list list = {.n = 1, .at = {address_v4(INADDR_LOOPBACK, 0)}};
	struct sockets s = {0};
	int manager, client, fd;

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	manager = fcntl(s.fd[0], F_DUPFD_CLOEXEC, 0);
	listeners_add(listeners, &s, true);
	listeners_start(listeners, dispatch);
	make_ready();
	while (dispatch_workers(dispatch) == 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
	client = connect_v4(socket_address_bound(manager).port);
	await_backlog(manager, 1);
	listeners_close(listeners);
	fd = accept4(manager, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(fd, -1);
	closefd(&fd);
	closefd(&client);
	closefd(&manager);
}

/* Inheriting: each case runs in its own process, since it is about descriptors from 3 on. */

struct inheritance {
	const char *name;
	bool other_pid; /* LISTEN_PID is another process */
	const char *fds;
	int type; /* the type of descriptor 3 */
	bool listening;
	int result;
	size_t n;
};

static int
inherit(const struct inheritance *c, int fd3)
{
	struct sockets s = {0};
	char pid[16];
	int result;

	if (dup2(fd3, 3) == -1 || fcntl(3, F_SETFD, 0) == -1 || fcntl(3, F_SETFL, 0) == -1)
		return 1;
	snprintf(pid, sizeof(pid), "%d", c->other_pid ? getppid() : getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", c->fds, 1);
	setenv("LISTEN_FDNAMES", "web", 1);
	result = sockets_inherit(&s);
	if (result != c->result || s.n != c->n)
		return 2;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
		return 3;
	if (s.n > 0 &&
	    (s.fd[0] != 3 || !(fcntl(3, F_GETFD) & FD_CLOEXEC) ||
		!(fcntl(3, F_GETFL) & O_NONBLOCK)))
		return 4;
	return 0;
}

LISTENERS_TEST(sockets_are_inherited_if_they_are_for_us_and_listening)
{
	static const struct inheritance cases[] = {
	    {"a listening socket", false, "1", SOCK_STREAM, true, 0, 1},
	    {"for another process", true, "1", SOCK_STREAM, true, 0, 0},
	    {"none", false, "0", SOCK_STREAM, true, 0, 0},
	    {"no number", false, "x", SOCK_STREAM, true, -1, 0},
	    {"too many", false, "65", SOCK_STREAM, true, -1, 0},
	    {"too many for another process", true, "65", SOCK_STREAM, true, 0, 0},
	    {"not listening", false, "1", SOCK_STREAM, false, -1, 0},
	    {"UDP", false, "1", SOCK_DGRAM, false, -1, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd = socket(AF_INET, cases[i].type | SOCK_CLOEXEC, 0), status;
		pid_t pid;

		assert_int_not_equal(fd, -1);
		if (cases[i].listening)
			assert_int_equal(listen(fd, 1), 0);
		pid = fork();
		assert_int_not_equal(pid, -1);
		if (pid == 0)
			_exit(inherit(&cases[i], fd));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s: step %d", cases[i].name, WEXITSTATUS(status));
		closefd(&fd);
	}
}

LISTENERS_TEST(addresses_are_formatted_with_their_port)
{
	static const struct {
		struct socket_address a;
		const char *text;
		bool loopback;
	} cases[] = {
	    {{.ip = {.b = {127, 1, 2, 3}, .len = 4}, .port = 80}, "127.1.2.3:80", true},
	    {{.ip = {.b = {128, 0, 0, 1}, .len = 4}, .port = 65535}, "128.0.0.1:65535", false},
	    {{.ip = {.b = {[15] = 1}, .len = 16}, .port = 4000}, "[::1]:4000", true},
	    {{.ip = {.b = {0}, .len = 16}, .port = 4000}, "[::]:4000", false},
	    {{.ip = {.b = {0x20, 1, 0xd, 0xb8, [15] = 9}, .len = 16}}, "[2001:db8::9]:0",
		false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[SOCKET_ADDRESS_TEXT_SIZE];

		socket_address_format(&cases[i].a, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(socket_address_is_loopback(&cases[i].a), cases[i].loopback);
	}
}

TEST_MAIN(NULL, NULL)
