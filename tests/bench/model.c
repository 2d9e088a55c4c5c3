/*
 * The connections of the model, and its loop.
 *
 *	build/bench/model PORT CERTIFICATE KEY
 *
 * Serves until SIGTERM, then prints {"connections", "handshakes"}: those with a complete handshake, and those among them whose TLS
 * session was not resumed.
 */
#include "tests/bench/model.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define BACKLOG     4096
#define READ_SIZE   16384
#define REQUEST_MAX 65536

static void on_event(evutil_socket_t fd, short what, void *arg);

static void
watch(struct model_conn *c, short what)
{
	if (c->watching == what)
		return;
	if (c->watching != 0)
		event_del(&c->event);
	c->watching = what;
	must(event_assign(&c->event, c->model->base, c->link.fd, (short)(what | EV_PERSIST),
		 on_event, c) == 0 &&
	    event_add(&c->event, NULL) == 0);
}

static void
conn_free(struct model_conn *c)
{
	struct model_reply *r;

	while ((r = LIST_FIRST(&c->replies)) != NULL)
		model_reply_free(r);
	event_del(&c->event);
	nghttp2_session_del(c->h2);
	link_close(&c->link);
	buf_clear(&c->in);
	buf_clear(&c->out);
	free(c);
}

void
model_conn_touch(struct model_conn *c)
{
	if (c->touched)
		return;
	c->touched = true;
	TAILQ_INSERT_TAIL(&c->model->touched, c, touched_entry);
	event_active(&c->model->turn_end, EV_TIMEOUT, 0);
}

static void
conn_kill(struct model_conn *c)
{
	c->dead = true;
	model_conn_touch(c);
}

struct model_reply *
model_reply_new(struct model_conn *c)
{
	struct model_reply *r = xcalloc(1, sizeof(*r));

	r->conn = c;
	r->head = put_start();
	r->body = put_start();
	upstream_response_init(&r->response);
	LIST_INSERT_HEAD(&c->replies, r, link);
	return r;
}

void
model_reply_free(struct model_reply *r)
{
	LIST_REMOVE(r, link);
	pace_cancel(&r->conn->model->pace, &r->pace);
	chat_free(r->chat);
	buf_clear(&r->head);
	buf_clear(&r->body);
	upstream_response_clear(&r->response);
	free(r);
}

/* Sends what the stub has written. */
static void
reply_put(struct model_reply *r)
{
	struct model_conn *c = r->conn;
	struct buf *b = &c->model->scratch;

	if (c->h2 != NULL)
		model_h2_put(r, buf_slice(b));
	else
		put_slice(&c->out, buf_slice(b));
	buf_reset(b);
	model_conn_touch(c);
}

void
model_reply_begin(struct model_reply *r, const struct http_request *request, struct slice body)
{
	struct model *m = r->conn->model;

	r->chat = serve_request(&m->service, request, body, &m->scratch);
	if (r->chat != NULL) {
		pace_at(&m->pace, &r->pace, r->chat->due);
		return;
	}
	r->ended = true;
	reply_put(r);
}

/* The next request of HTTP/1.1, unless a reply is running. */
static void
conn_take_request(struct model_conn *c)
{
	struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request request = {.headers = headers};
	struct http_parser parser;
	enum http_result result;
	size_t head;
	int status;

	if (!LIST_EMPTY(&c->replies))
		return;
	http_parser_init(&parser, REQUEST_MAX);
	result = http_parse(&parser, buf_slice(&c->in), &request, &head, &status);
	if (result == HTTP_BAD)
		conn_kill(c);
	if (result != HTTP_OK || buf_len(&c->in) < head + request.content_length)
		return;
	model_reply_begin(model_reply_new(c), &request,
	    (struct slice){buf_data(&c->in) + head, (size_t)request.content_length});
	buf_consume(&c->in, head + (size_t)request.content_length);
	buf_release(&c->in);
}

static void
on_due(struct pace_entry *e)
{
	struct model_reply *r = (void *)((char *)e - offsetof(struct model_reply, pace));
	struct model_conn *c = r->conn;
	enum chat_step step = chat_step(r->chat, &c->model->scratch);

	r->ended = step != CHAT_WAIT;
	reply_put(r);
	if (step == CHAT_WAIT)
		pace_at(&c->model->pace, &r->pace, r->chat->due);
}

/* Of HTTP/1.1. */
static void
conn_finish_replies(struct model_conn *c)
{
	struct model_reply *r = LIST_FIRST(&c->replies);

	if (r == NULL || !r->ended)
		return;
	model_reply_free(r);
	conn_take_request(c);
}

static void
conn_send(struct model_conn *c)
{
	ssize_t n = 0;

	if (c->h2 != NULL && model_h2_collect(c) == -1)
		c->dead = true;
	if (buf_len(&c->out) > 0)
		n = link_send(&c->link, buf_data(&c->out), buf_len(&c->out));
	if (n == -1 && errno != EAGAIN)
		c->dead = true;
	buf_consume(&c->out, n < 0 ? 0 : (size_t)n);
	buf_release(&c->out);
	watch(c, buf_len(&c->out) > 0 ? EV_READ | EV_WRITE : EV_READ);
}

