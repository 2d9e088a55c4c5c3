/*
 * A connection is in one of four states, and between two transfers it is kept for the next one:
 *
 *	CONNECTING ──▶ SENDING ──▶ ANSWERING ──▶ KEPT ──▶ SENDING …
 *
 * All of them end in upstream_plain_conn_free(), when the server has gone, has said something out of turn, or
 * the transfer is over before its answer.
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

#define HEAD_MAX  16384 /* bytes of a question's head; the key may have 4096 */
#define KEPT_MAX  64
#define READ_SIZE 16384

enum plain_state { PLAIN_CONNECTING, PLAIN_SENDING, PLAIN_ANSWERING, PLAIN_KEPT };

struct upstream_plain_conn {
	struct upstream_plain *plain;
	struct upstream_transfer *transfer; /* NULL: KEPT */
	enum plain_state state;
	int fd;
	int error; /* of the beginning: the loop is to tell */
	short watching;
	bool used;  /* it has given an answer before */
	bool heard; /* something of this answer has come */
	struct event event;
	struct buf head;  /* of the question, what is not sent of it */
	size_t body_sent; /* of the question */
	struct upstream_response answer;
	uint64_t kept_ms; /* since when */
	LIST_ENTRY(upstream_plain_conn) link;
};

struct upstream_plain {
	struct upstream *upstream;
	struct sockaddr_storage address;
	socklen_t address_len;
	struct buf head; /* of all questions, up to Content-Length */
	LIST_HEAD(upstream_plain_conns, upstream_plain_conn)
	busy, kept; /* the one kept last comes first */
	size_t n_kept;
	struct event *rest; /* closes those that nobody has needed for long; there are some */
	uint8_t scratch[READ_SIZE];
};

static void on_event(evutil_socket_t fd, short what, void *arg);

/* -- connections ------------------------------------------------------------------------- */

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
watch(struct upstream_plain_conn *c, short what)
{
	if (c->watching == what)
		return;
	if (c->watching != 0)
		event_del(&c->event);
	must(event_assign(&c->event, c->plain->upstream->base, c->fd,
		 (short)(what | EV_PERSIST), on_event, c) == 0 &&
	    event_add(&c->event, NULL) == 0);
	c->watching = what;
}

/* The transfer ends, and the connection with it. */
static void
fail(struct upstream_plain_conn *c, enum upstream_end how, const char *detail)
{
	struct upstream_transfer *t = c->transfer;

	upstream_plain_conn_free(c);
	upstream_transfer_over(t, how, detail);
}

/* The connection broke. A kept one that the server has closed meanwhile tells nothing. */
static void
broke(struct upstream_plain_conn *c, const char *detail)
{
	if (c->used && !c->heard)
		fail(c, UPSTREAM_STALE, "a kept connection had died");
	else if (!c->transfer->sent)
		fail(c, UPSTREAM_CONNECT, detail);
	else
		fail(c, UPSTREAM_BROKEN, detail);
}

/* Closes those whose time has come, and waits for the next one's. */
static void
on_rest(evutil_socket_t fd, short what, void *arg)
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
keep(struct upstream_plain_conn *c)
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

/* The answer is whole. */
static void
done(struct upstream_plain_conn *c)
{
	struct upstream_transfer *t = c->transfer;

	if (!c->answer.keep_alive || c->state != PLAIN_ANSWERING ||
	    c->plain->n_kept >= KEPT_MAX) {
		fail(c, UPSTREAM_DONE, "");
		return;
	}
	t->plain = NULL;
	keep(c);
	upstream_transfer_over(t, UPSTREAM_DONE, "");
}

/* -- the question ------------------------------------------------------------------------ */

