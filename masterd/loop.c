#include "masterd/loop.h"

#include <stddef.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

struct event_base *
loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	must(config != NULL);
	/* EVENT_EPOLL_USE_CHANGELIST in the environment would break the loop: epoll(7) refers to
	 * the open file, which stays open in a worker after we have closed our descriptor. */
	must(event_config_set_flag(
		 config, EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NOLOCK) == 0);
	base = event_base_new_with_config(config);
	event_config_free(config);
	must(base != NULL);
	return base;
}

struct event *
loop_event(struct event_base *base, int fd, short what, event_callback_fn callback, void *arg)
{
	struct event *ev = event_new(base, fd, what, callback, arg);

	must(ev != NULL);
	return ev;
}

struct event *
loop_timer(struct event_base *base, event_callback_fn callback, void *arg)
{
	return loop_event(base, -1, 0, callback, arg);
}

struct event *
loop_signal(struct event_base *base, int signal, event_callback_fn callback, void *arg)
{
	struct event *ev = loop_event(base, signal, EV_SIGNAL | EV_PERSIST, callback, arg);

	loop_watch(ev);
	return ev;
}

void
loop_watch(struct event *ev)
{
	must(event_add(ev, NULL) == 0);
}

void
loop_after(struct event *timer, uint64_t ms)
{
	const struct timeval tv = clock_timeval(ms);

	must(event_add(timer, &tv) == 0);
}

void
loop_free(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}
