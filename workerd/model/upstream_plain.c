/*
 * The states of a connection, which is kept between two transfers:
 *
 *	CONNECTING ──▶ SENDING ──▶ ANSWERING ──▶ KEPT ──▶ CONNECTING …
 *
 * It ends in upstream_plain_conn_free(): when the server closes it or sends data without a
 * request, or when the transfer ends before its response is complete.
 */
#include "workerd/model/upstream_internal.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_response.h"

#define HEAD_MAX  16384 /* bytes of a request's head; the key may have 4096 */
#define KEPT_MAX  64
#define READ_SIZE 16384

enum plain_state { PLAIN_CONNECTING, PLAIN_SENDING, PLAIN_ANSWERING, PLAIN_KEPT };

struct upstream_plain_conn {
	struct upstream_plain *plain;
	struct upstream_transfer *transfer; /* NULL: KEPT */
	enum plain_state state;
	int fd;
	int error; /* from the start; the loop reports it */
	short watching;
	bool used;  /* for an earlier response */
	bool heard; /* a part of this response has arrived */
	struct event event;
	struct buf head;  /* the unsent part of the request's head */
	size_t body_sent; /* bytes of the request's body */
	struct upstream_response answer;
	uint64_t kept_ms; /* when it became KEPT */
	LIST_ENTRY(upstream_plain_conn) link;
};

struct upstream_plain {
	struct upstream *upstream;
	struct sockaddr_storage address;
	socklen_t address_len;
	struct buf head; /* of each request, up to Content-Length */
	LIST_HEAD(upstream_plain_conns, upstream_plain_conn)
	busy, kept; /* the last one kept comes first */
	size_t n_kept;
	struct event *rest; /* closes idle connections; set while there are any */
	uint8_t scratch[READ_SIZE];
};

static void upstream_plain_on_event(evutil_socket_t fd, short what, void *arg);

static void
upstream_plain_conn_free(struct upstream_plain_conn *c)
{
	if (c->transfer != NULL)
		c->transfer->plain = NULL;
	else
		c->plain->n_kept--;
	event_del(&c->event);
	closefd(&c->fd);
	LIST_REMOVE(c, link);
	buf_wipe(&c->head);
	upstream_response_clear(&c->answer);
	free(c);
}

static void
upstream_plain_watch(struct upstream_plain_conn *c, short what)
{
	if (c->watching == what)
		return;
	if (c->watching != 0)
		event_del(&c->event);
	must(event_assign(&c->event, c->plain->upstream->base, c->fd,
		 (short)(what | EV_PERSIST), upstream_plain_on_event, c) == 0 &&
	    event_add(&c->event, NULL) == 0);
	c->watching = what;
}

/* Ends the transfer and closes its connection. */
static void
upstream_plain_end(struct upstream_plain_conn *c, enum upstream_end how, const char *detail)
{
	struct upstream_transfer *t = c->transfer;

	upstream_plain_conn_free(c);
	upstream_transfer_over(t, how, detail);
}

/* The connection broke. If the server closed a reused one before it sent anything, the request
 * may not have been read. */
static void
upstream_plain_broke(struct upstream_plain_conn *c, const char *detail)
{
	if (c->used && !c->heard)
		upstream_plain_end(c, UPSTREAM_STALE, "a kept connection had died");
	else if (!c->transfer->sent)
		upstream_plain_end(c, UPSTREAM_CONNECT, detail);
	else
		upstream_plain_end(c, UPSTREAM_BROKEN, detail);
}

static void
upstream_plain_on_rest(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_plain *p = arg;
	uint64_t now = clock_mono_ms(), rest = p->upstream->rest_ms, next = 0;
	struct upstream_plain_conn *c, *after;

	(void)fd;
	(void)what;
	for (c = LIST_FIRST(&p->kept); c != NULL; c = after) {
		after = LIST_NEXT(c, link);
		if (now >= c->kept_ms + rest)
			upstream_plain_conn_free(c);
		else
			next = c->kept_ms + rest - now;
	}
	if (next > 0) {
		struct timeval in = clock_timeval(next);

		evtimer_add(p->rest, &in);
	}
}

