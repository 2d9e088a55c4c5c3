/*
 * mirror: the HTTP server alone; each response describes the request as parsed. The differential
 * test sends the same bytes to this and to Node's parser (tests/e2e/differential.test.mjs).
 *
 * Listens on a free port of 127.0.0.1, prints "listening on PORT" and serves until its standard
 * input ends. The description is one line of JSON in the header X-Seen (so that HEAD gets it, too);
 * members that can contain any byte are hexadecimal:
 *
 *	{"method":"POST","target":"/x","version":"1.1","fields":[["486f7374","61"]],"body":"68656c"}
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "proto/base/log.h"
#include "workerd/http/http_server.h"
#include "workerd/http/reply.h"

#define ACCOUNT_MAX (4u * 1024 * 1024)

struct mirror {
	struct event_base *base;
	struct http_server *server;
	uint64_t accepted;
	struct buf account;
};

/* Appends s as a JSON string of hexadecimal digits. */
static void
put_hex(struct buf *out, struct slice s)
{
	must(buf_append_str(out, "\"") == 0);
	for (size_t i = 0; i < s.len; i++)
		must(buf_printf(out, "%02x", s.p[i]) == 0);
	must(buf_append_str(out, "\"") == 0);
}

static void
put_fields(struct buf *out, const struct http_request *req)
{
	for (size_t i = 0; i < req->n_headers; i++) {
		must(buf_append_str(out, i == 0 ? "[" : ",[") == 0);
		put_hex(out, req->headers[i].name);
		must(buf_append_str(out, ",") == 0);
		put_hex(out, req->headers[i].value);
		must(buf_append_str(out, "]") == 0);
	}
}

static void
handle(struct http_exchange *x, void *ctx)
{
	const struct http_request *req = x->req;
	struct mirror *m = ctx;
	struct buf *out = &m->account;

	buf_reset(out);
	must(buf_append_str(out, "{\"method\":\"") == 0 &&
	    buf_append(out, req->method_text.p, req->method_text.len) == 0 &&
	    buf_append_str(out, "\",\"target\":\"") == 0 &&
	    json_escape(out, req->target) == 0 &&
	    buf_printf(out, "\",\"version\":\"1.%d\",\"fields\":[", req->minor_version) == 0);
	put_fields(out, req);
	must(buf_append_str(out, "],\"body\":") == 0);
	put_hex(out, x->body);
	must(buf_append_str(out, "}") == 0);
	reply_start(x, 200);
	reply_header(x, "X-Seen", buf_slice(out));
	reply_empty(x);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct http_peer peer = {.loopback = true};
	struct mirror *m = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (conn != -1 && http_server_adopt(m->server, conn, ++m->accepted, &peer) == -1)
		err(1, "http_server_adopt");
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	struct mirror *m = arg;
	char bytes[64];

	(void)what;
	if (read((int)fd, bytes, sizeof(bytes)) <= 0)
		event_base_loopexit(m->base, NULL);
}

/* A listening socket on a free port of 127.0.0.1; *port gets its number. */
static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 1024) == -1 || getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
serve(struct mirror *m)
{
	while (!event_base_got_exit(m->base)) {
		event_base_loop(m->base, EVLOOP_ONCE);
		http_server_turn_end(m->server);
	}
}

int
main(void)
{
	struct mirror m = {.base = event_base_new()};
	struct http_server_config config = {
	    .base = m.base,
	    .limits = http_limits_default,
	    .ctx = &m,
	    .handle = handle,
	};
	struct event *acceptable, *ended;
	unsigned port;
	int listener = listen_somewhere(&port);

	log_open("mirror", LOG_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&m.account, ACCOUNT_MAX);
	m.server = http_server_new(&config);
	acceptable = event_new(m.base, listener, EV_READ | EV_PERSIST, on_connection, &m);
	ended = event_new(m.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_stdin, &m);
	must(acceptable != NULL && ended != NULL);
	event_add(acceptable, NULL);
	event_add(ended, NULL);
	printf("listening on %u\n", port);
	(void)fflush(stdout);
	serve(&m);
	event_free(acceptable);
	event_free(ended);
	http_server_free(m.server);
	event_base_free(m.base);
	buf_clear(&m.account);
	closefd(&listener);
	return 0;
}
