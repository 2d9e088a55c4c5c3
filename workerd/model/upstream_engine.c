/*
 * libcurl's multi_socket interface on libevent (curl_multi_socket_action(3)): libcurl tells which
 * sockets to watch and when to wake it; we tell it what became ready.
 *
 * A new request walks all open connections of its multi handle, so each has a bounded number of
 * transfers: as many as share a connection of HTTP/2. With more, those that a rush brings beyond the
 * first connection's limit would get one each, as they wait for no other (CURLOPT_PIPEWAIT knows
 * only the first). The first handle that has room is taken: few requests share one pool of
 * connections, and the handles that a rush has left behind come to rest.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

/* What servers allow on a connection of HTTP/2, mostly (RFC 9113, section 6.5.2, recommends no
 * less). Over HTTP/1.1 opening the 5,000th stream costs what the 100th does: make bench-upstream. */
#define TRANSFERS_MAX 100
#define POOLED_MAX    64
#define LOOK_AGAIN_US 2000

static struct watch *
watch_of(const struct upstream *u, int fd)
{
	return fd >= 0 && (size_t)fd < u->watches->len ? u->watches->at[fd] : NULL;
}

/* -- driving libcurl --------------------------------------------------------------------- */

/* Takes note of what libcurl has finished. */
static void
reap(struct engine *e)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(e->multi, &left)) != NULL) {
		struct upstream_transfer *t;
		CURLcode code = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		transfer_finished(t, code);
	}
}

static void
drive(struct engine *e, curl_socket_t fd, int what)
{
	struct upstream *u = e->upstream;
	int running;

	u->inside = true;
	curl_multi_socket_action(e->multi, fd, what, &running);
	u->inside = false;
	reap(e);
	upstream_settle(u);
}

/*
 * Of the streams of a connection libcurl 7.88 runs each once per call. What one reads for another
 * that has had its turn lies in libcurl until the socket is readable again, which it need not be:
 * the last token, and the end, of a stream would come with the next one's data or never. So where
 * nothing comes for a moment it is asked once more, until that brings nothing.
 */
static void
look_again(struct engine *e, int fd, bool wanted)
{
	static const struct timeval moment = {.tv_usec = LOOK_AGAIN_US};
	struct upstream *u = e->upstream;
	struct watch *w = watch_of(u, fd);

	if (!u->tls || w == NULL || w->engine != e)
		return;
	/* One that is to be looked at no more must not go on being so. */
	if (wanted && !u->http1)
		event_add(w->event, &moment);
	else
		event_remove_timer(w->event);
}

static void
drive_socket(struct engine *e, int fd, short what)
{
	uint64_t heard = e->upstream->heard;

	drive(e, fd,
	    (what & (EV_READ | EV_TIMEOUT) ? CURL_CSELECT_IN : 0) |
		(what & EV_WRITE ? CURL_CSELECT_OUT : 0));
	e->last_fd = fd;
	look_again(e, fd, (what & EV_READ) || e->upstream->heard != heard);
}

/* Those that are passed over while there is a backlog have their turn after it in the order in which
 * they became ready: the loop always reports them in the same order, and one that floods would keep
 * out all behind it. */
static void
on_socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct engine *e = w->engine;

	if (e->behind == 0 && TAILQ_EMPTY(&e->passed)) {
		drive_socket(e, fd, what);
		return;
	}
	if (w->ready == 0)
		TAILQ_INSERT_TAIL(&e->passed, w, link);
	w->ready |= what;
}

static void
drive_passed(struct engine *e)
{
	struct watch *w = TAILQ_FIRST(&e->passed);
	short what = w->ready;

	TAILQ_REMOVE(&e->passed, w, link);
	w->ready = 0;
	drive_socket(e, w->fd, what);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct engine *e = arg;
	uint64_t heard = e->upstream->heard;

	(void)fd;
	(void)what;
	e->timer_due = e->behind > 0;
	if (e->timer_due)
		return;
	drive(e, CURL_SOCKET_TIMEOUT, 0);
	if (e->upstream->heard != heard)
		look_again(e, e->last_fd, true);
}

