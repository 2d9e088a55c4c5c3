/*
 * A stream of framed messages over a connected, non-blocking Unix stream socket, between storaged
 * and a worker or the banter command.
 *
 * It has no event loop: the owner calls channel_read() when the socket is readable, takes messages
 * with channel_next(), queues replies with channel_send(), and calls channel_flush() once per loop
 * iteration, so that many frames are sent in one write.
 *
 * The first message of each side is its hello: channel_open() queues ours, channel_next() checks
 * and consumes the peer's. If a peer violates the protocol, the owner logs the wire_result and
 * closes the channel.
 */
#ifndef PROTO_IPC_CHANNEL_H
#define PROTO_IPC_CHANNEL_H

#include "proto/ipc/messages.h"

#define CHANNEL_PROGRAM_MAX 64 /* bytes, as in messages.def */

struct channel {
	int fd; /* -1 when closed */
	enum role self;
	enum role peer; /* known from its hello; ROLE_NONE before */
	unsigned peers; /* set of enum role: the accepted peers */
	uint32_t peer_pid;
	uint64_t peer_instance; /* from its hello: the same for all connections of a process */
	char peer_program[CHANNEL_PROGRAM_MAX + 1]; /* from its hello; "" before */
	struct buf in;
	size_t taken; /* bytes at the front of `in` that channel_next() has returned */
	struct buf out;
};

enum channel_io {
	CHANNEL_DONE,    /* nothing more to do now */
	CHANNEL_PENDING, /* flush: wait until the socket is writable */
	CHANNEL_CLOSED,  /* the peer has closed the connection */
	CHANNEL_FAILED,  /* see errno; close the channel */
};

/* Takes ownership of fd, which must be non-blocking, and queues our hello. out_max limits the bytes
 * queued for a slow peer; at least WIRE_FRAME_MAX. */
void channel_open(struct channel *ch, int fd, enum role self, unsigned peers, size_t out_max);

/* Closes the socket and frees the buffers; harmless on a closed channel. */
void channel_close(struct channel *ch);

/* Reads once, if there is room. Invalidates messages returned by channel_next(). */
[[gnu::warn_unused_result]] enum channel_io channel_read(struct channel *ch);

/* Like channel_read(), but keeps the messages that channel_next() returned: reads only what fits
 * behind them without moving them. channel_read() reads the rest. */
[[gnu::warn_unused_result]] enum channel_io channel_read_more(struct channel *ch);

/* The next message. WIRE_OK: *f and *m are set, with slices borrowed from the channel's buffer
 * until the next channel_read(). WIRE_MORE: no complete message. Anything else: close the
 * channel. */
[[gnu::warn_unused_result]] enum wire_result channel_next(
    struct channel *ch, struct frame *f, union msg *m);

/* Whether an incomplete message has arrived; call it when channel_next() returns WIRE_MORE. */
bool channel_has_partial(const struct channel *ch);

/* Queues a message. 0, or -1 with ENOBUFS if too much is queued already. */
[[gnu::warn_unused_result]] int channel_send(
    struct channel *ch, enum msg_type type, uint64_t request, const void *msg);

/* The same with a frame that msg_encode() has written. */
[[gnu::warn_unused_result]] int channel_send_frame(struct channel *ch, struct slice frame);

/* Writes as much of the queue as the socket accepts. */
[[gnu::warn_unused_result]] enum channel_io channel_flush(struct channel *ch);

/* Frees the memory of empty buffers. Invalidates messages returned by channel_next(). */
void channel_free_unused(struct channel *ch);

/* Connects to a Unix stream socket, non-blocking and close-on-exec. fd, or -1 with errno. */
[[gnu::warn_unused_result]] int channel_connect(const char *path);

#endif
