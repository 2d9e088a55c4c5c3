/*
 * TCP connections, opened by libcurl: it resolves names in a thread, races IPv6 and IPv4, tries further
 * addresses, and knows all kinds of proxies (CURLOPT_CONNECT_ONLY(3)). It gets an http URL even for an https
 * server, because TLS is not its task, and tunnels through http proxies; only requests to an http server are
 * forwarded by them instead, since many proxies refuse tunnels to other ports than 443.
 *
 * The descriptor is then taken from libcurl. Behind an https proxy libcurl stays, and passes on the bytes,
 * because it encrypts them for the proxy.
 *
 * libcurl 7.88 waits for nothing after the first of several addresses did not answer in its share of the time: it
 * tries the next one when it is called again. So it is called twice a second while it connects.
 *
 * It also closes a socket that is still connecting without a callback. An event that stayed behind in
 * the event loop would then be counted for the next owner of the number: libevent believes that the
 * descriptor is in its epoll set, and the new owner never gets an event. So libcurl's sockets are in an epoll
 * set of their own, of which the loop watches only the set; the kernel removes a closed socket from it.
 */
#define CURL_DISABLE_DEPRECATION /* curl_multi_socket_all(3); curl_multi_socket_action(3) cannot do this */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

#define READY_MAX  64 /* sockets per epoll_wait(2); the rest comes in the next loop iteration */
#define UNACKED_MS 15000 /* a connection is dead if the peer acknowledges nothing so long */
#define TICK_MS    500   /* between two calls of libcurl while it connects */

/* How long a resolved name is kept. A server that moves is found soon, and a burst of connections shares a lookup. */
#define NAMES_S 5L

struct upstream_dialer {
	struct upstream *upstream;
	CURLM *multi;
	int epoll;
	struct event *ready, *timer, *tick;
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
	/* The copy would keep it in the set. */
	(void)epoll_ctl(d->dialer->epoll, EPOLL_CTL_DEL, fd, NULL);
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

static void
upstream_dial_collect(struct upstream_dialer *d)
{
	CURLMsg *msg;
	int unused;

	d->upstream->inside = true;
	while ((msg = curl_multi_info_read(d->multi, &unused)) != NULL) {
		struct upstream_dial *dial;
		CURLcode code = msg->data.result;

		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &dial);
		upstream_dial_done(dial, code);
	}
	d->upstream->inside = false;
}

static void
upstream_dial_drive(struct upstream_dialer *d, curl_socket_t fd, int what)
{
	int unused;

	curl_multi_socket_action(d->multi, fd, what, &unused);
	upstream_dial_collect(d);
}

static void
upstream_dial_set_tick(struct upstream_dialer *d)
{
	static const struct timeval in = {.tv_usec = TICK_MS * 1000};

	if (!evtimer_pending(d->tick, NULL))
		evtimer_add(d->tick, &in);
}

static void
upstream_dial_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_dialer *d = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_all(d->multi, &running);
	if (running > 0)
		upstream_dial_set_tick(d);
	upstream_dial_collect(d);
	upstream_settle(d->upstream);
}

static void
upstream_dial_on_ready(evutil_socket_t fd, short unused, void *arg)
{
	struct upstream_dialer *d = arg;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(fd, ready, READY_MAX, 0);

	(void)unused;
	for (int i = 0; i < n; i++) {
		uint32_t events = ready[i].events;

		upstream_dial_drive(d, ready[i].data.fd,
		    (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			(events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
	}
	upstream_settle(d->upstream);
}

static void
upstream_dial_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_dialer *d = arg;

	(void)fd;
	(void)what;
	upstream_dial_drive(d, CURL_SOCKET_TIMEOUT, 0);
	upstream_settle(d->upstream);
}

/* CURLMOPT_SOCKETFUNCTION. */
static int
upstream_dial_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct upstream_dialer *d = arg;
	struct epoll_event event = {
	    .events =
		(what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
	    .data.fd = fd,
	};

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
		/* The number may belong to somebody else by now: then it is not in the set. */
		(void)epoll_ctl(d->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	/* A new socket may have the number of a known one. */
	if (epoll_ctl(d->epoll, EPOLL_CTL_MOD, fd, &event) == -1)
		must(errno == ENOENT && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return 0;
}

/* CURLMOPT_TIMERFUNCTION. */
static int
upstream_dial_set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct upstream_dialer *d = arg;
	struct timeval in;

	(void)multi;
	if (timeout_ms < 0) {
		evtimer_del(d->timer);
		return 0;
	}
	in = clock_timeval((uint64_t)timeout_ms);
	evtimer_add(d->timer, &in);
	return 0;
}

/* libcurl's own does not set close-on-exec. */
static curl_socket_t
upstream_dial_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
upstream_dialer_make_multi(struct upstream_dialer *d)
{
	d->multi = curl_multi_init();
	must(d->multi != NULL);
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, upstream_dial_watch);
	curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, upstream_dial_set_timer);
	curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d);
}

struct upstream_dialer *
upstream_dialer_new(struct upstream *u)
{
	struct upstream_dialer *d = xcalloc(1, sizeof(*d));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	d->upstream = u;
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(d->epoll != -1);
	d->ready =
	    event_new(u->base, d->epoll, EV_READ | EV_PERSIST, upstream_dial_on_ready, d);
	d->timer = evtimer_new(u->base, upstream_dial_on_timer, d);
	d->tick = evtimer_new(u->base, upstream_dial_on_tick, d);
	must(d->ready != NULL && d->timer != NULL && d->tick != NULL &&
	    event_add(d->ready, NULL) == 0);
	upstream_dialer_make_multi(d);
	return d;
}

void
upstream_dialer_free(struct upstream_dialer *d)
{
	curl_multi_cleanup(d->multi);
	event_free(d->ready);
	event_free(d->timer);
	event_free(d->tick);
	closefd(&d->epoll);
	free(d);
	curl_global_cleanup();
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
	must(curl_multi_add_handle(dialer->multi, d->easy) == CURLM_OK);
	upstream_dial_set_tick(dialer);
	return d;
}

void
upstream_dial_free(struct upstream_dial *d)
{
	if (d == NULL)
		return;
	curl_multi_remove_handle(d->dialer->multi, d->easy);
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
