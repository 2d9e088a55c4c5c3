/*
 * Connections, and the loop that takes requests from them.
 */
#include "storaged/search/searchers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/ipc/channel.h"

#define OUT_MAX ((size_t)4 << 20)

struct searcher {
	TAILQ_ENTRY(searcher) link;
	struct searchers *all;
	struct channel channel;
	struct event *readable, *writable;
	struct event
	    *again; /* pending: there may be requests that were read and not answered */
};

struct searchers {
	struct event_base *base;
	const struct access *access;
	struct followers followers;
	struct event *acceptable;
	TAILQ_HEAD(, searcher) list;
	unsigned n;
};

static void
searcher_free(struct searcher *p)
{
	struct searchers *s = p->all;

	event_free(p->readable);
	event_free(p->writable);
	event_free(p->again);
	channel_close(&p->channel);
	TAILQ_REMOVE(&s->list, p, link);
	free(p);
	/* There is room again. */
	if (s->n-- == SEARCHERS_MAX)
		must(event_add(s->acceptable, NULL) == 0);
}

/* False: it is gone. */
static bool
searcher_flush(struct searcher *p)
{
	switch (channel_flush(&p->channel)) {
	case CHANNEL_PENDING:
		must(event_add(p->writable, NULL) == 0);
		return true;
	case CHANNEL_DONE:
		return true;
	default:
		return false;
	}
}

/* Answers one of the requests that were read; the others come in later turns of the event loop: so many searches
 * delay neither other peers nor the follower. False: the peer breaks the protocol, or takes no answers. */
static bool
searcher_serve(struct searcher *p)
{
	struct frame f = {0};
	union msg m;
	enum wire_result r = channel_next(&p->channel, &f, &m);

	if (r == WIRE_OK) {
		must(event_add(p->again, &(struct timeval){0}) == 0);
		return answer_request(&p->all->followers, &p->channel, &f, &m) == 0;
	}
	if (r == WIRE_MORE)
		return true;
	log_event(LOG_ERROR, "peer_dropped", L_UINT("pid", p->channel.peer_pid),
	    L_STR("why", wire_result_name(r)));
	return false;
}

static void
searcher_on_again(evutil_socket_t fd, short what, void *arg)
{
	struct searcher *p = arg;

	(void)fd;
	(void)what;
	if (!searcher_serve(p) || !searcher_flush(p))
		searcher_free(p);
}

static void
searcher_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct searcher *p = arg;
	enum channel_io io = channel_read(&p->channel);

	(void)fd;
	(void)what;
	if (io != CHANNEL_DONE && io != CHANNEL_PENDING)
		searcher_free(p);
	else if (!evtimer_pending(p->again, NULL))
		searcher_on_again(fd, what, p);
}

static void
searcher_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (!searcher_flush(arg))
		searcher_free(arg);
}

static void
searchers_add(struct searchers *s, int fd)
{
	struct ucred cred;
	unsigned roles = access_roles(s->access, fd, &cred);
	struct searcher *p;

	if (roles == 0) {
		closefd(&fd);
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->all = s;
	channel_open(&p->channel, fd, ROLE_SEARCH, roles, OUT_MAX);
	p->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, searcher_on_readable, p);
	p->writable = event_new(s->base, fd, EV_WRITE, searcher_on_writable, p);
	p->again = evtimer_new(s->base, searcher_on_again, p);
	must(p->readable != NULL && p->writable != NULL && p->again != NULL);
	must(event_add(p->readable, NULL) == 0);
	TAILQ_INSERT_TAIL(&s->list, p, link);
	/* Others wait in the backlog. */
	if (++s->n == SEARCHERS_MAX)
		must(event_del(s->acceptable) == 0);
}

static void
searchers_on_acceptable(evutil_socket_t listener, short what, void *arg)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd != -1)
		searchers_add(arg, fd);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		log_event(LOG_ERROR, "accept_failed", L_ERRNO());
}

struct searchers *
searchers_new(struct event_base *base, int listener, const struct access *access,
    const struct followers *followers)
{
	struct searchers *s = xcalloc(1, sizeof(*s));

	*s = (struct searchers){.base = base, .access = access, .followers = *followers};
	TAILQ_INIT(&s->list);
	s->acceptable =
	    event_new(base, listener, EV_READ | EV_PERSIST, searchers_on_acceptable, s);
	must(s->acceptable != NULL && event_add(s->acceptable, NULL) == 0);
	return s;
}

void
searchers_free(struct searchers *s)
{
	struct searcher *p;

	while ((p = TAILQ_FIRST(&s->list)) != NULL)
		searcher_free(p);
	event_free(s->acceptable);
	free(s);
}
