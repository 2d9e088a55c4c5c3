/*
 * A connection's transport behind five functions, so that plain TCP (io.c) and TLS (tls.c) lie side
 * by side and the code above cannot tell them apart.
 *
 * Owned by whoever embeds it (conn.c). Knows no event loop: a function that cannot go on now
 * returns -1 with EAGAIN, and the flags below say when to call it again. A transport may hold
 * bytes that it has taken off the socket, which the socket then announces to nobody: after a read
 * that gave all that was asked for, and after a peek that found something, read again unasked.
 */
#ifndef WORKERD_HTTP_IO_H
#define WORKERD_HTTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct io;

struct io_ops {
	/* Up to n bytes into p, as many as are there. 0: the peer has ended its side. -1 with errno;
	 * EAGAIN: nothing there. */
	ssize_t (*read)(struct io *io, void *p, size_t n);
	/* Whether a read would give something: 1, and that stays to be read. 0 and -1 as read(). */
	int (*peek)(struct io *io);
	/* Up to all the bytes of n vectors. The count taken, or -1 with errno; EAGAIN: none. */
	ssize_t (*write)(struct io *io, struct iovec *iov, int n);
	/* Ends our side in good order; what was written before still arrives. From then on what is
	 * read is good only to be thrown away. */
	void (*shutdown)(struct io *io);
	/* Closes the descriptor and frees what the transport holds; in good order, unless cut. */
	void (*close)(struct io *io, bool cut);
};

struct io {
	const struct io_ops *ops;
	int fd;      /* -1 when closed */
	void *state; /* the transport's own; NULL for plain */
	/* After EAGAIN: waits for the opposite readiness (a TLS handshake). Plain sets neither. */
	bool read_wants_write;
	bool write_wants_read;
	bool tls;        /* what passes is encrypted */
	bool opening;    /* a handshake is under way; reading drives it */
	const char *why; /* after EPROTO: the reason, for a log line; lives for ever */
};

/* Takes over fd, a connected non-blocking stream socket, as it is. */
void io_init_plain(struct io *io, int fd);

/*
 * The five functions, restarted when a signal interrupts them. TLS has two errors of its own:
 * EPROTO, the peer has broken the protocol; and, from reading and peeking, EPROTOTYPE: plain HTTP
 * has come in place of the handshake, and from now on the transport is plain, so that the peer can
 * be told.
 */
[[gnu::warn_unused_result]] ssize_t io_read(struct io *io, void *p, size_t n);
[[gnu::warn_unused_result]] int io_peek(struct io *io);
[[gnu::warn_unused_result]] ssize_t io_write(struct io *io, struct iovec *iov, int n);
void io_shutdown(struct io *io);
void io_close(struct io *io); /* harmless on a closed one */

/* Closes so that the peer sees a reset and no end in good order; what the kernel still holds for
 * it is thrown away (socket(7), SO_LINGER without time). */
void io_reset(struct io *io);

#endif