static void
upstream_plain_keep(struct upstream_plain_conn *c)
{
	struct upstream_plain *p = c->plain;
	struct timeval in = clock_timeval(p->upstream->rest_ms);

	c->transfer = NULL;
	c->state = PLAIN_KEPT;
	c->used = true;
	c->kept_ms = clock_mono_ms();
	upstream_response_reset(&c->answer);
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&p->kept, c, link);
	p->n_kept++;
	if (!evtimer_pending(p->rest, NULL))
		evtimer_add(p->rest, &in);
}

/* The response is complete. */
static void
upstream_plain_done(struct upstream_plain_conn *c)
{
	struct upstream_transfer *t = c->transfer;

	if (!c->answer.keep_alive || c->state != PLAIN_ANSWERING ||
	    c->plain->n_kept >= KEPT_MAX) {
		upstream_plain_end(c, UPSTREAM_DONE, "");
		return;
	}
	t->plain = NULL;
	upstream_plain_keep(c);
	upstream_transfer_over(t, UPSTREAM_DONE, "");
}

/* Sends what the socket accepts. -1 with errno if the connection is broken. */
static int
upstream_plain_send_body(struct upstream_plain_conn *c)
{
	const struct buf *body = &c->transfer->body;

	while (buf_len(&c->head) > 0 || c->body_sent < buf_len(body)) {
		/* iov_base is not const because readv(2) uses it too; nothing is written through
		 * it. */
		struct iovec iov[2] = {
		    {(void *)(uintptr_t)buf_data(&c->head), buf_len(&c->head)},
		    {(void *)(uintptr_t)(buf_data(body) + c->body_sent),
			buf_len(body) - c->body_sent},
		};
		struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
		ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		size_t of_head = buf_len(&c->head);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			upstream_plain_watch(c, EV_READ | EV_WRITE);
			return 0;
		}
		if (n == -1)
			return -1;
		c->transfer->sent = true;
		if ((size_t)n < of_head)
			of_head = (size_t)n;
		buf_consume(&c->head, of_head);
		c->body_sent += (size_t)n - of_head;
	}
	buf_wipe(&c->head);
	c->state = PLAIN_ANSWERING;
	upstream_plain_watch(c, EV_READ);
	return 0;
}

static void
upstream_plain_start_sending(struct upstream_plain_conn *c)
{
	const struct buf *head = &c->plain->head;

	c->state = PLAIN_SENDING;
	c->body_sent = 0;
	must(buf_reserve(&c->head, buf_len(head) + 64) != NULL &&
	    buf_append(&c->head, buf_data(head), buf_len(head)) == 0 &&
	    buf_printf(&c->head, "Content-Length: %zu\r\n\r\n", buf_len(&c->transfer->body)) ==
		0);
	if (upstream_plain_send_body(c) == -1)
		upstream_plain_broke(c, strerror(errno));
}

/* Parses received data until it is used up or the transfer ends. */
static void
upstream_plain_parse(struct upstream_plain_conn *c, struct slice in)
{
	struct upstream_transfer *t = c->transfer;
	struct slice piece;

	while (!t->cancelled) {
		switch (upstream_response_read(&c->answer, &in, &piece)) {
		case RESPONSE_MORE:
			return;
		case RESPONSE_HEAD:
			upstream_transfer_answered(
			    t, c->answer.status, c->answer.retry_after_s, c->body_sent);
			break;
		case RESPONSE_PIECE:
			upstream_backlog_deliver(t, piece);
			break;
		case RESPONSE_BAD:
			upstream_plain_end(c, UPSTREAM_BROKEN, "the answer is no HTTP");
			return;
		case RESPONSE_WHOLE:
			/* Data after the response belongs to no request. */
			if (in.len > 0)
				c->answer.keep_alive = false;
			upstream_plain_done(c);
			return;
		}
	}
}

/* Reads at most this many bytes. */
static void
upstream_plain_read_bytes(struct upstream_plain_conn *c, size_t most)
{
	struct upstream_plain *p = c->plain;
	ssize_t n = recv(c->fd, p->scratch, most < READ_SIZE ? most : READ_SIZE, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		if ((size_t)n == most)
			upstream_backlog_wait(c->transfer);
		c->heard = true;
		c->transfer->activity_ms = clock_mono_ms();
		upstream_plain_parse(c, (struct slice){p->scratch, (size_t)n});
	} else if (n == 0 && upstream_response_ends_here(&c->answer)) {
		upstream_plain_done(c);
	} else {
		upstream_plain_broke(
		    c, n == 0 ? "the server closed the connection" : strerror(errno));
	}
}

