/*
 * A framed stream over a Unix socket. No event loop here: the owner says when to read and write.
 */
#include "proto/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/basics.h"

/* What one read asks for: many small frames, or a good part of a large one. */
#define READ_SIZE 65536

void
channel_open(struct channel *ch, int fd, enum role self, unsigned peers, size_t out_max)
{
	struct msg_hello hello = {
	    .version = WIRE_VERSION,
	    .role = (uint8_t)self,
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("banter " BANTER_VERSION),
	};

	must(out_max >= WIRE_FRAME_MAX);
	*ch = (struct channel){.fd = fd, .self = self, .peers = peers};
	buf_init(&ch->in, WIRE_FRAME_MAX + READ_SIZE);
	buf_init(&ch->out, out_max);
	must(msg_encode(&ch->out, MSG_HELLO, 0, &hello) == 0);
}

void
channel_close(struct channel *ch)
{
	closefd(&ch->fd);
	buf_clear(&ch->in);
	buf_clear(&ch->out);
}

/* Gives back what a rare large frame took; the usual size is kept for the next loop turn. */
static void
give_back(struct buf *b)
{
	if (b->cap > 4 * (size_t)READ_SIZE)
		buf_release(b);
}

enum channel_io
channel_read(struct channel *ch)
{
	uint8_t *p;
	ssize_t n;

	give_back(&ch->in);
	p = buf_reserve(&ch->in, READ_SIZE);
	/* No room: a whole frame waits already; the owner takes it first. */
	if (p == NULL)
		return CHANNEL_DONE;
	do
		n = recv(ch->fd, p, READ_SIZE, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		buf_commit(&ch->in, (size_t)n);
		return CHANNEL_DONE;
	}
	if (n == 0)
		return CHANNEL_CLOSED;
	return errno == EAGAIN ? CHANNEL_DONE : CHANNEL_FAILED;
}

/* The peer's hello: its version must be ours and its role one that we serve. */
static enum wire_result
take_hello(struct channel *ch, const struct frame *f)
{
	union msg m;
	enum wire_result r = msg_decode(f, ROLE_ANY, ch->self, WHEN_FIRST, &m);

	if (r != WIRE_OK)
		return r;
	if (m.hello.version != WIRE_VERSION || !(ch->peers & m.hello.role) ||
	    (m.hello.role & (m.hello.role - 1)) != 0)
		return WIRE_FORBIDDEN;
	ch->peer = (enum role)m.hello.role;
	ch->peer_pid = m.hello.pid;
	return WIRE_OK;
}

enum wire_result
channel_next(struct channel *ch, struct frame *f, union msg *m)
{
	for (;;) {
		enum wire_result r;
		size_t size;

		r = wire_frame(buf_slice(&ch->in), f, &size);
		if (r != WIRE_OK)
			return r;
		if (ch->peer == ROLE_NONE) {
			r = take_hello(ch, f);
			if (r != WIRE_OK)
				return r;
			buf_consume(&ch->in, size);
			continue;
		}
		r = msg_decode(f, ch->peer, ch->self, WHEN_READY, m);
		/* The bytes stay where they are until the buffer is next written to. */
		if (r == WIRE_OK)
			buf_consume(&ch->in, size);
		return r;
	}
}

int
channel_send(struct channel *ch, enum msg_type type, uint64_t request, const void *msg)
{
	return msg_encode(&ch->out, type, request, msg);
}

enum channel_io
channel_flush(struct channel *ch)
{
	while (buf_len(&ch->out) > 0) {
		ssize_t n = send(ch->fd, buf_data(&ch->out), buf_len(&ch->out), MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? CHANNEL_PENDING : CHANNEL_FAILED;
		buf_consume(&ch->out, (size_t)n);
	}
	give_back(&ch->out);
	return CHANNEL_DONE;
}

int
channel_connect(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* A Unix socket connects at once or not at all (EAGAIN: its backlog is full). */
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		int saved = errno;

		closefd(&fd);
		errno = saved;
		return -1;
	}
	return fd;
}
