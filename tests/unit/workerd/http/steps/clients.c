/*
 * The clients' ends of the connections.
 */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/unit/workerd/http/steps/http_world.h"

#define RECEIVED_MAX (64u * 1024 * 1024)

static struct client *
find(const char *name)
{
	for (size_t i = 0; i < world.clients_n; i++)
		if (strcmp(world.clients[i]->name, name) == 0)
			return world.clients[i];
	return NULL;
}

struct client *
client_named(const char *name)
{
	struct client *c = find(name);

	return c == NULL ? client_connect(name, 0, NULL) : c;
}

struct client *
client_of(const struct http_exchange *x)
{
	for (size_t i = 0; i < world.clients_n; i++)
		if (world.clients[i]->number == x->number)
			return world.clients[i];
	fail_msg("an exchange of no client");
	return NULL;
}

struct http_conn *
client_conn(const struct client *c)
{
	struct http_conn *conn = NULL;

	TAILQ_FOREACH (conn, &world.server->all, all)
		if (conn->number == c->number)
			break;
	return conn;
}

static void
set_option(int fd, int level, int option, int value)
{
	assert_int_equal(setsockopt(fd, level, option, &value, sizeof(value)), 0);
}

/* A connected pair over loopback; the server's side is as masterd passes it. Without TCP_NODELAY on
 * the other, Nagle's algorithm holds small pieces back until the previous one is acknowledged. */
static void
tcp_pair(int *mine, int *its, int buffer)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(sin);

	*mine = socket(AF_INET, SOCK_STREAM, 0);
	if (buffer != 0) {
		set_option(listener, SOL_SOCKET, SO_SNDBUF, buffer);
		set_option(*mine, SOL_SOCKET, SO_RCVBUF, buffer);
	}
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(connect(*mine, (struct sockaddr *)&sin, sizeof(sin)), 0);
	*its = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_int_not_equal(*its, -1);
	close(listener);
	assert_int_equal(fd_nonblock(*mine), 0);
	set_option(*mine, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(*its, IPPROTO_TCP, TCP_NODELAY, 1);
}

static struct client *
add_client(const char *name)
{
	struct client *c = values_alloc(world.values, sizeof(*c));
	char *copy = values_alloc(world.values, strlen(name) + 1);

	memcpy(copy, name, strlen(name) + 1);
	c->name = copy;
	c->fd = -1;
	world.clients =
	    xreallocarray(world.clients, world.clients_n + 1, sizeof(struct client *));
	world.clients[world.clients_n++] = c;
	return c;
}

struct client *
client_connect(const char *name, int buffer, const struct words *step)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	struct http_peer peer = {.address = {address, 4}, .port = 4711, .loopback = true};
	struct client *c = find(name);
	int its;

	if (c == NULL)
		c = add_client(name);
	else if (c->fd != -1)
		scenario_fail("%s is connected", name);
	if (world.server == NULL)
		world_start();
	*c = (struct client){.name = c->name, .fd = -1, .number = ++world.number};
	buf_init(&c->in, RECEIVED_MAX);
	tcp_pair(&c->fd, &its, buffer);
	c->proxied = step != NULL && step_option(step, "proxied") != NULL;
	peer.loopback = !c->proxied;
	assert_int_equal(c->proxied
		? http_server_adopt_proxied(world.server, its, c->number, &peer)
		: http_server_adopt(world.server, its, c->number, &peer),
	    0);
	if (world.tls != NULL && (step == NULL || step_option(step, "plain") == NULL)) {
		if (c->proxied)
			client_send_raw(
			    c, slice_str("PROXY TCP4 203.0.113.9 192.0.2.1 56324 443\r\n"));
		client_begin_tls(c, step);
	}
	return c;
}

void
client_close(struct client *c)
{
	closefd(&c->fd);
	buf_clear(&c->in);
	buf_clear(&c->pieces);
	client_end_tls(c);
}

void
client_send_raw(struct client *c, struct slice bytes)
{
	for (size_t at = 0; at < bytes.len;) {
		ssize_t n = send(c->fd, bytes.p + at, bytes.len - at, MSG_NOSIGNAL);

		if (n == -1 && errno != EAGAIN)
			return; /* the server has closed the connection */
		at += n > 0 ? (size_t)n : 0;
		if (at < bytes.len)
			world_turn();
	}
}

void
client_send(struct client *c, struct slice bytes)
{
	if (c->ssl == NULL)
		client_send_raw(c, bytes);
	else
		client_encrypt(c, bytes);
}

void
client_read(struct client *c)
{
	uint8_t bytes[65536];
	ssize_t n;

	if (c->eof || c->reset || c->fd == -1)
		return;
	n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	c->eof = n == 0;
	c->reset = n == -1 && errno == ECONNRESET;
	n = n > 0 ? n : 0;
	c->received += (size_t)n;
	if (c->ssl != NULL)
		client_decrypt(c, bytes, (size_t)n);
	else
		assert_int_equal(buf_append(&c->in, bytes, (size_t)n), 0);
}

/* SIOCOUTQ (tcp(7)): bytes that the peer has not acknowledged. */
void
client_arrives(const struct client *c)
{
	struct pollfd end = {.fd = c->fd};
	uint64_t until = clock_mono_ms() + WAIT_MS;
	int left;

	for (;;) {
		assert_int_equal(ioctl(c->fd, SIOCOUTQ, &left), 0);
		if (left == 0 || poll(&end, 1, 1) > 0)
			return;
		assert_true(clock_mono_ms() < until);
	}
}
