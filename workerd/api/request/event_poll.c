#include "workerd/api/request/event_poll.h"

#include <stdlib.h>

#include <event2/event.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* While a reply is written, a poll gathers its tokens for so long: two polls a second are enough, and the first words
 * come in time. */
#define GATHER_MS 400u

/* Otherwise it takes what comes in the same moment. */
#define SETTLE_MS 10u

/* More bytes are sent with the next poll. */
#define FULL (256u * 1024)

/* The longest frame is a history (widget_send.c), and what one turn of the loop adds is far less than the rest. */
#define FRAMES_MAX (16u * 1024 * 1024)
#define NEXT_MAX   4096

struct event_poll {
	struct event *timer;
	struct buf frames, next;
	uint64_t began_ms; /* the first frame came; 0: there is none */
	bool overflown;
	void (*due)(void *arg);
	void *arg;
};

static void
event_poll_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct event_poll *p = arg;

	(void)fd;
	(void)what;
	p->due(p->arg);
}

static void
event_poll_wait(struct event_poll *p, uint64_t ms)
{
	struct timeval in = clock_timeval(ms);

	must(evtimer_add(p->timer, &in) == 0);
}

struct event_poll *
event_poll_new(struct api *api, void (*due)(void *arg), void *arg)
{
	struct event_poll *p = xcalloc(1, sizeof(*p));

	p->due = due;
	p->arg = arg;
	buf_init(&p->frames, FRAMES_MAX);
	buf_init(&p->next, NEXT_MAX);
	p->timer = evtimer_new(api->turns->base, event_poll_on_timer, p);
	must(p->timer != NULL);
	event_poll_wait(p, api->draining ? 0 : EVENT_POLL_WAIT_MS);
	return p;
}

void
event_poll_free(struct event_poll *p)
{
	event_free(p->timer);
	buf_clear(&p->frames);
	buf_clear(&p->next);
	free(p);
}

/* Until the answer is sent, from now. */
static uint64_t
event_poll_delay(const struct event_poll *p, bool busy)
{
	uint64_t passed = clock_mono_ms() - p->began_ms;

	if (passed >= GATHER_MS || event_poll_is_full(p))
		return 0;
	return busy || GATHER_MS - passed < SETTLE_MS ? GATHER_MS - passed : SETTLE_MS;
}

void
event_poll_add(struct event_poll *p, struct slice frame, bool busy)
{
	if (p->began_ms == 0)
		p->began_ms = clock_mono_ms();
	if ((buf_len(&p->frames) > 0 && buf_append_str(&p->frames, ",") == -1) ||
	    buf_append(&p->frames, frame.p, frame.len) == -1)
		p->overflown = true;
	event_poll_wait(p, event_poll_delay(p, busy));
}

void
event_poll_set_next(struct event_poll *p, struct slice next)
{
	buf_reset(&p->next);
	must(buf_append(&p->next, next.p, next.len) == 0);
}

bool
event_poll_is_empty(const struct event_poll *p)
{
	return p->began_ms == 0;
}

bool
event_poll_is_full(const struct event_poll *p)
{
	return buf_len(&p->frames) > FULL;
}

/* Frames that do not fit are lost only with the whole answer: the client asks again from where it was. */
void
event_poll_reply(struct event_poll *p, struct http_exchange *x)
{
	struct buf out;
	bool fits;

	buf_init(&out, FRAMES_MAX + NEXT_MAX + 64);
	fits = !p->overflown && buf_append_str(&out, "{\"frames\":[") == 0 &&
	    buf_append(&out, buf_data(&p->frames), buf_len(&p->frames)) == 0 &&
	    buf_append_str(&out, "],\"next\":") == 0 &&
	    buf_append(&out, buf_data(&p->next), buf_len(&p->next)) == 0 &&
	    buf_append_str(&out, "}") == 0;
	if (!fits) {
		reply_abort(x);
	} else {
		reply_start(x, 200);
		reply_header_str(x, "Cache-Control", "no-store");
		reply_body(x, "application/json; charset=utf-8", buf_slice(&out));
	}
	buf_clear(&out);
}
