/*
 * A connection's transport behind four functions, so that plain TCP and TLS lie side by side and
 * the code above cannot tell them apart.
 *
 * Owned by whoever embeds it (conn.c). Knows no event loop: a function that cannot go on now
 * returns -1 with EAGAIN, and the flags below say when to call it again.
 */
#ifndef HTTP_IO_H
#define HTTP_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct io;

struct io_ops {
	/* Up to n bytes into p, as many as are there. 0: the peer has ended its side. -1 with errno;
	 * EAGAIN: nothing there. */
	ssize_t (*read)(struct io *io, void *p, size_t n);
	/* Up to all the bytes of n vectors. The count taken, or -1 with errno; EAGAIN: none. */
	ssize_t (*write)(struct io *io, struct iovec *iov, int n);
	/* Ends our side in good order; what was written before still arrives. */
	void (*shutdown)(struct io *io);
	/* Closes the descriptor and frees what the transport holds. */
	void (*close)(struct io *io);
};

struct io {
	const struct io_ops *ops;
	int fd;      /* -1 when closed */
	void *state; /* the transport's own; NULL for plain */
	/* After EAGAIN: waits for the opposite readiness (a TLS handshake). Plain sets neither. */
	bool read_wants_write;
	bool write_wants_read;
};

/* Takes over fd, a connected non-blocking stream socket, as it is. */
void io_init_plain(struct io *io, int fd);

/* The four functions, restarted when a signal interrupts them. */
[[gnu::warn_unused_result]] ssize_t io_read(struct io *io, void *p, size_t n);
[[gnu::warn_unused_result]] ssize_t io_write(struct io *io, struct iovec *iov, int n);
void io_shutdown(struct io *io);
void io_close(struct io *io); /* harmless on a closed one */

/* Closes so that the peer sees a reset and no end in good order; what the kernel still holds for
 * it is thrown away (socket(7), SO_LINGER without time). */
void io_reset(struct io *io);

#endif
