/*
 * A blocking exchange over searchd's socket.
 */
#include "storaged/cli/store/search_status.h"

#include <poll.h>

#include "proto/base/clock.h"

#define TIMEOUT_MS 2000u

/* Waits until the socket is ready; false: not in time. */
static bool
search_status_wait(const struct search_status *s, short events, uint64_t deadline)
{
	struct pollfd p = {.fd = s->channel.fd, .events = events};
	uint64_t now = clock_mono_ms();

	return now < deadline && poll(&p, 1, (int)(deadline - now)) == 1;
}

static bool
search_status_send(struct search_status *s, uint64_t deadline)
{
	enum channel_io io;

	if (channel_send(
		&s->channel, MSG_SEARCH_STATUS_GET, 1, &(struct msg_search_status_get){}) != 0)
		return false;
	while ((io = channel_flush(&s->channel)) == CHANNEL_PENDING)
		if (!search_status_wait(s, POLLOUT, deadline))
			return false;
	return io == CHANNEL_DONE;
}

/* Takes the answer. */
static enum wire_result
search_status_take(struct search_status *s)
{
	struct frame f;
	union msg m;
	enum wire_result r;

	while ((r = channel_next(&s->channel, &f, &m)) == WIRE_OK)
		if (f.type == MSG_SEARCH_STATUS) {
			s->status = m.search_status;
			return WIRE_OK;
		}
	return r;
}

bool
search_status_ask(struct search_status *s, const char *socket)
{
	uint64_t deadline = clock_mono_ms() + TIMEOUT_MS;
	int fd = channel_connect(socket);
	enum wire_result r = WIRE_MORE;

	*s = (struct search_status){.channel.fd = -1};
	if (fd == -1)
		return false;
	channel_open(&s->channel, fd, ROLE_TOOL, ROLE_SEARCH, WIRE_FRAME_MAX);
	if (!search_status_send(s, deadline))
		return false;
	while (r == WIRE_MORE) {
		if (!search_status_wait(s, POLLIN, deadline))
			return false;
		if (channel_read(&s->channel) != CHANNEL_DONE)
			return false;
		r = search_status_take(s);
	}
	return r == WIRE_OK;
}

void
search_status_clear(struct search_status *s)
{
	channel_close(&s->channel);
}
