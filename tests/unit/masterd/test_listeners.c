/*
 * Listening sockets: which are opened or inherited, what an accepted connection looks like, and
 * when accepting pauses.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "masterd/listeners.h"
#include "tests/unit/masterd/master_worker.h"

static struct test_master master;
static struct listeners *listeners;
static struct test_worker worker;
static int first_listener; /* of those that serve() has opened; borrowed */

static void
on_room(void *ctx)
{
	(void)ctx;
	listeners_resume(listeners);
}

static const struct worker_hooks hooks = TEST_WORKER_HOOKS(master.dispatch);

FIXTURE(set_up)
{
	test_master_init(&master, on_room);
	listeners = listeners_new(master.base);
	worker = TEST_WORKER_NONE;
}

FIXTURE(tear_down)
{
	listeners_free(listeners);
	test_worker_free(&worker);
	test_master_clear(&master);
}

static struct listen_address
address(const char *host, uint16_t port)
{
	struct listen_address a;
	int len = sizeof(a.sa);

	assert_int_equal(evutil_parse_sockaddr_port(host, (struct sockaddr *)&a.sa, &len), 0);
	a.len = (socklen_t)len;
	/* At the same place in struct sockaddr_in6. */
	((struct sockaddr_in *)&a.sa)->sin_port = htons(port);
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

/* Port 0 of these addresses, which the kernel replaces by a free one. */
static struct listen_list
list_of(const char *first, const char *second)
{
	struct listen_list list = {.n = 1, .at = {address(first, 0)}};

	if (second != NULL)
		list.at[list.n++] = address(second, 0);
	return list;
}

static int
connect_v4(uint16_t port)
{
	return connect_to(address("127.0.0.1", port));
}

static uint16_t
port_of(int fd)
{
	return socket_address_bound(fd).port;
}

/* Opens the list, which must succeed, and starts to accept; port gets each socket's port. */
static void
serve(struct listen_list list, uint16_t *port)
{
	struct sockets s = {0};

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	for (size_t i = 0; i < s.n; i++)
		port[i] = port_of(s.at[i].fd);
	first_listener = s.at[0].fd;
	listeners_add(listeners, &s);
	assert_int_equal(s.n, 0);
	listeners_start(listeners, master.dispatch);
}

/* Serves one IPv4 address; returns its port. */
static uint16_t
serve_v4(void)
{
	uint16_t port;

	serve(list_of("127.0.0.1", NULL), &port);
	return port;
}

static void
start_worker(void)
{
	test_worker_start_plain(&worker, master.base, 0, &hooks);
	test_worker_hello(&worker);
}

static void
start_ready_worker(void)
{
	start_worker();
	AWAIT(master.base, dispatch_workers(master.dispatch) == 1);
}

/* Waits until the worker has a connection with this client's port, in worker.fd. */
static void
expect_connection(int client, bool loopback)
{
	const struct msg_connection *m = &worker.m.connection;

	AWAIT(master.base, test_worker_hear(&worker) == MSG_CONNECTION);
	assert_int_not_equal(worker.fd, -1);
	if (m->peer.len == 4)
		assert_memory_equal(m->peer.p, "\x7f\0\0\1", 4);
	else
		assert_memory_equal(m->peer.p, &in6addr_loopback, 16);
	assert_int_equal(m->port, port_of(client));
	assert_int_equal(m->loopback, loopback);
}

/* A client of each family gets to the worker. */
static void
expect_both_families(uint16_t port_v4, uint16_t port_v6, bool loopback)
{
	int v4, v6;

	start_worker();
	v4 = connect_v4(port_v4);
	expect_connection(v4, loopback);
	assert_int_equal(worker.m.connection.peer.len, 4);
	v6 = connect_to(address("::1", port_v6));
	expect_connection(v6, loopback);
	assert_int_equal(worker.m.connection.peer.len, 16);
	closefd(&v4);
	closefd(&v6);
}

FIXTURE_TEST(both_families_are_served)
{
	uint16_t port[2];

	serve(list_of("127.0.0.1", "::1"), port);
	expect_both_families(port[0], port[1], true);
}

/* Its peers are proxies: what they forward is never local. */
FIXTURE_TEST(a_proxied_listener_is_marked_and_never_loopback)
{
	const struct listen_list list = list_of("127.0.0.1", NULL);
	struct sockets s = {0};
	uint16_t plain, proxied;
	int client;

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	assert_int_equal(sockets_open_proxied(&s, &(struct listen_list){0}), 0);
	assert_int_equal(s.n, 1);
	assert_int_equal(sockets_open_proxied(&s, &list), 0);
	assert_int_equal(s.n, 2);
	plain = port_of(s.at[0].fd);
	proxied = port_of(s.at[1].fd);
	listeners_add(listeners, &s);
	listeners_start(listeners, master.dispatch);
	start_worker();
	client = connect_v4(proxied);
	expect_connection(client, false);
	assert_true(worker.m.connection.proxied);
	closefd(&client);
	client = connect_v4(plain);
	expect_connection(client, true);
	assert_false(worker.m.connection.proxied);
	closefd(&client);
}

FIXTURE_TEST(without_a_list_one_socket_takes_both_families)
{
	uint16_t port;

	serve((struct listen_list){0}, &port);
	expect_both_families(port, port, false);
}

/* [::] must take IPv6 only if the list has 0.0.0.0 with the same port, or else the second bind fails. */
FIXTURE_TEST(a_v6_address_accepts_v4_only_if_the_list_has_no_v4_address_of_its_port)
{
	static const struct {
		const char *first, *second; /* NULL: the list has one address */
		bool first_has_port, second_has_port, v4;
	} cases[] = {
	    {"::", NULL, true, false, true},
	    {"::", "0.0.0.0", true, true, true},
	    {"0.0.0.0", "::", true, true, true},
	    {"127.0.0.1", "::", false, true, true},
	    {"::1", NULL, true, false, false},
	};
	struct listen_list list = list_of("::", NULL);
	struct sockets s = {0};
	uint16_t port;

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	port = port_of(s.at[0].fd);
	sockets_close(&s);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int fd;

		list = list_of(cases[i].first, cases[i].second);
		if (cases[i].first_has_port)
			list.at[0] = address(cases[i].first, port);
		if (cases[i].second_has_port)
			list.at[1] = address(cases[i].second, port);
		assert_int_equal(sockets_open(&s, &list, 0), 0);
		assert_int_equal(s.n, list.n);
		fd = connect_v4(port);
		assert_int_equal(fd != -1, cases[i].v4);
		closefd(&fd);
		sockets_close(&s);
	}
}

