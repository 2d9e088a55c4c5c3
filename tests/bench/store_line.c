#include "tests/bench/store_line.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sysexits.h>

#include "proto/base/clock.h"
#include "tests/bench/store_place.h"

#define UNSENT_MAX ((size_t)8 << 20)

void
line_open(struct channel *line, const char *socket)
{
	int fd = channel_connect(socket);
	union msg pong;

	if (fd == -1)
		err(EX_UNAVAILABLE, "%s", socket);
	channel_open(line, fd, ROLE_WORKER, ROLE_STORE, UNSENT_MAX);
	line_ask(line, MSG_PING, &(struct msg_ping){}, MSG_PONG, &pong);
}

bool
line_answer(struct channel *line, struct frame *f, union msg *m)
{
	enum wire_result r = channel_next(line, f, m);

	if (r == WIRE_MORE)
		return false;
	if (r != WIRE_OK)
		errx(EX_PROTOCOL, "invalid frame from storaged: %s", wire_result_name(r));
	if (f->type == MSG_ERROR)
		errx(EX_UNAVAILABLE, "storaged refused: %.*s", (int)m->error.detail.len,
		    (const char *)m->error.detail.p);
	return true;
}

/* Sends what is queued, waits for a reply and reads it or a part of it. */
static void
exchange(struct channel *line)
{
	struct pollfd fd = {.fd = line->fd, .events = POLLIN};
	int n;

	if (channel_flush(line) == CHANNEL_FAILED)
		err(EX_IOERR, "storaged's socket");
	if (buf_len(&line->out) > 0)
		fd.events |= POLLOUT;
	n = poll(&fd, 1, LINE_PATIENCE_MS);
	if (n == -1 && errno != EINTR)
		err(EX_OSERR, "poll");
	place_check();
	if (n == 0)
		errx(EX_UNAVAILABLE, "no reply within %d ms", LINE_PATIENCE_MS);
	if (n == 1 && (fd.revents & ~POLLOUT) != 0 && channel_read(line) != CHANNEL_DONE)
		err(EX_IOERR, "storaged has closed the connection");
}

uint64_t
line_ask(struct channel *line, enum msg_type type, const void *request,
    enum msg_type answer_type, union msg *answer)
{
	uint64_t start = clock_mono_ns();
	struct frame f;

	if (channel_send(line, type, 1, request) == -1)
		err(EX_SOFTWARE, "%s", msg_name((uint16_t)type));
	do
		exchange(line);
	while (!line_answer(line, &f, answer));
	if (f.type != answer_type)
		errx(EX_PROTOCOL, "the reply to %s is %s", msg_name((uint16_t)type),
		    msg_name(f.type));
	return clock_mono_ns() - start;
}
