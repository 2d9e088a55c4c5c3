/*
 * The transport of a connection behind five functions, so that plain TCP (io.c) and TLS (tls.c)
 * look the same to the code above.
 *
 * Embedded in struct http_conn. It does not use the event loop: a function that would block returns
 * -1 with EAGAIN, and the flags below say when to call it again. A transport may hold bytes that it
 * has read from the socket, which the socket then does not report: after a read that returned all
 * that was asked for, and after a peek that found data, read again without waiting.
 */
#ifndef WORKERD_HTTP_IO_H
#define WORKERD_HTTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct io;

struct io_ops {
	/* Reads up to n bytes into p. 0: the peer has shut down its side. -1 with errno; EAGAIN: no
	 * data. */
	ssize_t (*read)(struct io *io, void *p, size_t n);
	/* 1 if a read would return data, which stays to be read; 0 and -1 as read(). */
	int (*peek)(struct io *io);
	/* Writes the n vectors as far as possible. The number of bytes taken, or -1 with errno;
	 * EAGAIN: none. */
	ssize_t (*write)(struct io *io, struct iovec *iov, int n);
	/* Shuts down our side; what was written before still arrives. After that, received data is
	 * only good to be discarded. */
	void (*shutdown)(struct io *io);
	/* Closes the descriptor and frees the transport; orderly, unless cut. */
	void (*close)(struct io *io, bool cut);
};

struct io {
	const struct io_ops *ops;
	int fd;      /* -1 when closed */
	void *state; /* private to the transport; NULL for plain */
	/* After EAGAIN: it waits for the opposite readiness (a TLS handshake). Never set for plain. */
	bool read_wants_write;
	bool write_wants_read;
	bool tls;        /* the connection is encrypted */
	bool opening;    /* the handshake is incomplete; reading continues it */
	const char *why; /* after EPROTO: the reason, for a log line; static */
};

/* Takes over fd, a connected non-blocking stream socket. */
void io_init_plain(struct io *io, int fd);

/*
 * The five functions, restarted after signals. TLS adds two errors: EPROTO, a protocol error of the
 * peer; and, from reading and peeking, EPROTOTYPE: plain HTTP came instead of a handshake, and the
 * transport is plain from now on, so that an error can be sent.
 */
[[gnu::warn_unused_result]] ssize_t io_read(struct io *io, void *p, size_t n);
[[gnu::warn_unused_result]] int io_peek(struct io *io);
[[gnu::warn_unused_result]] ssize_t io_write(struct io *io, struct iovec *iov, int n);
void io_shutdown(struct io *io);
void io_close(struct io *io); /* no effect on a closed one */

/* Whether the connection has ended in both directions: the peer has reset it, or has vanished. Reading does not
 * show that after an EOF, nor behind data. */
[[gnu::warn_unused_result]] bool io_is_cut(const struct io *io);

/* From now on the kernel asks a silent peer whether it is still there; then io_is_cut(). */
void io_keep_alive(const struct io *io);

/* Closes with a reset instead of an orderly end; discards what the kernel still has to send
 * (socket(7), SO_LINGER with zero time). */
void io_reset(struct io *io);

#endif