/* A transfer that must wait keeps its event: it is level-triggered, so the loop continues at
 * once until all have had their turn. */
static void
upstream_plain_read(struct upstream_plain_conn *c)
{
	size_t most = upstream_backlog_admits(c->transfer);

	if (most > 0)
		upstream_plain_read_bytes(c, most);
}

void
upstream_plain_resume(struct upstream_plain_conn *c)
{
	upstream_plain_read_bytes(c, READ_SIZE);
}

/* No data and no EOF before the request is sent: data would be taken for its response. */
static bool
upstream_plain_is_quiet(const struct upstream_plain_conn *c)
{
	uint8_t byte;

	return recv(c->fd, &byte, 1, MSG_PEEK) == -1 && errno == EAGAIN;
}

/* Whether the connection is usable; if not, the transfer has ended. */
static bool
upstream_plain_is_connected(struct upstream_plain_conn *c)
{
	int error = c->error;
	socklen_t len = sizeof(error);

	if (error == 0 && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 && (!c->used || upstream_plain_is_quiet(c)))
		return true;
	upstream_plain_broke(c, strerror(error));
	return false;
}

static void
upstream_plain_proceed(struct upstream_plain_conn *c, short what)
{
	switch (c->state) {
	case PLAIN_CONNECTING:
		if (upstream_plain_is_connected(c))
			upstream_plain_start_sending(c);
		break;
	case PLAIN_SENDING:
		/* A response may arrive before the request is sent completely; the rest is then
		 * not sent. */
		if (what & EV_READ)
			upstream_plain_read(c);
		else if (upstream_plain_send_body(c) == -1)
			upstream_plain_broke(c, strerror(errno));
		break;
	case PLAIN_ANSWERING:
		upstream_plain_read(c);
		break;
	case PLAIN_KEPT:
		upstream_plain_conn_free(c);
		break;
	}
}

/* Each step may free the connection; transfers are freed last. */
static void
upstream_plain_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_plain_conn *c = arg;
	struct upstream *u = c->plain->upstream;

	(void)fd;
	u->inside = true;
	upstream_plain_proceed(c, what);
	u->inside = false;
	upstream_settle(u);
}

/* A connected or connecting socket, or -1 with errno. */
static int
upstream_plain_open_socket(struct upstream_plain *p)
{
	int fd = socket(p->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd == -1)
		return -1;
	/* Failures are harmless. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)&p->address, p->address_len) == -1 &&
	    errno != EINPROGRESS) {
		int error = errno;

		closefd(&fd);
		errno = error;
	}
	return fd;
}

static void
upstream_plain_connect(struct upstream_plain *p, struct upstream_transfer *t)
{
	struct upstream_plain_conn *c = xcalloc(1, sizeof(*c));

	c->plain = p;
	c->transfer = t;
	t->plain = c;
	buf_init(&c->head, HEAD_MAX);
	upstream_response_init(&c->answer);
	c->fd = upstream_plain_open_socket(p);
	LIST_INSERT_HEAD(&p->busy, c, link);
	if (c->fd != -1) {
		upstream_plain_watch(c, EV_WRITE);
		return;
	}
	/* No transfer may end inside upstream_post(). */
	c->error = errno;
	must(
	    event_assign(&c->event, p->upstream->base, -1, 0, upstream_plain_on_event, c) == 0);
	event_active(&c->event, EV_WRITE, 0);
}

void
upstream_plain_send(struct upstream_plain *p, struct upstream_transfer *t)
{
	struct upstream_plain_conn *c = LIST_FIRST(&p->kept);

	if (c == NULL) {
		upstream_plain_connect(p, t);
		return;
	}
	p->n_kept--;
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&p->busy, c, link);
	c->transfer = t;
	t->plain = c;
	/* As for a new connection: the loop continues, and checks that it is still open. */
	c->state = PLAIN_CONNECTING;
	c->heard = false;
	upstream_plain_watch(c, EV_WRITE);
}

void
upstream_plain_release(struct upstream_transfer *t)
{
	if (t->plain != NULL)
		upstream_plain_conn_free(t->plain);
}