/* Writes as much of it as the socket takes. -1 with errno if the connection is broken. */
static int
send_question(struct upstream_plain_conn *c)
{
	const struct buf *body = &c->transfer->body;

	while (buf_len(&c->head) > 0 || c->body_sent < buf_len(body)) {
		/* iovec serves reading too and so cannot be const; nothing is written through it. */
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
			watch(c, EV_READ | EV_WRITE);
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
	watch(c, EV_READ);
	return 0;
}

static void
start_sending(struct upstream_plain_conn *c)
{
	const struct buf *head = &c->plain->head;

	c->state = PLAIN_SENDING;
	c->body_sent = 0;
	must(buf_reserve(&c->head, buf_len(head) + 64) != NULL &&
	    buf_append(&c->head, buf_data(head), buf_len(head)) == 0 &&
	    buf_printf(&c->head, "Content-Length: %zu\r\n\r\n", buf_len(&c->transfer->body)) ==
		0);
	if (send_question(c) == -1)
		broke(c, strerror(errno));
}

/* -- the answer -------------------------------------------------------------------------- */

/* What has come, until it is used up or the transfer is over. */
static void
take(struct upstream_plain_conn *c, struct slice in)
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
			fail(c, UPSTREAM_BROKEN, "the answer is no HTTP");
			return;
		case RESPONSE_WHOLE:
			/* Nobody has asked for what follows. */
			if (in.len > 0)
				c->answer.keep_alive = false;
			done(c);
			return;
		}
	}
}

/* Reads at most so many bytes. */
static void
read_bytes(struct upstream_plain_conn *c, size_t most)
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
		take(c, (struct slice){p->scratch, (size_t)n});
	} else if (n == 0 && upstream_response_ends_here(&c->answer)) {
		done(c);
	} else {
		broke(c, n == 0 ? "the server closed the connection" : strerror(errno));
	}
}

/* One that has to wait is left as it is: the loop watches levels, and goes round at once until all
 * have had their turn. */
static void
read_answer(struct upstream_plain_conn *c)
{
	size_t most = upstream_backlog_admits(c->transfer);

	if (most > 0)
		read_bytes(c, most);
}

void
upstream_plain_resume(struct upstream_plain_conn *c)
{
	read_bytes(c, READ_SIZE);
}

/* -- the loop's call --------------------------------------------------------------------- */

/* Nothing came unasked, not even the end: what is there before the question would be taken for its
 * answer. */
static bool
is_quiet(const struct upstream_plain_conn *c)
{
	uint8_t byte;

	return recv(c->fd, &byte, 1, MSG_PEEK) == -1 && errno == EAGAIN;
}

/* Whether the connection is there, and can be asked; if not, the transfer is over. */
static bool
is_connected(struct upstream_plain_conn *c)
{
	int error = c->error;
	socklen_t len = sizeof(error);

	if (error == 0 && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 && (!c->used || is_quiet(c)))
		return true;
	broke(c, strerror(error));
	return false;
}

static void
proceed(struct upstream_plain_conn *c, short what)
{
	switch (c->state) {
	case PLAIN_CONNECTING:
		if (is_connected(c))
			start_sending(c);
		break;
	case PLAIN_SENDING:
		/* An answer may come before the question is sent; then it is the end of it. */
		if (what & EV_READ)
			read_answer(c);
		else if (send_question(c) == -1)
			broke(c, strerror(errno));
		break;
	case PLAIN_ANSWERING:
		read_answer(c);
		break;
	case PLAIN_KEPT:
		upstream_plain_conn_free(c);
		break;
	}
}

/* The connection may be gone after each step, and the transfers that are over go last. */
static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_plain_conn *c = arg;
	struct upstream *u = c->plain->upstream;

	(void)fd;
	u->inside = true;
	proceed(c, what);
	u->inside = false;
	upstream_settle(u);
}

/* -- beginning and end of a transfer ----------------------------------------------------- */

