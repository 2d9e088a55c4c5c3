/*
 * Asks the store again what it was asked at the begin of the request. While the store does not answer, the
 * caller stays.
 */
#include "workerd/api/guard/guard_watch.h"

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "workerd/api/guard/session.h"

struct guard_watch {
	struct api *api;
	struct event *timer; /* NULL: nothing is watched */
	struct store_call *call;
	struct hash256 token; /* of the session, or of the key */
	bool by_key;
	void (*ended)(void *arg);
	void *arg;
};

static void
guard_watch_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct guard_watch *w = arg;

	w->call = NULL;
	if (store_refused(type, m, STORE_NOT_FOUND))
		w->ended(w->arg);
}

static struct store_call *
guard_watch_ask(struct guard_watch *w)
{
	const struct msg_login_check login = {w->token};
	const struct msg_key_check key = {w->token};

	if (w->by_key)
		return store_call(w->api->store, MSG_KEY_CHECK, &key, STORE_TIMEOUT_MS,
		    guard_watch_on_answer, w);
	return store_call(
	    w->api->store, MSG_LOGIN_CHECK, &login, STORE_TIMEOUT_MS, guard_watch_on_answer, w);
}

static void
guard_watch_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct guard_watch *w = arg;

	(void)fd;
	(void)what;
	if (w->call == NULL)
		w->call = guard_watch_ask(w);
}

static void
guard_watch_start(struct guard_watch *w)
{
	struct event_base *base = w->api->turns->base;
	struct timeval each = clock_timeval(GUARD_WATCH_MS);
	const struct timeval *common = event_base_init_common_timeout(base, &each);

	w->timer = event_new(base, -1, EV_PERSIST, guard_watch_on_timer, w);
	must(w->timer != NULL && common != NULL && event_add(w->timer, common) == 0);
}

struct guard_watch *
guard_watch_new(const struct api_call *c, void (*ended)(void *arg), void *arg)
{
	struct guard_watch *w = xcalloc(1, sizeof(*w));

	*w = (struct guard_watch){
	    .api = c->api, .by_key = c->by_key, .ended = ended, .arg = arg};
	w->token = c->by_key ? c->key_hash : session_hash(c->api->settings, c->session);
	if (!c->by_key || !hash_is_zero(&c->key_hash))
		guard_watch_start(w);
	return w;
}

void
guard_watch_free(struct guard_watch *w)
{
	if (w->call != NULL)
		store_call_forget(w->call);
	if (w->timer != NULL)
		event_free(w->timer);
	free(w);
}
