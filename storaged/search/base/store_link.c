/*
 * Connecting, reading and writing.
 */
#include "storaged/search/base/store_link.h"

#include <poll.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#define RETRY_MAX_MS 1000
#define OUT_MAX      ((size_t)2 << 20)

static void
store_link_event_free(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void
store_link_retry_in(struct store_link *link, unsigned ms)
{
	struct timeval in = clock_timeval(ms);

	must(event_add(link->retry, &in) == 0);
}

void
store_link_drop(struct store_link *link, const char *why, unsigned retry_ms)
{
	bool connected = link->connected;

	if (link->known)
		log_event(LOG_WARN, "store_lost", L_STR("why", why));
	store_link_event_free(&link->readable);
	store_link_event_free(&link->writable);
	channel_close(&link->channel);
	link->connected = link->known = link->waits = false;
	store_link_retry_in(link, retry_ms);
	if (connected)
		link->user.lost(link->user.arg);
}

/* Logs it once: a standby closes every connection for as long as another machine is the owner. */
static void
store_link_report_unreachable(struct store_link *link, const char *why)
{
	if (link->reported || link->retry_ms < RETRY_MAX_MS)
		return;
	link->reported = true;
	log_event(
	    LOG_WARN, "store_unreachable", L_STR("socket", link->socket), L_STR("error", why));
}

void
store_link_back_off(struct store_link *link, const char *why)
{
	if (!link->known)
		store_link_report_unreachable(link, why);
	store_link_drop(link, why, link->retry_ms);
	link->retry_ms = link->retry_ms * 2 < RETRY_MAX_MS ? link->retry_ms * 2 : RETRY_MAX_MS;
}

static void
store_link_flush(struct store_link *link)
{
	switch (channel_flush(&link->channel)) {
	case CHANNEL_PENDING:
		must(event_add(link->writable, NULL) == 0);
		break;
	case CHANNEL_FAILED:
		store_link_back_off(link, log_errno());
		break;
	default:
		break;
	}
}

void
store_link_ask(struct store_link *link, enum msg_type type, const void *m)
{
	must(!link->waits && channel_send(&link->channel, type, 1, m) == 0);
	link->waits = true;
	store_link_flush(link);
}

void
store_link_tell(struct store_link *link, enum msg_type type, const void *m)
{
	must(channel_send(&link->channel, type, 0, m) == 0);
	store_link_flush(link);
}

/* The first answer of a connection. */
static void
store_link_note_answer(struct store_link *link)
{
	if (!link->known)
		log_event(LOG_INFO, "store_connected", L_STR("socket", link->socket));
	link->known = true;
	link->reported = false;
}

static void
store_link_take(struct store_link *link)
{
	struct frame frame = {0};
	union msg m;
	enum wire_result r = WIRE_MORE;

	while (link->connected && (r = channel_next(&link->channel, &frame, &m)) == WIRE_OK) {
		link->retry_ms = STORE_LINK_RETRY_MS;
		store_link_note_answer(link);
		if (frame.request != 0)
			link->waits = false;
		link->user.take(link->user.arg, &frame, &m);
	}
	if (link->connected && r != WIRE_MORE) {
		log_event(LOG_ERROR, "store_protocol", L_STR("error", wire_result_name(r)),
		    L_STR("message", msg_name(frame.type)));
		store_link_back_off(link, "protocol error");
	}
}

static void
store_link_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct store_link *link = arg;
	enum channel_io io = channel_read(&link->channel);

	(void)fd;
	(void)what;
	store_link_take(link);
	if (link->connected && io != CHANNEL_DONE)
		store_link_back_off(
		    link, io == CHANNEL_CLOSED ? "closed by storaged" : log_errno());
}

static void
store_link_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	store_link_flush(arg);
}

static void
store_link_connect(struct store_link *link)
{
	int fd = channel_connect(link->socket);

	if (fd == -1) {
		store_link_back_off(link, log_errno());
		return;
	}
	channel_open(&link->channel, fd, ROLE_SEARCH, ROLE_STORE, OUT_MAX);
	link->readable =
	    event_new(link->base, fd, EV_READ | EV_PERSIST, store_link_on_readable, link);
	link->writable = event_new(link->base, fd, EV_WRITE, store_link_on_writable, link);
	must(link->readable != NULL && link->writable != NULL);
	must(event_add(link->readable, NULL) == 0);
	link->connected = true;
	link->user.connected(link->user.arg);
}

static void
store_link_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct store_link *link = arg;

	(void)fd;
	(void)what;
	if (link->user.prepare(link->user.arg))
		store_link_connect(link);
	else
		store_link_retry_in(link, STORE_LINK_REOPEN_MS);
}

void
store_link_init(struct store_link *link, struct event_base *base, const char *socket,
    const struct store_link_user *user)
{
	*link = (struct store_link){
	    .base = base, .socket = socket, .user = *user, .retry_ms = STORE_LINK_RETRY_MS};
	link->channel.fd = -1;
	link->retry = evtimer_new(base, store_link_on_retry, link);
	must(link->retry != NULL);
	store_link_retry_in(link, 0);
}

void
store_link_clear(struct store_link *link)
{
	store_link_event_free(&link->readable);
	store_link_event_free(&link->writable);
	store_link_event_free(&link->retry);
	channel_close(&link->channel);
	link->connected = false;
}

bool
store_link_is_cut(const struct store_link *link)
{
	struct pollfd store = {.fd = link->channel.fd, .events = POLLRDHUP};

	return poll(&store, 1, 0) != 0;
}
