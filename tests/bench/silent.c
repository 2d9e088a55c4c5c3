/*
 * The load of make bench-sockets: silent visitors with a WebSocket each, which answer pings. Prints what has
 * happened, until it is killed.
 */
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/bench.h"

#define EVENTS_MAX  256
#define REPORT_MS   50
#define REQUEST_MAX 512
/* From one address; it has 28,000 ephemeral ports, and the kernel searches long for the last ones. */
#define ADDRESS_SOCKETS 5000u
#define OPENING_MAX     64u  /* handshakes under way in one process */
#define UNREAD_MAX      512u /* bytes of a handshake's response, or of a frame */

/* RFC 6455, sections 5.2 and 7.4. */
#define FINAL      0x80u
#define MASKED     0x80u
#define CLOSE      8u
#define PING       9u
#define PONG       10u
#define SMALL_MAX  125u
#define TWO_BYTES  126u
#define MASK_BYTES 4u

struct silent {
	int fd;
	bool upgraded, opened;
	size_t n;
	uint8_t unread[UNREAD_MAX];
};

struct crowd {
	struct sockaddr_in to;
	uint32_t from; /* the address of the next sockets */
	char request[REQUEST_MAX];
	int epoll;
	struct silent *all;
	size_t n, started, opening;
	/* The figures, of all sockets since the start. */
	int opened, refused, closed, pings;
	int close_code; /* of the last one; 0: none */
};

static void
silent_end(struct crowd *c, struct silent *s)
{
	closefd(&s->fd);
	*(s->opened ? &c->closed : &c->refused) += 1;
	c->opening -= !s->opened;
}

static void
silent_start(struct crowd *c, struct silent *s)
{
	const int one = 1;
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = s};
	size_t len = strlen(c->request);

	if ((size_t)(s - c->all) % ADDRESS_SOCKETS == 0)
		c->from++;
	from.sin_addr.s_addr = htonl(c->from);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd == -1 ||
	    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) == -1 ||
	    bind(s->fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		err(EX_OSERR, "socket");
	c->opening++;
	/* A blocking connect() to the loopback address ends when the listener has queued it. */
	if (connect(s->fd, (struct sockaddr *)&c->to, sizeof(c->to)) == -1 ||
	    send(s->fd, c->request, len, MSG_NOSIGNAL) != (ssize_t)len)
		silent_end(c, s);
	else if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, s->fd, &ev) == -1)
		err(EX_OSERR, "epoll_ctl");
}

/* Masked with zeroes. */
static void
silent_pong(const struct silent *s, const uint8_t *payload, size_t len)
{
	uint8_t frame[2 + MASK_BYTES + SMALL_MAX] = {FINAL | PONG, (uint8_t)(MASKED | len)};

	memcpy(frame + 2 + MASK_BYTES, payload, len);
	(void)!send(s->fd, frame, 2 + MASK_BYTES + len, MSG_NOSIGNAL);
}

static void
silent_take_frame(
    struct crowd *c, struct silent *s, unsigned opcode, const uint8_t *payload, size_t len)
{
	if (opcode == PING && len <= SMALL_MAX) {
		silent_pong(s, payload, len);
		c->pings++;
	} else if (opcode == CLOSE && len >= 2) {
		c->close_code = payload[0] << 8 | payload[1];
	} else if (!s->opened) {
		s->opened = true;
		c->opening--;
		c->opened++;
	}
}

/* Takes a complete frame, or the head of the response. Returns its bytes; 0: it is incomplete. */
static size_t
silent_take(struct crowd *c, struct silent *s, const uint8_t *in, size_t n)
{
	const uint8_t *end;
	size_t head = 2, len;

	if (!s->upgraded) {
		end = memmem(in, n, "\r\n\r\n", 4);
		s->upgraded = end != NULL && memcmp(in, "HTTP/1.1 101", 12) == 0;
		return s->upgraded ? (size_t)(end - in) + 4 : 0;
	}
	if (n < head)
		return 0;
	len = in[1];
	if (len == TWO_BYTES) {
		head += 2;
		len = n < head ? 0 : (size_t)in[2] << 8 | in[3];
	}
	if (n < head + len)
		return 0;
	silent_take_frame(c, s, in[0] & 15u, in + head, len);
	return head + len;
}

static void
silent_readable(struct crowd *c, struct silent *s)
{
	ssize_t got = recv(s->fd, s->unread + s->n, UNREAD_MAX - s->n, MSG_DONTWAIT);
	size_t done = 0, taken;

	if (got == -1 && errno == EAGAIN)
		return;
	if (got <= 0) {
		silent_end(c, s);
		return;
	}
	s->n += (size_t)got;
	while (done < s->n && (taken = silent_take(c, s, s->unread + done, s->n - done)) > 0)
		done += taken;
	s->n -= done;
	memmove(s->unread, s->unread + done, s->n);
	if (s->n == UNREAD_MAX)
		silent_end(c, s);
}

/* Starts those that may start now, and waits for events. */
static void
crowd_turn(struct crowd *c)
{
	struct epoll_event events[EVENTS_MAX];
	int n;

	while (c->started < c->n && c->opening < OPENING_MAX)
		silent_start(c, &c->all[c->started++]);
	n = epoll_wait(c->epoll, events, EVENTS_MAX, REPORT_MS);
	if (n == -1 && errno != EINTR)
		err(EX_OSERR, "epoll_wait");
	for (int i = 0; i < n; i++)
		silent_readable(c, events[i].data.ptr);
}

static void
crowd_open(struct crowd *c, int port, const char *from, const char *path)
{
	c->to = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	c->from = ntohl(inet_addr(from)) - 1;
	snprintf(c->request, sizeof(c->request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
	    path);
	fd_raise_limit();
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll == -1)
		err(EX_OSERR, "epoll_create1");
	c->all = xcalloc(c->n, sizeof(*c->all));
}

int
main(int argc, char **argv)
{
	static struct crowd c;
	const char *from, *path;
	uint64_t reported_ms = 0;
	int port, n;

	bench_plan(argc, argv, "{s:i,s:i,s:s,s:s}", "port", &port, "sockets", &n, "from", &from,
	    "path", &path);
	c.n = (size_t)n;
	crowd_open(&c, port, from, path);
	for (;;) {
		crowd_turn(&c);
		if (clock_mono_ms() - reported_ms < REPORT_MS)
			continue;
		reported_ms = clock_mono_ms();
		bench_print(
		    json_pack("{s:i,s:i,s:i,s:i,s:i}", "opened", c.opened, "refused", c.refused,
			"closed", c.closed, "closeCode", c.close_code, "pings", c.pings));
	}
}