/* A connected or connecting socket, or -1 with errno. */
static int
open_socket(struct upstream_plain *p)
{
	int fd = socket(p->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd == -1)
		return -1;
	/* Neither matters enough to fail for. */
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
connect_for(struct upstream_plain *p, struct upstream_transfer *t)
{
	struct upstream_plain_conn *c = xcalloc(1, sizeof(*c));

	c->plain = p;
	c->transfer = t;
	t->plain = c;
	buf_init(&c->head, HEAD_MAX);
	upstream_response_init(&c->answer);
	c->fd = open_socket(p);
	LIST_INSERT_HEAD(&p->busy, c, link);
	if (c->fd != -1) {
		watch(c, EV_WRITE);
		return;
	}
	/* Nothing ends before the transfer's beginning has returned. */
	c->error = errno;
	must(event_assign(&c->event, p->upstream->base, -1, 0, on_event, c) == 0);
	event_active(&c->event, EV_WRITE, 0);
}

void
upstream_plain_send(struct upstream_plain *p, struct upstream_transfer *t)
{
	struct upstream_plain_conn *c = LIST_FIRST(&p->kept);

	if (c == NULL) {
		connect_for(p, t);
		return;
	}
	p->n_kept--;
	LIST_REMOVE(c, link);
	LIST_INSERT_HEAD(&p->busy, c, link);
	c->transfer = t;
	t->plain = c;
	/* As for a new one: the loop goes on with it, and finds out whether it is still there. */
	c->state = PLAIN_CONNECTING;
	c->heard = false;
	watch(c, EV_WRITE);
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

/* -- the whole --------------------------------------------------------------------------- */

/* The parts of "http://address:port/path"; the path is the rest of the URL. */
struct place {
	char host[64];
	uint16_t port;
	bool v6;
	const char *path;
};

/* Takes the host off *rest: up to the port or path, or in brackets. */
static bool
take_host(const char **rest, struct place *place)
{
	size_t n;

	place->v6 = **rest == '[';
	if (place->v6)
		(*rest)++;
	n = strcspn(*rest, place->v6 ? "]" : ":/");
	if (n == 0 || n >= sizeof(place->host) || (place->v6 && (*rest)[n] != ']'))
		return false;
	memcpy(place->host, *rest, n);
	place->host[n] = '\0';
	*rest += n + place->v6;
	return true;
}

static bool
take_port(const char **rest, struct place *place)
{
	char *end;
	unsigned long port;

	place->port = 80;
	if (**rest != ':')
		return true;
	port = strtoul(*rest + 1, &end, 10);
	if (end == *rest + 1 || port == 0 || port > UINT16_MAX)
		return false;
	place->port = (uint16_t)port;
	*rest = end;
	return true;
}

static bool
read_url(const char *url, struct place *place)
{
	const char *rest = url + 7;

	if (strncmp(url, "http://", 7) != 0 || !take_host(&rest, place) ||
	    !take_port(&rest, place) || *rest != '/')
		return false;
	place->path = rest;
	return strpbrk(rest, "?# \t\r\n") == NULL;
}

static bool
set_address(struct upstream_plain *p, const struct place *place)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&p->address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&p->address;

	if (place->v6) {
		*v6 = (struct sockaddr_in6){
		    .sin6_family = AF_INET6, .sin6_port = htons(place->port)};
		p->address_len = sizeof(*v6);
		return inet_pton(AF_INET6, place->host, &v6->sin6_addr) == 1;
	}
	*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(place->port)};
	p->address_len = sizeof(*v4);
	return inet_pton(AF_INET, place->host, &v4->sin_addr) == 1;
}

/* What curl(1) reads; a proxy is libcurl's to speak to. */
static bool
environment_has_proxy(void)
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
write_head(struct upstream_plain *p, const struct place *place, const char *key)
{
	struct buf *head = &p->head;

	must(buf_printf(head,
		 "POST %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: banter/%s\r\n"
		 "Content-Type: application/json\r\nAccept: text/event-stream\r\n",
		 place->path, place->v6 ? "[" : "", place->host, place->v6 ? "]" : "",
		 place->port, BANTER_VERSION) == 0);
	if (key != NULL)
		must(buf_printf(head, "Authorization: Bearer %s\r\n", key) == 0);
}

struct upstream_plain *
upstream_plain_new(struct upstream *u, const char *url, const char *key)
{
	struct place place;
	struct upstream_plain *p;

	if (u->proxy != NULL || environment_has_proxy() || !read_url(url, &place))
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->upstream = u;
	LIST_INIT(&p->busy);
	LIST_INIT(&p->kept);
	p->rest = evtimer_new(u->base, on_rest, p);
	must(p->rest != NULL);
	buf_init(&p->head, HEAD_MAX);
	if (!set_address(p, &place)) {
		upstream_plain_free(p);
		return NULL;
	}
	write_head(p, &place, key);
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
