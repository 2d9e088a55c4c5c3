/*
 * Not a byte of a connection is read here.
 */
#include "masterd/listeners.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/socket_address.h"

/* Connections accepted per event, so that a flood does not starve the workers' events. */
#define ACCEPTS_PER_EVENT 64

/* Connections accepted from a socket before it is closed: at most what its backlog held. */
#define ACCEPTS_AT_END 4096

/* Pause when the system is out of descriptors or memory. */
#define SHORTAGE_PAUSE_MS 100

struct listener {
	struct listeners *owner;
	int fd;
	bool loopback;
	bool inherited;
	bool proxied;
	struct event *acceptable;
};

/* Why accepting is paused; several reasons can apply at once. */
enum pause {
	PAUSE_NOT_STARTED = 1,
	PAUSE_NO_ROOM = 2,
	PAUSE_SHORTAGE = 4,
};

struct listeners {
	struct event_base *base;
	struct dispatch *dispatch; /* NULL until they are started */
	struct listener at[SOCKETS_MAX];
	size_t n;
	unsigned pauses; /* set of enum pause */
	struct event *shortage_over;
	uint64_t shortage_since; /* clock_mono_ms(), 0: none */
};

static void
listeners_pause(struct listeners *ls, enum pause why)
{
	if (ls->pauses == 0)
		for (size_t i = 0; i < ls->n; i++)
			event_del(ls->at[i].acceptable);
	ls->pauses |= why;
}

static void
listeners_unpause(struct listeners *ls, enum pause why)
{
	if (!(ls->pauses & why))
		return;
	ls->pauses &= ~(unsigned)why;
	if (ls->pauses == 0)
		for (size_t i = 0; i < ls->n; i++)
			loop_watch(ls->at[i].acceptable);
}

/* Logged when it begins and when it ends, however many pauses that takes. */
static void
listeners_begin_shortage(struct listeners *ls)
{
	if (ls->shortage_since == 0) {
		log_event(LOG_ERROR, "accept_paused", L_ERRNO());
		ls->shortage_since = clock_mono_ms();
	}
	listeners_pause(ls, PAUSE_SHORTAGE);
	loop_after(ls->shortage_over, SHORTAGE_PAUSE_MS);
}

static void
listeners_end_shortage(struct listeners *ls)
{
	if (ls->shortage_since == 0)
		return;
	log_event(
	    LOG_NOTICE, "accept_resumed", L_UINT("ms", clock_mono_ms() - ls->shortage_since));
	ls->shortage_since = 0;
}

static void
listeners_on_shortage_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	listeners_unpause(arg, PAUSE_SHORTAGE);
}

/* The result of one accept4(). */
enum accepted { ACCEPTED, ACCEPTED_NONE, ACCEPTED_AGAIN, ACCEPTED_SHORTAGE };

/* accept(2) also returns errors of the new connection: that one is lost, the next may be fine.
 * Unknown errors count as a shortage, so that no error can make the loop spin. */
static enum accepted
listeners_accept_error(void)
{
	switch (errno) {
	case EAGAIN:
		return ACCEPTED_NONE;
	case EINTR:
	case ECONNABORTED:
	case EPERM:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return ACCEPTED_AGAIN;
	default:
		return ACCEPTED_SHORTAGE;
	}
}

static enum accepted
listeners_accept_one(struct listener *l)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	struct arrival a = {.loopback = l->loopback, .proxied = l->proxied};
	int fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1)
		return listeners_accept_error();
	listeners_end_shortage(l->owner);
	a.fd = fd;
	a.from = socket_address_from(&ss);
	dispatch_give(l->owner->dispatch, &a);
	return ACCEPTED;
}

static void
listeners_on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd, (void)what;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		enum accepted r;

		if (!dispatch_has_room(l->owner->dispatch)) {
			listeners_pause(l->owner, PAUSE_NO_ROOM);
			return;
		}
		r = listeners_accept_one(l);
		if (r == ACCEPTED_SHORTAGE)
			listeners_begin_shortage(l->owner);
		if (r == ACCEPTED_SHORTAGE || r == ACCEPTED_NONE)
			return;
	}
}

void
listeners_start(struct listeners *ls, struct dispatch *d)
{
	ls->dispatch = d;
	listeners_unpause(ls, PAUSE_NOT_STARTED);
}

void
listeners_resume(struct listeners *ls)
{
	listeners_unpause(ls, PAUSE_NO_ROOM);
}

struct listeners *
listeners_new(struct event_base *base)
{
	struct listeners *ls = xcalloc(1, sizeof(*ls));

	ls->base = base;
	ls->pauses = PAUSE_NOT_STARTED;
	ls->shortage_over = loop_timer(base, listeners_on_shortage_over, ls);
	return ls;
}

/* Bytes that the kernel buffers of a reply beyond what it can send at once. */
#define UNSENT_MAX 131072

/* Linux copies these options to every accepted connection, which saves system calls. TCP_NODELAY:
 * replies are written when they are ready, and Nagle's algorithm would only delay tokens.
 * TCP_NOTSENT_LOWAT: the data for a client that does not read stays with the worker, which limits
 * it, instead of megabytes in the kernel (tcp(7)). */
static void
listeners_add_one(struct listeners *ls, const struct listening_socket *s)
{
	const int fd = s->fd;
	const struct socket_address a = socket_address_bound(fd);
	struct listener *l = &ls->at[ls->n];
	char text[SOCKET_ADDRESS_TEXT_SIZE];

	must(ls->n < ARRAY_LEN(ls->at) && ls->dispatch == NULL);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){UNSENT_MAX}, sizeof(int));
	*l = (struct listener){
	    .owner = ls,
	    .fd = fd,
	    .loopback = !s->proxied && socket_address_is_loopback(&a),
	    .inherited = s->inherited,
	    .proxied = s->proxied,
	    .acceptable =
		loop_event(ls->base, fd, EV_READ | EV_PERSIST, listeners_on_acceptable, l),
	};
	ls->n++;
	socket_address_format(&a, text);
	log_event(LOG_NOTICE, "listening", L_STR("address", text),
	    L_STR("inherited", s->inherited ? "yes" : NULL),
	    L_STR("proxy", s->proxied ? "yes" : NULL));
}

void
listeners_add(struct listeners *ls, struct sockets *s)
{
	for (size_t i = 0; i < s->n; i++)
		listeners_add_one(ls, &s->at[i]);
	s->n = 0;
}

/* These clients have completed the handshake and do not know that the service stops: closing the
 * socket would reset them. No acknowledgement is read meanwhile, so this ends when every worker has
 * DISPATCH_IN_FLIGHT_MAX in flight. The rest of a longer queue is reset: waiting for workers that
 * are so far behind would delay the stop. */
static void
listeners_accept_rest(struct listener *l)
{
	for (int i = 0; i < ACCEPTS_AT_END && dispatch_has_room(l->owner->dispatch); i++) {
		enum accepted r = listeners_accept_one(l);

		if (r == ACCEPTED_NONE || r == ACCEPTED_SHORTAGE)
			return;
	}
}

void
listeners_close(struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++) {
		struct listener *l = &ls->at[i];

		if (!l->inherited && ls->dispatch != NULL)
			listeners_accept_rest(l);
		loop_free(&l->acceptable);
		closefd(&l->fd);
	}
	ls->n = 0;
	event_del(ls->shortage_over);
}

void
listeners_free(struct listeners *ls)
{
	if (ls == NULL)
		return;
	listeners_close(ls);
	loop_free(&ls->shortage_over);
	free(ls);
}