void
engine_resume(struct engine *e)
{
	while (e->behind == 0 && !TAILQ_EMPTY(&e->passed))
		drive_passed(e);
	if (e->behind == 0 && e->timer_due)
		on_timer(-1, 0, e);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct engine *e = arg;
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

/* -- sockets ----------------------------------------------------------------------------- */

/* Makes the table long enough for a descriptor. */
static void
watches_grow(struct watches *all, int fd)
{
	size_t need = (size_t)fd + 1, n = all->len == 0 ? 64 : all->len;
	struct watch **grown;

	if (need <= all->len)
		return;
	while (n < need)
		n *= 2;
	grown = xcalloc(n, sizeof(struct watch *));
	if (all->len > 0)
		memcpy(grown, all->at, all->len * sizeof(struct watch *));
	free(all->at);
	all->at = grown;
	all->len = n;
}

static void
unwatch(struct upstream *u, int fd)
{
	struct watch *w = watch_of(u, fd);

	if (w == NULL)
		return;
	if (w->ready != 0)
		TAILQ_REMOVE(&w->engine->passed, w, link);
	event_free(w->event);
	free(w);
	u->watches->at[fd] = NULL;
}

static void
watch(struct engine *e, int fd, short what)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->fd = fd;
	w->engine = e;
	w->what = what;
	w->event = event_new(e->upstream->base, fd, what, on_socket_ready, w);
	must(w->event != NULL);
	event_add(w->event, NULL);
	watches_grow(e->upstream->watches, fd);
	e->upstream->watches->at[fd] = w;
}

void
upstream_fd_is_new(struct upstream *u, int fd)
{
	unwatch(u, fd);
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct engine *e = arg;
	struct watch *w = watch_of(e->upstream, fd);
	short wanted = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	(void)socket_arg;
	/* The number may have gone to another engine without a word. */
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL && w->engine == e)
			unwatch(e->upstream, fd);
	} else if (w == NULL || w->engine != e || w->what != wanted) {
		unwatch(e->upstream, fd);
		watch(e, fd, wanted);
	}
	return 0;
}

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	if (fd == -1)
		return CURL_SOCKET_BAD;
	upstream_fd_is_new(arg, fd);
	return fd;
}

static int
close_socket(void *arg, curl_socket_t fd)
{
	upstream_fd_is_new(arg, fd);
	return close(fd);
}

/* -- the engines ------------------------------------------------------------------------- */

static void
on_rest(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	engine_free(arg);
}

static struct engine *
engine_new(struct upstream *u)
{
	struct engine *e = xcalloc(1, sizeof(*e)), *last = NULL, *other;

	e->upstream = u;
	e->last_fd = -1;
	TAILQ_INIT(&e->passed);
	e->timer = evtimer_new(u->base, on_timer, e);
	e->rest = evtimer_new(u->base, on_rest, e);
	e->multi = curl_multi_init();
	must(e->timer != NULL && e->rest != NULL && e->multi != NULL);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, set_timer);
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
engine_free(struct engine *e)
{
	struct upstream *u = e->upstream;

	must(e->transfers == 0 && !u->inside);
	LIST_REMOVE(e, link);
	curl_multi_cleanup(e->multi);
	for (size_t i = 0; i < u->watches->len; i++)
		if (u->watches->at[i] != NULL && u->watches->at[i]->engine == e)
			unwatch(u, (int)i);
	event_free(e->timer);
	event_free(e->rest);
	free(e);
}

struct engine *
engine_for_transfer(struct upstream *u)
{
	struct engine *e;

	LIST_FOREACH (e, &u->engines, link)
		if (e->transfers < TRANSFERS_MAX)
			return e;
	return engine_new(u);
}

void
engine_add(struct engine *e, struct upstream_transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, e->upstream);
	curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, e->upstream);
	t->engine = e;
	e->transfers++;
	evtimer_del(e->rest);
	must(curl_multi_add_handle(e->multi, t->easy) == CURLM_OK);
}

void
engine_remove(struct engine *e, struct upstream_transfer *t)
{
	struct timeval rest = clock_timeval(e->upstream->rest_ms);

	curl_multi_remove_handle(e->multi, t->easy);
	if (--e->transfers == 0)
		evtimer_add(e->rest, &rest);
}
