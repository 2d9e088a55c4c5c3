/*
 * The sockets that libcurl wants watched (CURLMOPT_SOCKETFUNCTION), in an epoll set of their own; the
 * event loop watches only the set.
 *
 * libcurl 7.88 closes a socket that is still connecting without a callback. An event that stayed
 * behind in the event loop would then be counted for the next owner of the number: libevent believes
 * that the descriptor is in its epoll set, and the new owner, for example a client's connection from
 * masterd, never gets an event. Here a stale entry harms nobody: the kernel removes a closed socket
 * from the set, the table is private to the upstream, and each update from libcurl is sent to the
 * kernel, whatever the table says.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "workerd/model/upstream_internal.h"

#define READY_MAX 256 /* sockets per epoll_wait(2); the rest comes in the next loop iteration */

struct upstream_socket *
upstream_sockets_find(const struct upstream *u, int fd)
{
	return fd >= 0 && (size_t)fd < u->sockets_len ? u->sockets[fd] : NULL;
}

/* As libevent does: an error or hang-up makes a socket readable and writable. */
static short
upstream_sockets_what(uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP))
		return EV_READ | EV_WRITE;
	return (short)((events & EPOLLIN ? EV_READ : 0) | (events & EPOLLOUT ? EV_WRITE : 0));
}

/* Each call may remove other sockets, or open one with the number of a removed one. */
static void
upstream_sockets_on_ready(evutil_socket_t fd, short unused, void *arg)
{
	struct upstream *u = arg;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(fd, ready, READY_MAX, 0);

	(void)unused;
	for (int i = 0; i < n; i++) {
		struct upstream_socket *s =
		    upstream_sockets_find(u, (int)(uint32_t)ready[i].data.u64);
		short what = upstream_sockets_what(ready[i].events);

		if (s != NULL && s->serial == ready[i].data.u64 >> 32 && (what & s->what) != 0)
			upstream_engine_on_socket(s, what & s->what);
	}
}

static void
upstream_sockets_on_recheck(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	upstream_engine_on_socket(arg, what);
}

void
upstream_sockets_init(struct upstream *u)
{
	u->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(u->epoll != -1);
	u->epoll_ready =
	    event_new(u->base, u->epoll, EV_READ | EV_PERSIST, upstream_sockets_on_ready, u);
	must(u->epoll_ready != NULL && event_add(u->epoll_ready, NULL) == 0);
}

void
upstream_sockets_clear(struct upstream *u)
{
	event_free(u->epoll_ready);
	closefd(&u->epoll);
	free(u->sockets);
}

static void
upstream_sockets_reserve(struct upstream *u, int fd)
{
	size_t need = (size_t)fd + 1, n = u->sockets_len == 0 ? 64 : u->sockets_len;
	struct upstream_socket **grown;

	if (need <= u->sockets_len)
		return;
	while (n < need)
		n *= 2;
	grown = xcalloc(n, sizeof(struct upstream_socket *));
	if (u->sockets_len > 0)
		memcpy(grown, u->sockets, u->sockets_len * sizeof(struct upstream_socket *));
	free(u->sockets);
	u->sockets = grown;
	u->sockets_len = n;
}

/* The number may belong to somebody else by now: it is not in the set then, and EPOLL_CTL_DEL fails. */
static void
upstream_sockets_remove(struct upstream *u, struct upstream_socket *s)
{
	(void)epoll_ctl(u->epoll, EPOLL_CTL_DEL, s->fd, NULL);
	if (s->ready != 0)
		TAILQ_REMOVE(&s->engine->deferred, s, link);
	if (s->recheck != NULL)
		event_free(s->recheck);
	u->sockets[s->fd] = NULL;
	free(s);
}

static struct upstream_socket *
upstream_sockets_add(struct upstream_engine *e, int fd)
{
	struct upstream *u = e->upstream;
	struct upstream_socket *s = xcalloc(1, sizeof(*s));

	upstream_sockets_reserve(u, fd);
	s->fd = fd;
	s->serial = ++u->last_serial;
	s->engine = e;
	u->sockets[fd] = s;
	return s;
}

static void
upstream_sockets_watch(struct upstream *u, struct upstream_socket *s, int what)
{
	struct epoll_event event = {
	    .events =
		(what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
	    .data.u64 = (uint64_t)s->serial << 32 | (uint32_t)s->fd,
	};

	s->what = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0));
	/* A new socket may have the number of a known one. */
	if (epoll_ctl(u->epoll, EPOLL_CTL_MOD, s->fd, &event) == -1)
		must(errno == ENOENT && epoll_ctl(u->epoll, EPOLL_CTL_ADD, s->fd, &event) == 0);
}

int
upstream_sockets_update(CURL *easy, curl_socket_t fd, int what, void *engine, void *unused)
{
	struct upstream_engine *e = engine;
	struct upstream *u = e->upstream;
	struct upstream_socket *s = upstream_sockets_find(u, fd);

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
		/* The number may belong to another engine already. */
		if (s != NULL && s->engine == e)
			upstream_sockets_remove(u, s);
		return 0;
	}
	if (s != NULL && s->engine != e) {
		upstream_sockets_remove(u, s);
		s = NULL;
	}
	upstream_sockets_watch(u, s == NULL ? upstream_sockets_add(e, fd) : s, what);
	return 0;
}

void
upstream_sockets_recheck(struct upstream_socket *s, const struct timeval *delay)
{
	if (s->recheck == NULL && delay == NULL)
		return;
	if (s->recheck == NULL) {
		s->recheck =
		    evtimer_new(s->engine->upstream->base, upstream_sockets_on_recheck, s);
		must(s->recheck != NULL);
	}
	if (delay == NULL)
		evtimer_del(s->recheck);
	else
		evtimer_add(s->recheck, delay);
}

void
upstream_sockets_remove_engine(const struct upstream_engine *e)
{
	struct upstream *u = e->upstream;

	for (size_t i = 0; i < u->sockets_len; i++)
		if (u->sockets[i] != NULL && u->sockets[i]->engine == e)
			upstream_sockets_remove(u, u->sockets[i]);
}
