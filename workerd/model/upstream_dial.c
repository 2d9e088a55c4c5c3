/*
 * TCP connections, opened by libcurl: it resolves names in a thread, races IPv6 and IPv4, tries further
 * addresses, and knows all kinds of proxies (CURLOPT_CONNECT_ONLY(3)). It gets an http URL even for an https
 * server, because TLS is not its task, and tunnels through http proxies; only requests to an http server are
 * forwarded by them instead, since many proxies refuse tunnels to other ports than 443.
 *
 * The descriptor is then taken from libcurl. Behind an https proxy libcurl stays, and passes on the bytes,
 * because it encrypts them for the proxy.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"
#include "workerd/net/curl_loop.h"

#define UNACKED_MS 15000 /* a connection is dead if the peer acknowledges nothing so long */

/* How long a resolved name is kept. A server that moves is found soon, and a burst of connections shares a lookup. */
#define NAMES_S 5L

struct upstream_dialer {
	struct upstream *upstream;
	struct curl_loop *loop;
};

struct upstream_dial {
	struct upstream_dialer *dialer;
	struct upstream_conn *conn;
	CURL *easy;
	char error[CURL_ERROR_SIZE];
};

/* libcurl has connected: takes over a copy of the descriptor, since libcurl closes its own. */
static int
upstream_dial_take_socket(const struct upstream_dial *d)
{
	curl_socket_t fd = -1;
	int on = 1, unacked = UNACKED_MS;

	must(curl_easy_getinfo(d->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK);
	if (fd == -1)
		return -1;
	curl_loop_unwatch(d->dialer->loop, fd);
	/* Failures are harmless. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof(unacked));
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* With NO_PROXY the host itself was connected. */
static bool
upstream_dial_used_proxy(const struct upstream_dial *d)
{
	const struct upstream_target *target = &d->dialer->upstream->target;
	long port = 0;

	curl_easy_getinfo(d->easy, CURLINFO_PRIMARY_PORT, &port);
	return port == target->proxy_port;
}

static void
upstream_dial_done(struct upstream_dial *d, CURLcode code)
{
	const struct upstream_target *target = &d->dialer->upstream->target;
	int fd;

	if (code != CURLE_OK) {
		upstream_conn_refused(d->conn, code == CURLE_OPERATION_TIMEDOUT,
		    *d->error != '\0' ? d->error : curl_easy_strerror(code));
		return;
	}
	fd = upstream_dial_take_socket(d);
	if (fd == -1)
		upstream_conn_refused(d->conn, false, strerror(errno));
	else
		upstream_conn_dialed(
		    d->conn, fd, target->proxy_forwards && upstream_dial_used_proxy(d));
}

/* curl_loop_events.done. */
static void
upstream_dial_on_done(void *arg, void *easy, int code)
{
	struct upstream_dialer *d = arg;
	struct upstream_dial *dial;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &dial);
	d->upstream->inside = true;
	upstream_dial_done(dial, (CURLcode)code);
	d->upstream->inside = false;
}

/* curl_loop_events.settle. */
static void
upstream_dial_settle(void *arg)
{
	struct upstream_dialer *d = arg;

	upstream_settle(d->upstream);
}

/* libcurl's own does not set close-on-exec. */
static curl_socket_t
upstream_dial_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct upstream_dialer *
upstream_dialer_new(struct upstream *u)
{
	static const struct curl_loop_events events = {
	    upstream_dial_on_done, upstream_dial_settle};
	struct upstream_dialer *d = xcalloc(1, sizeof(*d));

	d->upstream = u;
	d->loop = curl_loop_new(u->base, &events, d);
	return d;
}

void
upstream_dialer_free(struct upstream_dialer *d)
{
	curl_loop_free(d->loop);
	free(d);
}

static void
upstream_dial_set_options(struct upstream_dial *d)
{
	const struct upstream *u = d->dialer->upstream;
	CURL *e = d->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, d);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, d->error);
	curl_easy_setopt(e, CURLOPT_URL, u->target.tcp_url);
	curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(e, CURLOPT_PROXY, u->target.proxy);
	if (u->ca_bundle != NULL)
		curl_easy_setopt(e, CURLOPT_PROXY_CAINFO, u->ca_bundle);
	curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, u->target.proxy_forwards ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "banter/" BANTER_VERSION); /* to the proxy */
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, upstream_dial_open_socket);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, NAMES_S);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)u->connect_ms);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* A resolver's thread must not delay the end of the process. */
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 1024L);
}

struct upstream_dial *
upstream_dial_start(struct upstream_dialer *dialer, struct upstream_conn *c)
{
	struct upstream_dial *d = xcalloc(1, sizeof(*d));

	d->dialer = dialer;
	d->conn = c;
	d->easy = curl_easy_init();
	must(d->easy != NULL);
	upstream_dial_set_options(d);
	curl_loop_add(dialer->loop, d->easy);
	return d;
}

void
upstream_dial_free(struct upstream_dial *d)
{
	if (d == NULL)
		return;
	curl_loop_remove(d->dialer->loop, d->easy);
	curl_easy_cleanup(d->easy);
	free(d);
}

static ssize_t
upstream_dial_result(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	errno = code == CURLE_AGAIN ? EAGAIN : EIO;
	return -1;
}

ssize_t
upstream_dial_receive(struct upstream_dial *d, void *p, size_t n)
{
	size_t got = 0;
	CURLcode code = curl_easy_recv(d->easy, p, n, &got);

	return upstream_dial_result(code, got);
}

ssize_t
upstream_dial_send(struct upstream_dial *d, const void *p, size_t n)
{
	size_t sent = 0;
	CURLcode code = curl_easy_send(d->easy, p, n, &sent);

	return upstream_dial_result(code, sent);
}
