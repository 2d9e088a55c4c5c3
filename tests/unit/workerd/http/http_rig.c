/*
 * The rig: a server, its handler, and the client ends of loopback connections.
 */
#include "tests/unit/workerd/http/http_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

#define CLIENTS_MAX 512
#define TEXTS_MAX   8

struct rig rig;
struct client *cl;

static struct client clients[CLIENTS_MAX]; /* fd is -1: not in use */
static uint8_t *texts[TEXTS_MAX];
static struct event_base *base;
static struct event *tick;

static void
on_close(struct http_exchange *x)
{
	assert_ptr_equal(x->data, &rig.handled);
	rig.closed++;
}

static void
keep(struct http_exchange *x)
{
	assert_true(rig.n_kept < KEPT_MAX);
	x->data = &rig.handled;
	x->on_close = on_close;
	rig.kept[rig.n_kept++] = x;
}

static void
handle(struct http_exchange *x, void *ctx)
{
	struct slice path = x->req->path;

	assert_ptr_equal(ctx, &rig.server);
	rig.handled++;
	if (slice_eq_str(path, "/keep")) {
		keep(x);
	} else if (rig.handle != NULL) {
		rig.handle(x);
	} else if (slice_eq_str(path, "/echo")) {
		(void)snprintf(rig.last_body, sizeof(rig.last_body), "%.*s", (int)x->body.len,
		    (const char *)x->body.p);
		reply_start(x, 200);
		reply_body(x, "text/plain", x->body);
	} else if (slice_eq_str(path, "/empty")) {
		reply_start(x, 204);
		reply_empty(x);
	} else if (slice_eq_str(path, "/big")) {
		reply_start(x, 200);
		reply_static(x, "text/plain", rig.big);
	} else if (slice_eq_str(path, "/bigcopy")) {
		reply_start(x, 200);
		reply_body(x, "text/plain", rig.big);
	} else if (slice_eq_str(path, "/abort")) {
		keep(x);
		rig.n_kept--;
		reply_abort(x);
	} else {
		reply_start(x, 200);
		reply_header(x, "X-Query", x->req->query);
		reply_body(x, "text/plain", slice_str("hello"));
	}
}

static bool
on_arrived(const struct http_peer *peer, uint64_t *place, void *ctx)
{
	assert_ptr_equal(ctx, &rig.server);
	assert_int_equal(peer->port, 4711);
	if (!rig.full)
		*place = ++rig.arrived;
	return !rig.full;
}

static void
on_left(uint64_t place, void *ctx)
{
	assert_ptr_equal(ctx, &rig.server);
	assert_in_range(place, 1, rig.arrived);
	rig.left++;
}

static const struct http_route *
route(const struct http_request *req, void *ctx)
{
	static const struct http_route echo = {.body_max = 100000}, other = {.body_max = 10};

	assert_ptr_equal(ctx, &rig.server);
	return slice_eq_str(req->path, "/echo") ? &echo : &other;
}

/* Like the API's CORS headers: depends on the request, even on an unreadable one. */
static int
decorate(struct http_exchange *x, struct buf *out, void *ctx)
{
	struct slice origin = http_header(x->req, "origin");

	assert_ptr_equal(ctx, &rig.server);
	if (buf_append_str(out, "X-Frame-Options: DENY\r\n") == -1)
		return -1;
	if (origin.p != NULL)
		reply_header(x, "Access-Control-Allow-Origin", origin);
	return 0;
}

static void
on_answered(struct http_exchange *x, void *ctx)
{
	(void)x;
	assert_ptr_equal(ctx, &rig.server);
	rig.answered++;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
rig_start(void)
{
	struct http_server_config config = {
	    .base = base,
	    .limits = rig.limits,
	    .ctx = &rig.server,
	    .handle = handle,
	    .admit = on_arrived,
	    .release = on_left,
	    .route = route,
	    .decorate = decorate,
	    .replied = on_answered,
	};

	if (rig.minimal) {
		config.admit = NULL;
		config.release = NULL;
		config.route = NULL;
		config.decorate = NULL;
		config.replied = NULL;
	}
	rig.server = http_server_new(&config);
}

void
rig_stop(void)
{
	http_server_free(rig.server);
	rig.server = NULL;
}

int
rig_set_up(void **state)
{
	static const struct timeval every = {.tv_usec = 2000};

	(void)state;
	rig_loud();
	base = event_base_new();
	tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	event_add(tick, &every);
	rig = (struct rig){.limits = http_limits_default};
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		clients[i].fd = -1;
	return 0;
}

int
rig_set_up_open(void **state)
{
	rig_set_up(state);
	rig_open();
	return 0;
}

int
rig_tear_down(void **state)
{
	(void)state;
	rig_loud();
	rig_stop();
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].fd != -1)
			client_close(&clients[i]);
	for (size_t i = 0; i < TEXTS_MAX; i++) {
		free(texts[i]);
		texts[i] = NULL;
	}
	event_free(tick);
	event_base_free(base);
	return 0;
}

struct slice
rig_text(char c, size_t len)
{
	size_t i = 0;

	while (texts[i] != NULL)
		i++;
	assert_true(i < TEXTS_MAX);
	texts[i] = malloc(len);
	assert_non_null(texts[i]);
	memset(texts[i], c, len);
	return (struct slice){texts[i], len};
}

