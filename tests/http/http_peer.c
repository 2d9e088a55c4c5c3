/*
 * http-peer: the HTTP server of workerd alone, for end-to-end tests.
 *
 *	http-peer mirror
 *	http-peer echo [-p MS] [CHAIN.pem KEY.pem]
 *
 * mirror describes each request, as parsed, in its response. The description is one line of JSON in the
 * header X-Seen (so that HEAD gets it, too); members that can contain any byte are hexadecimal:
 *
 *	{"method":"POST","target":"/x","version":"1.1","fields":[["486f7374","61"]],"body":"68656c"}
 *
 * echo accepts WebSockets and echoes every message; at /text only text messages. -p sets the idle time
 * after which a socket is pinged.
 *
 * Listens on free ports of 127.0.0.1, prints "listening on PORT" and, with a certificate, "listening on
 * PORT for TLS", and serves until its standard input ends.
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
#include "proto/base/json_escape.h"
#include "proto/base/log.h"
#include "workerd/http/http_server.h"
#include "workerd/http/reply.h"
#include "workerd/http/tls.h"
#include "workerd/http/ws/ws.h"
#include "workerd/http/ws/ws_handshake.h"

#define PEM_MAX  65536u
#define SEEN_MAX (4u * 1024 * 1024)

/* So that a slow test that still sends when its socket is closed is never reset. */
#define LINGER_MS 60000

static struct event_base *base;
static struct http_server *server;
static uint64_t accepted;

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
mirror(struct http_exchange *x, void *ctx)
{
	const struct http_request *req = x->req;
	struct buf out;

	(void)ctx;
	buf_init(&out, SEEN_MAX);
	must(buf_printf(&out, "{\"method\":\"%.*s\",\"target\":\"", (int)req->method_text.len,
		 (const char *)req->method_text.p) == 0 &&
	    json_escape(&out, req->target) == 0 &&
	    buf_printf(&out, "\",\"version\":\"1.%d\",\"fields\":[", req->minor_version) == 0);
	put_fields(&out, req);
	must(buf_append_str(&out, "],\"body\":") == 0);
	put_hex(&out, x->body);
	must(buf_append_str(&out, "}") == 0);
	reply_start(x, 200);
	reply_header(x, "X-Seen", buf_slice(&out));
	reply_empty(x);
	buf_clear(&out);
}

/* The argument of a WebSocket's events is a pointer to it. */
static void
on_message(void *arg, struct slice text)
{
	struct ws **ws = arg;

	(void)ws_send(*ws, text);
}

static void
on_binary(void *arg, struct slice bytes)
{
	struct ws **ws = arg;

	(void)ws_send_binary(*ws, bytes);
}

static void
echo(struct http_exchange *x, void *ctx)
{
	static const struct ws_events any = {
	    .message = on_message, .binary = on_binary, .closed = free};
	static const struct ws_events text = {.message = on_message, .closed = free};
	struct ws **ws;

	(void)ctx;
	if (!ws_handshake_check(x))
		return;
	ws = xcalloc(1, sizeof(struct ws *));
	*ws = ws_accept(x, slice_eq_str(x->req->path, "/text") ? &text : &any, ws);
}

/* tls is NULL for plain HTTP. */
static void
on_connection(evutil_socket_t fd, short what, void *tls)
{
	struct http_peer peer = {.loopback = true};
	int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (conn == -1)
		return;
	http_server_use_tls(server, tls);
	if (http_server_adopt(server, conn, ++accepted, &peer) == -1)
		err(1, "http_server_adopt");
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	uint8_t byte;

	(void)what;
	(void)arg;
	if (read((int)fd, &byte, 1) <= 0)
		event_base_loopexit(base, NULL);
}

static struct event *
on_readable(int fd, event_callback_fn fn, void *arg)
{
	struct event *event = event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);

	must(event != NULL && event_add(event, NULL) == 0);
	return event;
}

static struct event *
listen_somewhere(struct tls *tls)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 4096) == -1 || getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	printf("listening on %u%s\n", ntohs(sin.sin_port), tls != NULL ? " for TLS" : "");
	(void)fflush(stdout);
	return on_readable(fd, on_connection, tls);
}

static struct buf
read_file(const char *path)
{
	char bytes[PEM_MAX];
	FILE *f = fopen(path, "re");
	struct buf all;

	if (f == NULL)
		err(1, "%s", path);
	buf_init(&all, PEM_MAX);
	must(buf_append(&all, bytes, fread(bytes, 1, sizeof(bytes), f)) == 0);
	(void)fclose(f);
	return all;
}

static struct tls *
load_identity(const char *chain_path, const char *key_path)
{
	struct buf chain = read_file(chain_path), key = read_file(key_path);
	struct tls *tls = tls_new();
	const char *why;

	if (tls_set_identity(tls, buf_slice(&chain), buf_slice(&key), &why) == -1)
		errx(1, "%s: %s", chain_path, why);
	buf_clear(&chain);
	buf_clear(&key);
	return tls;
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
	bool echoes = argc > 1 && strcmp(argv[1], "echo") == 0;
	struct http_server_config config = {
	    .limits = http_limits_default,
	    .handle = echoes ? echo : mirror,
	};
	struct event *events[3] = {0};
	struct tls *tls = NULL;

	config.base = base = event_base_new();
	optind = 2;
	while (getopt(argc, argv, "p:") == 'p')
		config.limits.ping_interval = read_pause(optarg);
	if (echoes)
		config.limits.linger_timeout = LINGER_MS;
	log_open("http-peer", LOG_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	server = http_server_new(&config);
	events[0] = on_readable(STDIN_FILENO, on_stdin, NULL);
	events[1] = listen_somewhere(NULL);
	if (argc == optind + 2) {
		tls = load_identity(argv[optind], argv[optind + 1]);
		events[2] = listen_somewhere(tls);
	}
	while (!event_base_got_exit(base)) {
		event_base_loop(base, EVLOOP_ONCE);
		http_server_turn_end(server);
	}
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	http_server_free(server);
	tls_free(tls);
	event_base_free(base);
	return 0;
}