FIXTURE_TEST(an_address_in_use_is_refused_and_the_others_opened)
{
	struct listen_list list = list_of("127.0.0.1", NULL);
	struct sockets first = {0}, second = {0};

	assert_int_equal(sockets_open(&first, &list, 0), 0);
	list = list_of("127.0.0.1", "127.0.0.1");
	list.at[0] = address("127.0.0.1", port_of(first.at[0].fd));
	assert_int_equal(sockets_open(&second, &list, 0), -1);
	assert_int_equal(second.n, 1);
	sockets_close(&first);
	sockets_close(&second);
}

FIXTURE_TEST(a_connection_has_its_options_and_does_not_block)
{
	int client = connect_v4(serve_v4()), nodelay = 0, unsent = 0;
	socklen_t len = sizeof(nodelay);

	start_worker();
	expect_connection(client, true);
	assert_int_equal(getsockopt(worker.fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
	assert_int_equal(nodelay, 1);
	assert_int_equal(
	    getsockopt(worker.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, &len), 0);
	assert_in_range(unsent, 1, 1024 * 1024);
	assert_true(fcntl(worker.fd, F_GETFL) & O_NONBLOCK);
	closefd(&client);
}

/* The loop does not spin while nothing can be done. */
static void
expect_rest(void)
{
	uint64_t until = clock_mono_ms() + 50;
	unsigned turns = 0;

	while (clock_mono_ms() < until) {
		test_loop_once(master.base, 50);
		turns++;
	}
	/* The tick, and the event just before it. */
	assert_in_range(turns, 1, 4);
}

static void
connect_all(int clients[], size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		clients[i] = connect_v4(port);
}

static void
expect_all(int clients[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		expect_connection(clients[i], true);
		closefd(&clients[i]);
	}
}

FIXTURE_TEST(without_a_worker_connections_wait_in_the_kernel)
{
	int clients[10];

	connect_all(clients, ARRAY_LEN(clients), serve_v4());
	expect_rest();
	start_worker();
	expect_all(clients, ARRAY_LEN(clients));
}

FIXTURE_TEST(without_descriptors_accepting_pauses_and_resumes)
{
	struct rlimit before, none;
	int client = connect_v4(serve_v4()), next;

	start_worker();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	/* The lowest free descriptor is the first that the limit excludes. */
	next = dup(client);
	none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
	closefd(&next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	expect_rest();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_all(&client, 1);
}

FIXTURE_TEST(closing_accepts_what_is_already_connected)
{
	uint16_t port = serve_v4();
	int clients[3];

	start_ready_worker();
	connect_all(clients, ARRAY_LEN(clients), port);
	await_backlog(first_listener, ARRAY_LEN(clients));
	listeners_close(listeners);
	expect_all(clients, ARRAY_LEN(clients));
	assert_int_equal(connect_v4(port), -1);
}

FIXTURE_TEST(an_inherited_backlog_is_left_to_the_next_owner)
{
	const struct listen_list list = list_of("127.0.0.1", NULL);
	struct sockets s = {0};
	int manager, client, fd;

	assert_int_equal(sockets_open(&s, &list, 0), 0);
	manager = fcntl(s.at[0].fd, F_DUPFD_CLOEXEC, 0);
	s.at[0].inherited = true;
	listeners_add(listeners, &s);
	listeners_start(listeners, master.dispatch);
	start_ready_worker();
	client = connect_v4(port_of(manager));
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
	const char *names;
	bool proxied;
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
	if (c->names != NULL)
		setenv("LISTEN_FDNAMES", c->names, 1);
	result = sockets_inherit(&s);
	if (result != c->result || s.n != c->n)
		return 2;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES"))
		return 3;
	if (s.n > 0 &&
	    (s.at[0].fd != 3 || !(fcntl(3, F_GETFD) & FD_CLOEXEC) ||
		!(fcntl(3, F_GETFL) & O_NONBLOCK)))
		return 4;
	if (s.n > 0 && (!s.at[0].inherited || s.at[0].proxied != c->proxied))
		return 5;
	return 0;
}

FIXTURE_TEST(sockets_are_inherited_if_they_are_for_us_and_listening)
{
	static const struct inheritance cases[] = {
	    {"a listening socket", false, "1", SOCK_STREAM, true, 0, 1, "web", false},
	    {"without names", false, "1", SOCK_STREAM, true, 0, 1, NULL, false},
	    {"named proxy", false, "1", SOCK_STREAM, true, 0, 1, "proxy", true},
	    {"more names", false, "1", SOCK_STREAM, true, 0, 1, "web:proxy", false},
	    {"for another process", true, "1", SOCK_STREAM, true, 0, 0, "web", false},
	    {"none", false, "0", SOCK_STREAM, true, 0, 0, "web", false},
	    {"no number", false, "x", SOCK_STREAM, true, -1, 0, "web", false},
	    {"too many", false, "65", SOCK_STREAM, true, -1, 0, "web", false},
	    {"too many for another process", true, "65", SOCK_STREAM, true, 0, 0, "web", false},
	    {"not listening", false, "1", SOCK_STREAM, false, -1, 0, "web", false},
	    {"UDP", false, "1", SOCK_DGRAM, false, -1, 0, "web", false},
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

FIXTURE_TEST(addresses_are_formatted_with_their_port)
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
