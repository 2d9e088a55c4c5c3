/*
 * ws-echo: WebSockets of workerd/http that echo every message; at /text only text messages. For the
 * tests of frames (tests/e2e/websocket-*.test.mjs) and of proxies.
 *
 *	ws-echo [-p MS] [CHAIN.pem KEY.pem]
 *
 * Listens on free ports of 127.0.0.1, prints "listening on PORT" and, with a certificate,
 * "listening on PORT for TLS", and serves until its standard input ends. The line "drain" on
 * standard input starts a drain; "sockets" prints "sockets N", the number of open ones. -p sets the
 * idle time after which a socket is pinged.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/http_server.h"
#include "workerd/http/reply.h"
#include "workerd/http/tls.h"
#include "workerd/http/ws/ws.h"
#include "workerd/http/ws/ws_handshake.h"

#define PEM_MAX 65536u

/* So that a slow test that still sends when its socket is closed is never reset. */
#define LINGER_MS 60000

struct echo {
	struct event_base *base;
	struct http_server *server;
	struct tls *tls;
	uint64_t accepted;
	size_t sockets;
};

struct listener {
	struct echo *echo;
	struct tls *tls; /* NULL: plain HTTP */
	struct event *event;
	int fd;
};

/* One WebSocket. */
struct echo_socket {
	struct echo *echo;
	struct ws *ws;
};

static void
on_message(void *arg, struct slice text)
{
	struct echo_socket *v = arg;

	(void)ws_send(v->ws, text);
}

static void
on_binary(void *arg, struct slice bytes)
{
	struct echo_socket *v = arg;

	(void)ws_send_binary(v->ws, bytes);
}

static void
on_closed(void *arg)
{
	struct echo_socket *v = arg;

	v->echo->sockets--;
	free(v);
}

static void
handle(struct http_exchange *x, void *ctx)
{
	static const struct ws_events any = {
	    .message = on_message, .binary = on_binary, .closed = on_closed};
	static const struct ws_events text = {.message = on_message, .closed = on_closed};
	struct echo *e = ctx;
	struct echo_socket *v;

	if (!ws_handshake_check(x))
		return;
	v = xcalloc(1, sizeof(*v));
	v->echo = e;
	v->ws = ws_accept(x, slice_eq_str(x->req->path, "/text") ? &text : &any, v);
	e->sockets++;
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct http_peer peer = {.loopback = true};
	struct listener *l = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (conn == -1)
		return;
	http_server_use_tls(l->echo->server, l->tls);
	if (http_server_adopt(l->echo->server, conn, ++l->echo->accepted, &peer) == -1)
		err(1, "http_server_adopt");
}

static void
obey(struct echo *e, const char *line)
{
	if (strcmp(line, "drain\n") == 0)
		http_server_drain(e->server);
	else if (strcmp(line, "sockets\n") == 0)
		printf("sockets %zu\n", e->sockets);
	(void)fflush(stdout);
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	struct echo *e = arg;
	char bytes[64];
	ssize_t n = read((int)fd, bytes, sizeof(bytes) - 1);

	(void)what;
	if (n <= 0) {
		event_base_loopexit(e->base, NULL);
		return;
	}
	bytes[n] = '\0';
	obey(e, bytes);
}

static void
listen_somewhere(struct listener *l)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);

	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd == -1 || bind(l->fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(l->fd, 4096) == -1 ||
	    getsockname(l->fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	l->event = event_new(l->echo->base, l->fd, EV_READ | EV_PERSIST, on_connection, l);
	must(l->event != NULL);
	event_add(l->event, NULL);
	printf("listening on %u%s\n", ntohs(sin.sin_port), l->tls != NULL ? " for TLS" : "");
	(void)fflush(stdout);
}

static void
stop_listening(struct listener *l)
{
	if (l->event == NULL)
		return;
	event_free(l->event);
	closefd(&l->fd);
}

static struct slice
read_file(const char *path)
{
	uint8_t *bytes = xcalloc(1, PEM_MAX);
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		err(1, "%s", path);
	n = fread(bytes, 1, PEM_MAX, f);
	(void)fclose(f);
	return (struct slice){bytes, n};
}

static struct tls *
load_identity(const char *chain_path, const char *key_path)
{
	struct slice chain = read_file(chain_path), key = read_file(key_path);
	struct tls *tls = tls_new();
	const char *why;

	if (tls_set_identity(tls, chain, key, &why) == -1)
		errx(1, "%s: %s", chain_path, why);
	free((void *)(uintptr_t)chain.p);
	free((void *)(uintptr_t)key.p);
	return tls;
}

static void
serve(struct echo *e)
{
	while (!event_base_got_exit(e->base)) {
		event_base_loop(e->base, EVLOOP_ONCE);
		http_server_turn_end(e->server);
	}
}

static unsigned
read_pause(const char *text)
{
	const char *problem;
	long long ms = strtonum(text, 1, 3600000, &problem);

	if (problem != NULL)
		errx(EX_USAGE, "-p %s is %s", text, problem);
	return (unsigned)ms;
}

int
main(int argc, char **argv)
{
	struct echo e = {.base = event_base_new()};
	struct http_server_config config = {
	    .base = e.base,
	    .limits = http_limits_default,
	    .ctx = &e,
	    .handle = handle,
	};
	struct listener plain = {.echo = &e}, secure = {.echo = &e};
	struct event *ended;

	while (getopt(argc, argv, "p:") == 'p')
		config.limits.ping_interval = read_pause(optarg);
	argc -= optind;
	argv += optind;
	config.limits.linger_timeout = LINGER_MS;
	log_open("ws-echo", LOG_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	e.server = http_server_new(&config);
	listen_somewhere(&plain);
	if (argc == 2) {
		e.tls = secure.tls = load_identity(argv[0], argv[1]);
		listen_somewhere(&secure);
	}
	ended = event_new(e.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_stdin, &e);
	must(ended != NULL);
	event_add(ended, NULL);
	serve(&e);
	event_free(ended);
	stop_listening(&plain);
	stop_listening(&secure);
	http_server_free(e.server);
	tls_free(e.tls);
	event_base_free(e.base);
	return 0;
}
