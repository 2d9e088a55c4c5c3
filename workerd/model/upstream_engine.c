/*
 * libcurl's multi_socket interface (curl_multi_socket_action(3)): libcurl says which sockets to watch
 * and when to call it; the loop reports what became ready.
 *
 * A new request iterates over all open connections of its multi handle, so each handle has at most as
 * many transfers as share one HTTP/2 connection. With more, the requests of a burst beyond the first
 * connection's limit would get a connection each, because CURLOPT_PIPEWAIT waits only for the first.
 * The first handle with room is used: few requests share one connection pool, and the handles of a past
 * burst become idle.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream_internal.h"

/* The usual limit of streams on an HTTP/2 connection (RFC 9113, section 6.5.2, recommends no less). Over
 * HTTP/1.1 opening the 5,000th stream costs what the 100th does: make bench-upstream. */
#define TRANSFERS_MAX 100
#define POOLED_MAX    64
#define RECHECK_US    2000

/* Collects the transfers that libcurl has finished. */
static void
upstream_engine_collect(struct upstream_engine *e)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(e->multi, &left)) != NULL) {
		struct upstream_transfer *t;
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		upstream_transfer_finished(t, code);
	}
}

static void
upstream_engine_drive(struct upstream_engine *e, curl_socket_t fd, int what)
{
	struct upstream *u = e->upstream;
	int running;

	u->inside = true;
	curl_multi_socket_action(e->multi, fd, what, &running);
	u->inside = false;
	upstream_engine_collect(e);
	upstream_settle(u);
}

/*
 * libcurl 7.88 runs each stream of a connection once per call. Data that one stream reads for another
 * whose turn is over stays in libcurl until the socket is readable again, perhaps for ever: the last
 * token and the end of a stream would arrive with the next stream's data or never. So libcurl is called
 * again when nothing arrives for a moment, until that brings nothing.
 */
static void
upstream_engine_recheck(struct upstream_engine *e, int fd, bool wanted)
{
	static const struct timeval moment = {.tv_usec = RECHECK_US};
	struct upstream *u = e->upstream;
	struct upstream_socket *s = upstream_sockets_find(u, fd);

	if (!u->tls || s == NULL || s->engine != e)
		return;
	upstream_sockets_recheck(s, wanted && !u->http1 ? &moment : NULL);
}

static void
upstream_engine_drive_socket(struct upstream_engine *e, int fd, short what)
{
	uint64_t activity = e->upstream->activity;

	upstream_engine_drive(e, fd,
	    (what & (EV_READ | EV_TIMEOUT) ? CURL_CSELECT_IN : 0) |
		(what & EV_WRITE ? CURL_CSELECT_OUT : 0));
	e->last_fd = fd;
	upstream_engine_recheck(e, fd, (what & EV_READ) || e->upstream->activity != activity);
}

/* Deferred sockets are driven in the order in which they became ready. Otherwise one that floods could
 * starve those that the kernel reports after it. */
void
upstream_engine_on_socket(struct upstream_socket *s, short what)
{
	struct upstream_engine *e = s->engine;

	if (e->backlogged == 0 && TAILQ_EMPTY(&e->deferred)) {
		upstream_engine_drive_socket(e, s->fd, what);
		return;
	}
	if (s->ready == 0)
		TAILQ_INSERT_TAIL(&e->deferred, s, link);
	s->ready |= what;
}

static void
upstream_engine_drive_deferred(struct upstream_engine *e)
{
	struct upstream_socket *s = TAILQ_FIRST(&e->deferred);
	short what = s->ready;

	TAILQ_REMOVE(&e->deferred, s, link);
	s->ready = 0;
	upstream_engine_drive_socket(e, s->fd, what);
}

static void
upstream_engine_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct upstream_engine *e = arg;
	uint64_t activity = e->upstream->activity;

	(void)fd;
	(void)what;
	e->timer_due = e->backlogged > 0;
	if (e->timer_due)
		return;
	upstream_engine_drive(e, CURL_SOCKET_TIMEOUT, 0);
	if (e->upstream->activity != activity)
		upstream_engine_recheck(e, e->last_fd, true);
}

void
upstream_engine_resume(struct upstream_engine *e)
{
	while (e->backlogged == 0 && !TAILQ_EMPTY(&e->deferred))
		upstream_engine_drive_deferred(e);
	if (e->backlogged == 0 && e->timer_due)
		upstream_engine_on_timer(-1, 0, e);
}

static int
upstream_engine_set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct upstream_engine *e = arg;
	struct timeval in;

	(void)multi;
	e->timer_due = false;
	if (timeout_ms < 0) {
		evtimer_del(e->timer);
		return 0;
	}
	in = clock_timeval((uint64_t)timeout_ms);
	evtimer_add(e->timer, &in);
	return 0;
}

/* libcurl's own does not set close-on-exec. */
static curl_socket_t
upstream_engine_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
upstream_engine_on_idle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	upstream_engine_free(arg);
}

static struct upstream_engine *
upstream_engine_new(struct upstream *u)
{
	struct upstream_engine *e = xcalloc(1, sizeof(*e)), *last = NULL, *other;

	e->upstream = u;
	e->last_fd = -1;
	TAILQ_INIT(&e->deferred);
	e->timer = evtimer_new(u->base, upstream_engine_on_timer, e);
	e->idle = evtimer_new(u->base, upstream_engine_on_idle, e);
	e->multi = curl_multi_init();
	must(e->timer != NULL && e->idle != NULL && e->multi != NULL);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, upstream_sockets_update);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, upstream_engine_set_timer);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)POOLED_MAX);
	curl_multi_setopt(e->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)TRANSFERS_MAX);
	LIST_FOREACH (other, &u->engines, link)
		last = other;
	if (last == NULL)
		LIST_INSERT_HEAD(&u->engines, e, link);
	else
		LIST_INSERT_AFTER(last, e, link);
	return e;
}

void
upstream_engine_free(struct upstream_engine *e)
{
	must(e->transfers == 0 && !e->upstream->inside);
	LIST_REMOVE(e, link);
	curl_multi_cleanup(e->multi);
	upstream_sockets_remove_engine(e);
	event_free(e->timer);
	event_free(e->idle);
	free(e);
}

struct upstream_engine *
upstream_engine_for_transfer(struct upstream *u)
{
	struct upstream_engine *e;

	LIST_FOREACH (e, &u->engines, link)
		if (e->transfers < TRANSFERS_MAX)
			return e;
	return upstream_engine_new(u);
}

void
upstream_engine_add(struct upstream_engine *e, struct upstream_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, upstream_engine_open_socket);
	t->engine = e;
	e->transfers++;
	evtimer_del(e->idle);
	must(curl_multi_add_handle(e->multi, t->easy) == CURLM_OK);
}

void
upstream_engine_remove(struct upstream_engine *e, struct upstream_transfer *t)
{
	struct timeval in = clock_timeval(e->upstream->rest_ms);

	curl_multi_remove_handle(e->multi, t->easy);
	if (--e->transfers == 0)
		evtimer_add(e->idle, &in);
}