static void
on_turn_end(evutil_socket_t fd, short what, void *arg)
{
	struct model *m = arg;
	struct model_conn *c;

	(void)fd;
	(void)what;
	while ((c = TAILQ_FIRST(&m->touched)) != NULL) {
		TAILQ_REMOVE(&m->touched, c, touched_entry);
		c->touched = false;
		conn_send(c);
		if (c->dead)
			conn_free(c);
		else if (c->h2 == NULL)
			conn_finish_replies(c);
	}
}

static void
conn_opened(struct model_conn *c)
{
	const uint8_t *name;
	unsigned len;

	c->opened = true;
	c->model->connections++;
	c->model->handshakes += !SSL_session_reused(c->link.tls);
	SSL_get0_alpn_selected(c->link.tls, &name, &len);
	if (len == 2 && memcmp(name, "h2", 2) == 0)
		model_h2_open(c);
}

/* -1: these are not what a client sends. */
static int
conn_take(struct model_conn *c, struct slice in)
{
	if (c->h2 != NULL)
		return model_h2_feed(c, in);
	put_slice(&c->in, in);
	conn_take_request(c);
	return 0;
}

/* Reads once. Whether there may be more, which no event would announce. */
static bool
conn_read(struct model_conn *c)
{
	static uint8_t scratch[READ_SIZE];
	ssize_t n = link_recv(&c->link, scratch, sizeof(scratch));

	if (!c->opened && SSL_is_init_finished(c->link.tls))
		conn_opened(c);
	if (n == -1 && errno == EAGAIN)
		return false;
	if (n <= 0 || conn_take(c, (struct slice){scratch, (size_t)n}) == -1)
		conn_kill(c);
	return n > 0;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct model_conn *c = arg;

	(void)fd;
	if ((what & EV_READ) != 0)
		while (!c->dead && conn_read(c))
			continue;
	model_conn_touch(c);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int len,
    void *arg)
{
	struct model_conn *c = xcalloc(1, sizeof(*c));

	(void)listener;
	(void)peer;
	(void)len;
	c->model = arg;
	c->in = put_start();
	c->out = put_start();
	link_accept(&c->link, fd, c->model->tls);
	watch(c, EV_READ);
}

static int
choose_protocol(
    SSL *tls, const uint8_t **out, uint8_t *len, const uint8_t *offered, unsigned n, void *arg)
{
	static const uint8_t ours[] = "\x02h2\x08http/1.1";

	(void)tls;
	(void)arg;
	return SSL_select_next_proto((uint8_t **)(uintptr_t)out, len, ours, sizeof(ours) - 1,
		   offered, n) == OPENSSL_NPN_NEGOTIATED
	    ? SSL_TLSEXT_ERR_OK
	    : SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *
tls_context(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		errx(1, "%s, %s: no certificate and key", certificate, key);
	SSL_CTX_set_mode(tls,
	    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(tls, choose_protocol, NULL);
	return tls;
}

static void
listen_on(struct model *m, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct evconnlistener *listener = evconnlistener_new_bind(m->base, on_accept, m,
	    LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG, (struct sockaddr *)&a,
	    sizeof(a));
	int on = 1;

	if (listener == NULL)
		err(1, "port %u", port);
	/* Accepted sockets inherit it. */
	must(setsockopt(evconnlistener_get_fd(listener), IPPROTO_TCP, TCP_NODELAY, &on,
		 sizeof(on)) == 0);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	event_base_loopbreak(arg);
}

int
main(int argc, char **argv)
{
	static struct model m;
	struct event *term;
	const char *why;
	uint16_t port;

	if (argc != 4)
		errx(64, "usage: model PORT CERTIFICATE KEY");
	port = (uint16_t)strtonum(argv[1], 1, 65535, &why);
	if (why != NULL)
		errx(64, "PORT: %s: %s", argv[1], why);
	signal(SIGPIPE, SIG_IGN);
	fd_raise_limit();
	m.base = event_base_new();
	m.tls = tls_context(argv[2], argv[3]);
	m.scratch = put_start();
	TAILQ_INIT(&m.touched);
	script_init(&m.service.defaults);
	pace_init(&m.pace, m.base, on_due);
	must(event_assign(&m.turn_end, m.base, -1, 0, on_turn_end, &m) == 0);
	term = evsignal_new(m.base, SIGTERM, on_signal, m.base);
	must(evsignal_add(term, NULL) == 0);
	listen_on(&m, port);
	event_base_dispatch(m.base);
	printf("{\"connections\":%llu,\"handshakes\":%llu}\n",
	    (unsigned long long)m.connections, (unsigned long long)m.handshakes);
	return 0;
}
