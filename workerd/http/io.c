/*
 * The plain transport: a socket.
 */
#include "workerd/http/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

#include "proto/base/basics.h"

/* Seconds of silence before the kernel asks, and between its questions: the first one after a client's
 * kernel has forgotten a closed socket (60 s in Linux) is answered with a reset. */
#define KEEP_ALIVE_S 15

static ssize_t
io_plain_read(struct io *io, void *p, size_t n)
{
	return recv(io->fd, p, n, 0);
}

static int
io_plain_peek(struct io *io)
{
	uint8_t byte;

	return (int)recv(io->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

/* Not writev(): a closed connection must give EPIPE, not SIGPIPE. send() costs less than sendmsg(). */
static ssize_t
io_plain_write(struct io *io, struct iovec *iov, int n)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)n};

	if (n == 1)
		return send(io->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	return sendmsg(io->fd, &msg, MSG_NOSIGNAL);
}

static void
io_plain_shutdown(struct io *io)
{
	/* ENOTCONN: the peer has reset the connection; the next read reports it. */
	(void)shutdown(io->fd, SHUT_WR);
}

static void
io_plain_close(struct io *io, bool cut)
{
	(void)cut;
	closefd(&io->fd);
}

static const struct io_ops plain_ops = {
    .read = io_plain_read,
    .peek = io_plain_peek,
    .write = io_plain_write,
    .shutdown = io_plain_shutdown,
    .close = io_plain_close,
};

void
io_init_plain(struct io *io, int fd)
{
	*io = (struct io){.ops = &plain_ops, .fd = fd};
}

ssize_t
io_read(struct io *io, void *p, size_t n)
{
	ssize_t r;

	do
		r = io->ops->read(io, p, n);
	while (r == -1 && errno == EINTR);
	return r;
}

int
io_peek(struct io *io)
{
	int r;

	do
		r = io->ops->peek(io);
	while (r == -1 && errno == EINTR);
	return r;
}

ssize_t
io_write(struct io *io, struct iovec *iov, int n)
{
	ssize_t r;

	do
		r = io->ops->write(io, iov, n);
	while (r == -1 && errno == EINTR);
	return r;
}

void
io_shutdown(struct io *io)
{
	io->ops->shutdown(io);
}

void
io_close(struct io *io)
{
	if (io->fd != -1)
		io->ops->close(io, false);
}

bool
io_is_cut(const struct io *io)
{
	struct pollfd p = {.fd = io->fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

void
io_keep_alive(const struct io *io)
{
	static const int on = 1, idle_s = KEEP_ALIVE_S, interval_s = KEEP_ALIVE_S;

	/* A Unix socket has no such options, and needs none. */
	(void)setsockopt(io->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(io->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(io->fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
}

void
io_reset(struct io *io)
{
	static const struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (io->fd == -1)
		return;
	/* Fails only if the peer has reset the connection first. */
	(void)setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	io->ops->close(io, true);
}
