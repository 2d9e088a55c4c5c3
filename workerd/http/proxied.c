/*
 * The bytes of the header, and no byte behind it, are taken from the socket: what follows belongs to TLS or HTTP. So
 * each read first looks at what is there (MSG_PEEK).
 */
#include "workerd/http/proxied.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/http/conn.h"
#include "workerd/http/message/proxy_header.h"

#define LOG_EVERY_MS 1000

/* Bytes at a time: a usual header has less. */
#define PROXIED_READ 512

struct proxied {
	TAILQ_ENTRY(proxied) entry;
	struct http_server *server;
	proxied_adopt_fn *adopt;
	struct io io;
	struct event event;
	struct event timer;
	struct proxy_header header;
	struct ip_address from; /* the proxy */
	uint16_t port;
	uint64_t number;
	bool begun; /* a byte of the header has come */
};

static void
proxied_log_refusal(
    struct http_server *s, uint64_t number, const struct ip_address *from, const char *why)
{
	struct proxied_log *log = &s->proxied_log;
	uint64_t now = clock_mono_ms();
	char text[IP_TEXT_SIZE];

	if (now < log->next_ms) {
		log->hidden++;
		return;
	}
	ip_format(from, text);
	log_event(LOG_WARN, "proxy_refused", L_UINT("conn", number), L_STR("from", text),
	    L_STR("why", why), L_UINT("hidden", log->hidden));
	*log = (struct proxied_log){.next_ms = now + LOG_EVERY_MS};
}

static void
proxied_report(struct http_server *s, uint64_t number, const struct ip_address *from,
    enum metric_proxy refusal, const char *why)
{
	proxied_log_refusal(s, number, from, why);
	if (s->config.proxy_refused != NULL)
		s->config.proxy_refused(refusal, s->config.ctx);
}

/* Frees it; its descriptor is closed or has another owner. */
static void
proxied_free(struct proxied *p)
{
	TAILQ_REMOVE(&p->server->proxied, p, entry);
	p->server->connections--;
	event_del(&p->event);
	event_del(&p->timer);
	free(p);
}

static void
proxied_refuse(struct proxied *p, enum metric_proxy refusal, const char *why)
{
	proxied_report(p->server, p->number, &p->from, refusal, why);
	io_reset(&p->io);
	proxied_free(p);
}

/* The proxy has closed the connection. Before the first byte that is how proxies check whether a port is open. */
static void
proxied_end(struct proxied *p)
{
	if (p->begun) {
		proxied_refuse(p, METRIC_PROXY_INVALID, "cut");
		return;
	}
	io_close(&p->io);
	proxied_free(p);
}

/* The header is complete. */
static void
proxied_hand_over(struct proxied *p)
{
	const struct proxy_header *h = &p->header;
	const bool announced = h->address.len > 0;
	const struct ip_address client = announced ? h->address : p->from;
	const struct http_peer peer = {
	    .address = ip_slice(&client),
	    .port = announced ? h->port : p->port,
	    .unannounced = !announced,
	};
	struct http_server *s = p->server;
	proxied_adopt_fn *const adopt = p->adopt;
	const uint64_t number = p->number;
	const int fd = p->io.fd;

	proxied_free(p);
	if (adopt(s, fd, number, &peer) == -1)
		log_event(LOG_ERROR, "connection_refused", L_UINT("conn", number), L_ERRNO());
}

/* Takes what has come of the header. */
static enum proxy_header_result
proxied_take(struct proxied *p, struct slice seen)
{
	size_t used;
	enum proxy_header_result r = proxy_header_take(&p->header, seen, &used);
	uint8_t taken[PROXIED_READ];

	p->begun = true;
	must(used <= sizeof(taken));
	if (io_read(&p->io, taken, used) == (ssize_t)used)
		return r;
	p->header.why = "cut";
	return PROXY_HEADER_BAD;
}

static void
proxied_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct proxied *p = arg;
	uint8_t seen[PROXIED_READ];
	ssize_t n;

	(void)what;
	do
		n = recv(fd, seen, sizeof(seen), MSG_PEEK);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		proxied_end(p);
		return;
	}
	switch (proxied_take(p, (struct slice){seen, (size_t)n})) {
	case PROXY_HEADER_MORE:
		return;
	case PROXY_HEADER_DONE:
		proxied_hand_over(p);
		return;
	case PROXY_HEADER_BAD:
		proxied_refuse(p, METRIC_PROXY_INVALID, p->header.why);
	}
}

static void
proxied_on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	proxied_refuse(arg, METRIC_PROXY_TIMEOUT, "timeout");
}

static const struct timeval *
proxied_timeout(const struct http_server *s)
{
	return s->timeouts[s->draining ? TIMER_LINGER : TIMER_HEAD];
}

int
proxied_begin(struct http_server *s, int fd, uint64_t number, const struct http_peer *peer,
    proxied_adopt_fn *adopt)
{
	const struct ip_address from = ip_from_bytes(peer->address);
	struct event_base *base = s->config.base;
	struct proxied *p;
	struct io io;

	io_init_plain(&io, fd);
	if (s->config.may_announce == NULL || !s->config.may_announce(peer, s->config.ctx)) {
		proxied_report(
		    s, number, &from, METRIC_PROXY_UNTRUSTED, "not in TRUSTED_PROXIES");
		io_reset(&io);
		return 0;
	}
	p = xcalloc(1, sizeof(*p));
	p->server = s;
	p->adopt = adopt;
	p->io = io;
	p->from = from;
	p->port = peer->port;
	p->number = number;
	proxy_header_init(&p->header);
	TAILQ_INSERT_TAIL(&s->proxied, p, entry);
	s->connections++;
	must(event_assign(&p->event, base, fd, EV_READ | EV_PERSIST, proxied_on_readable, p) ==
	    0);
	must(event_assign(&p->timer, base, -1, 0, proxied_on_timeout, p) == 0);
	if (event_add(&p->event, NULL) == 0 && event_add(&p->timer, proxied_timeout(s)) == 0)
		return 0;
	io_reset(&p->io);
	proxied_free(p);
	errno = ENOMEM;
	return -1;
}

void
proxied_drain(struct http_server *s)
{
	struct proxied *p;

	/* It had a timer before; so there is memory for this one. */
	TAILQ_FOREACH (p, &s->proxied, entry)
		must(event_add(&p->timer, proxied_timeout(s)) == 0);
}

void
proxied_clear(struct http_server *s)
{
	struct proxied *p;

	while ((p = TAILQ_FIRST(&s->proxied)) != NULL) {
		io_reset(&p->io);
		proxied_free(p);
	}
}