bool
upstream_plain_is_connecting(const struct upstream_plain_conn *c)
{
	return c->state == PLAIN_CONNECTING;
}

/* The parts of "http://address:port/path"; the path is the rest of the URL. */
struct upstream_plain_url {
	char host[64];
	uint16_t port;
	bool v6;
	const char *path;
};

/* Moves *rest behind the host, which ends at the port or path, or is in brackets. */
static bool
upstream_plain_take_host(const char **rest, struct upstream_plain_url *parts)
{
	size_t n;

	parts->v6 = **rest == '[';
	if (parts->v6)
		(*rest)++;
	n = strcspn(*rest, parts->v6 ? "]" : ":/");
	if (n == 0 || n >= sizeof(parts->host) || (parts->v6 && (*rest)[n] != ']'))
		return false;
	memcpy(parts->host, *rest, n);
	parts->host[n] = '\0';
	*rest += n + parts->v6;
	return true;
}

static bool
upstream_plain_take_port(const char **rest, struct upstream_plain_url *parts)
{
	char *end;
	unsigned long port;

	parts->port = 80;
	if (**rest != ':')
		return true;
	port = strtoul(*rest + 1, &end, 10);
	if (end == *rest + 1 || port == 0 || port > UINT16_MAX)
		return false;
	parts->port = (uint16_t)port;
	*rest = end;
	return true;
}

static bool
upstream_plain_read_url(const char *url, struct upstream_plain_url *parts)
{
	const char *rest = url + 7;

	if (strncmp(url, "http://", 7) != 0 || !upstream_plain_take_host(&rest, parts) ||
	    !upstream_plain_take_port(&rest, parts) || *rest != '/')
		return false;
	parts->path = rest;
	return strpbrk(rest, "?# \t\r\n") == NULL;
}

static bool
upstream_plain_set_address(struct upstream_plain *p, const struct upstream_plain_url *parts)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&p->address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&p->address;

	if (parts->v6) {
		*v6 = (struct sockaddr_in6){
		    .sin6_family = AF_INET6, .sin6_port = htons(parts->port)};
		p->address_len = sizeof(*v6);
		return inet_pton(AF_INET6, parts->host, &v6->sin6_addr) == 1;
	}
	*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(parts->port)};
	p->address_len = sizeof(*v4);
	return inet_pton(AF_INET, parts->host, &v4->sin_addr) == 1;
}

/* The variables that curl(1) reads; proxies go through libcurl. */
static bool
upstream_plain_environment_has_proxy(void)
{
	static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && *value != '\0')
			return true;
	}
	return false;
}

static void
upstream_plain_write_head(
    struct upstream_plain *p, const struct upstream_plain_url *parts, const char *key)
{
	struct buf *head = &p->head;

	must(buf_printf(head,
		 "POST %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: banter/%s\r\n"
		 "Content-Type: application/json\r\nAccept: text/event-stream\r\n",
		 parts->path, parts->v6 ? "[" : "", parts->host, parts->v6 ? "]" : "",
		 parts->port, BANTER_VERSION) == 0);
	if (key != NULL)
		must(buf_printf(head, "Authorization: Bearer %s\r\n", key) == 0);
}

struct upstream_plain *
upstream_plain_new(struct upstream *u, const char *url, const char *key)
{
	struct upstream_plain_url parts;
	struct upstream_plain *p;

	if (u->proxy != NULL || upstream_plain_environment_has_proxy() ||
	    !upstream_plain_read_url(url, &parts))
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->upstream = u;
	LIST_INIT(&p->busy);
	LIST_INIT(&p->kept);
	p->rest = evtimer_new(u->base, upstream_plain_on_rest, p);
	must(p->rest != NULL);
	buf_init(&p->head, HEAD_MAX);
	if (!upstream_plain_set_address(p, &parts)) {
		upstream_plain_free(p);
		return NULL;
	}
	upstream_plain_write_head(p, &parts, key);
	return p;
}

void
upstream_plain_free(struct upstream_plain *p)
{
	struct upstream_plain_conn *c;

	if (p == NULL)
		return;
	must(LIST_EMPTY(&p->busy));
	while ((c = LIST_FIRST(&p->kept)) != NULL)
		upstream_plain_conn_free(c);
	event_free(p->rest);
	buf_wipe(&p->head);
	free(p);
}