void
rig_turn(void)
{
	event_base_loop(base, EVLOOP_ONCE);
	http_server_turn_end(rig.server);
}

struct http_conn *
rig_conn(void)
{
	assert_int_equal(http_server_connections(rig.server), 1);
	return TAILQ_FIRST(&rig.server->all);
}

void
rig_quiet(void)
{
	log_open("test", (enum log_level)0);
}

void
rig_loud(void)
{
	log_open("test", LOG_WARN);
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
	const int on = 1;

	assert_int_not_equal(listener, -1);
	if (buffer != 0)
		assert_int_equal(
		    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sin, &len), 0);
	*mine = socket(AF_INET, SOCK_STREAM, 0);
	if (buffer != 0)
		assert_int_equal(
		    setsockopt(*mine, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
	assert_int_equal(connect(*mine, (struct sockaddr *)&sin, sizeof(sin)), 0);
	*its = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_int_not_equal(*its, -1);
	close(listener);
	assert_int_equal(fd_nonblock(*mine), 0);
	assert_int_equal(setsockopt(*mine, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(*its, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
}

struct client *
client_open_with(int buffer)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	struct http_peer peer = {.address = {address, 4}, .port = 4711, .loopback = true};
	struct client *c = clients;
	int its;

	while (c->fd != -1)
		c++;
	assert_true(c < clients + CLIENTS_MAX);
	*c = (struct client){.fd = -1};
	buf_init(&c->in, 64 * 1024 * 1024);
	tcp_pair(&c->fd, &its, buffer);
	assert_int_equal(http_server_adopt(rig.server, its, 1, &peer), 0);
	return c;
}

struct client *
client_open(void)
{
	return client_open_with(0);
}

void
rig_open(void)
{
	rig_start();
	cl = client_open();
}

void
client_close(struct client *c)
{
	closefd(&c->fd);
	buf_clear(&c->in);
}

void
client_send_bytes(struct client *c, const char *p, size_t len)
{
	assert_int_equal(send(c->fd, p, len, MSG_NOSIGNAL), (ssize_t)len);
}

void
client_send(struct client *c, const char *text)
{
	client_send_bytes(c, text, strlen(text));
}

struct http_exchange *
rig_kept(void)
{
	size_t n = rig.n_kept;

	WAIT_FOR(rig.n_kept > n);
	return rig.kept[n];
}

struct http_exchange *
client_keep(struct client *c)
{
	client_send(c, GET("/keep"));
	return rig_kept();
}

struct http_exchange *
client_stream(struct client *c, const char *type)
{
	struct http_exchange *x = client_keep(c);

	stream_begin(x, type);
	return x;
}

void
answer(struct http_exchange *x, const char *text)
{
	reply_start(x, 200);
	reply_body(x, "text/plain", slice_str(text));
}

void
stream_begin(struct http_exchange *x, const char *type)
{
	reply_start(x, 200);
	reply_stream_begin(x, type);
}

void
stream_write(struct http_exchange *x, const char *piece)
{
	assert_int_equal(reply_stream_write(x, slice_str(piece)), 0);
}

void
client_read(struct client *c)
{
	ssize_t n;
	char bytes[65536];

	if (c->eof || c->reset)
		return;
	n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		assert_int_equal(buf_append(&c->in, bytes, (size_t)n), 0);
	else if (n == 0)
		c->eof = true;
	else if (errno == ECONNRESET)
		c->reset = true;
}

bool
client_has(struct client *c, const char *text)
{
	client_read(c);
	return memmem(buf_data(&c->in), buf_len(&c->in), text, strlen(text)) != NULL;
}

size_t
client_count(struct client *c, const char *text)
{
	const uint8_t *p, *from;
	size_t n = 0;

	client_read(c);
	from = buf_data(&c->in);
	for (;;) {
		p = memmem(from, buf_len(&c->in) - (size_t)(from - buf_data(&c->in)), text,
		    strlen(text));
		if (p == NULL)
			return n;
		n++;
		from = p + 1;
	}
}

bool
client_ends_with(struct client *c, const char *text)
{
	size_t len = strlen(text);

	client_read(c);
	return buf_len(&c->in) >= len &&
	    memcmp(buf_data(&c->in) + buf_len(&c->in) - len, text, len) == 0;
}

size_t
client_received(struct client *c)
{
	client_read(c);
	return buf_len(&c->in);
}

bool
client_at_end(struct client *c)
{
	client_read(c);
	return c->eof;
}

bool
client_begins_with(struct client *c, const char *text)
{
	size_t len = strlen(text);

	client_read(c);
	return buf_len(&c->in) >= len && memcmp(buf_data(&c->in), text, len) == 0;
}

bool
client_was_reset(struct client *c)
{
	client_read(c);
	return c->reset;
}

bool
client_gets(struct client *c, const char *text)
{
	struct pollfd more = {.fd = c->fd, .events = POLLIN};
	uint64_t until = clock_mono_ms() + WAIT_MS;

	while (!client_ends_with(c, text)) {
		if (clock_mono_ms() >= until)
			return false;
		(void)poll(&more, 1, 1000);
	}
	return true;
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

void
client_reset(struct client *c)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	client_close(c);
}
