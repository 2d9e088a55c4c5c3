/*
 * libcurl 7.88 waits for nothing after the first of several addresses did not answer in its share of the time: it
 * tries the next one when it is called again. So it is called twice a second while transfers run.
 *
 * It also closes a socket that is still connecting without a callback. An event that stayed behind in
 * the event loop would then be counted for the next owner of the number: libevent believes that the
 * descriptor is in its epoll set, and the new owner never gets an event. So libcurl's sockets are in an epoll
 * set of their own, of which the loop watches only the set; the kernel removes a closed socket from it.
 */
#define CURL_DISABLE_DEPRECATION /* curl_multi_socket_all(3); curl_multi_socket_action(3) cannot do this */
#include "workerd/net/curl_loop.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

#define READY_MAX 64  /* sockets per epoll_wait(2); the rest comes in the next loop iteration */
#define TICK_MS   500 /* between two calls of libcurl while transfers run */

struct curl_loop {
	const struct curl_loop_events *events;
	void *arg;
	CURLM *multi;
	int epoll;
	struct event *ready, *timer, *tick;
};

static void
curl_loop_collect(struct curl_loop *l)
{
	CURLMsg *msg;
	int unused;

	while ((msg = curl_multi_info_read(l->multi, &unused)) != NULL)
		l->events->done(l->arg, msg->easy_handle, (int)msg->data.result);
}

static void
curl_loop_settle(struct curl_loop *l)
{
	if (l->events->settle != NULL)
		l->events->settle(l->arg);
}

static void
curl_loop_drive(struct curl_loop *l, curl_socket_t fd, int what)
{
	int unused;

	curl_multi_socket_action(l->multi, fd, what, &unused);
	curl_loop_collect(l);
}

static void
curl_loop_set_tick(struct curl_loop *l)
{
	static const struct timeval in = {.tv_usec = TICK_MS * 1000};

	if (!evtimer_pending(l->tick, NULL))
		evtimer_add(l->tick, &in);
}

static void
curl_loop_on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct curl_loop *l = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_all(l->multi, &running);
	if (running > 0)
		curl_loop_set_tick(l);
	curl_loop_collect(l);
	curl_loop_settle(l);
}

static void
curl_loop_on_ready(evutil_socket_t fd, short unused, void *arg)
{
	struct curl_loop *l = arg;
	struct epoll_event ready[READY_MAX];
	int n = epoll_wait(fd, ready, READY_MAX, 0);

	(void)unused;
	for (int i = 0; i < n; i++) {
		uint32_t events = ready[i].events;

		curl_loop_drive(l, ready[i].data.fd,
		    (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			(events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
	}
	curl_loop_settle(l);
}

static void
curl_loop_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct curl_loop *l = arg;

	(void)fd;
	(void)what;
	curl_loop_drive(l, CURL_SOCKET_TIMEOUT, 0);
	curl_loop_settle(l);
}

/* CURLMOPT_SOCKETFUNCTION. */
static int
curl_loop_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct curl_loop *l = arg;
	struct epoll_event event = {
	    .events =
		(what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
	    .data.fd = fd,
	};

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
		/* The number may belong to somebody else by now: then it is not in the set. */
		curl_loop_unwatch(l, fd);
		return 0;
	}
	/* A new socket may have the number of a known one. */
	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &event) == -1)
		must(errno == ENOENT && epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return 0;
}

/* CURLMOPT_TIMERFUNCTION. */
static int
curl_loop_set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct curl_loop *l = arg;
	struct timeval in;

	(void)multi;
	if (timeout_ms < 0) {
		evtimer_del(l->timer);
		return 0;
	}
	in = clock_timeval((uint64_t)timeout_ms);
	evtimer_add(l->timer, &in);
	return 0;
}

static void
curl_loop_make_multi(struct curl_loop *l)
{
	l->multi = curl_multi_init();
	must(l->multi != NULL);
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, curl_loop_watch);
	curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, curl_loop_set_timer);
	curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
}

struct curl_loop *
curl_loop_new(struct event_base *base, const struct curl_loop_events *events, void *arg)
{
	struct curl_loop *l = xcalloc(1, sizeof(*l));

	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	l->events = events;
	l->arg = arg;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	must(l->epoll != -1);
	l->ready = event_new(base, l->epoll, EV_READ | EV_PERSIST, curl_loop_on_ready, l);
	l->timer = evtimer_new(base, curl_loop_on_timer, l);
	l->tick = evtimer_new(base, curl_loop_on_tick, l);
	must(l->ready != NULL && l->timer != NULL && l->tick != NULL &&
	    event_add(l->ready, NULL) == 0);
	curl_loop_make_multi(l);
	return l;
}

void
curl_loop_free(struct curl_loop *l)
{
	curl_multi_cleanup(l->multi);
	event_free(l->ready);
	event_free(l->timer);
	event_free(l->tick);
	closefd(&l->epoll);
	free(l);
	curl_global_cleanup();
}

void
curl_loop_add(struct curl_loop *l, void *easy)
{
	must(curl_multi_add_handle(l->multi, easy) == CURLM_OK);
	curl_loop_set_tick(l);
}

void
curl_loop_remove(struct curl_loop *l, void *easy)
{
	curl_multi_remove_handle(l->multi, easy);
}

void
curl_loop_unwatch(struct curl_loop *l, int fd)
{
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
}

const char *
curl_loop_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
