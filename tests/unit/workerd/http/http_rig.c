/*
 * The rig: a server, its handler, and the client ends of loopback connections.
 */
#include "tests/unit/workerd/http/http_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

struct rig rig;

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
	} else if (slice_eq_str(path, "/ws")) {
		rig.upgrade(x);
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
	    .answered = on_answered,
	};

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
	return 0;
}

int
rig_tear_down(void **state)
{
	(void)state;
	rig_stop();
	event_free(tick);
	event_base_free(base);
	return 0;
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

/* A connected pair over loopback; the server's side is non-blocking. */
static void
tcp_pair(int *mine, int *its, int buffer)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(sin);

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
}

void
client_open_with(struct client *cl, int buffer)
{
	static const uint8_t address[4] = {192, 0, 2, 1};
	struct http_peer peer = {.address = {address, 4}, .port = 4711, .loopback = true};
	int its;

	*cl = (struct client){.fd = -1};
	buf_init(&cl->in, 64 * 1024 * 1024);
	tcp_pair(&cl->fd, &its, buffer);
	assert_int_equal(http_server_adopt(rig.server, its, 1, &peer), 0);
}

void
client_open(struct client *cl)
{
	client_open_with(cl, 0);
}

void
client_close(struct client *cl)
{
	closefd(&cl->fd);
	buf_clear(&cl->in);
}

void
client_send_bytes(struct client *cl, const char *p, size_t len)
{
	assert_int_equal(send(cl->fd, p, len, MSG_NOSIGNAL), (ssize_t)len);
}

void
client_send(struct client *cl, const char *text)
{
	client_send_bytes(cl, text, strlen(text));
}

void
client_keep(struct client *cl)
{
	size_t n = rig.n_kept + 1;

	client_send(cl, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	WAIT_FOR(rig.n_kept == n);
}

void
client_stream(struct client *cl, const char *type)
{
	client_keep(cl);
	reply_start(rig.kept[rig.n_kept - 1], 200);
	reply_stream_begin(rig.kept[rig.n_kept - 1], type);
}

void
rig_open(struct client *cl)
{
	rig_start();
	client_open(cl);
}

void
client_read(struct client *cl)
{
	ssize_t n;
	char bytes[65536];

	if (cl->eof || cl->reset)
		return;
	n = recv(cl->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0)
		assert_int_equal(buf_append(&cl->in, bytes, (size_t)n), 0);
	else if (n == 0)
		cl->eof = true;
	else if (errno == ECONNRESET)
		cl->reset = true;
}

bool
client_has(struct client *cl, const char *text)
{
	client_read(cl);
	return memmem(buf_data(&cl->in), buf_len(&cl->in), text, strlen(text)) != NULL;
}

size_t
client_count(struct client *cl, const char *text)
{
	const uint8_t *p, *from;
	size_t n = 0;

	client_read(cl);
	from = buf_data(&cl->in);
	for (;;) {
		p = memmem(from, buf_len(&cl->in) - (size_t)(from - buf_data(&cl->in)), text,
		    strlen(text));
		if (p == NULL)
			return n;
		n++;
		from = p + 1;
	}
}

bool
client_ends_with(struct client *cl, const char *text)
{
	size_t len = strlen(text);

	client_read(cl);
	return buf_len(&cl->in) >= len &&
	    memcmp(buf_data(&cl->in) + buf_len(&cl->in) - len, text, len) == 0;
}

size_t
client_received(struct client *cl)
{
	client_read(cl);
	return buf_len(&cl->in);
}

bool
client_at_end(struct client *cl)
{
	client_read(cl);
	return cl->eof;
}

bool
client_begins_with(struct client *cl, const char *text)
{
	size_t len = strlen(text);

	client_read(cl);
	return buf_len(&cl->in) >= len && memcmp(buf_data(&cl->in), text, len) == 0;
}

bool
client_was_reset(struct client *cl)
{
	client_read(cl);
	return cl->reset;
}

bool
client_gets(struct client *cl, const char *text)
{
	struct pollfd more = {.fd = cl->fd, .events = POLLIN};
	uint64_t until = clock_mono_ms() + WAIT_MS;

	while (!client_ends_with(cl, text)) {
		if (clock_mono_ms() >= until)
			return false;
		(void)poll(&more, 1, 1000);
	}
	return true;
}

/* SIOCOUTQ (tcp(7)): bytes that the peer has not acknowledged. */
void
client_arrives(const struct client *cl)
{
	struct pollfd end = {.fd = cl->fd};
	uint64_t until = clock_mono_ms() + WAIT_MS;
	int left;

	for (;;) {
		assert_int_equal(ioctl(cl->fd, SIOCOUTQ, &left), 0);
		if (left == 0 || poll(&end, 1, 1) > 0)
			return;
		assert_true(clock_mono_ms() < until);
	}
}

void
client_reset(struct client *cl)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(cl->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	client_close(cl);
}
