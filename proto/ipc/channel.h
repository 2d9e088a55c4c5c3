/*
 * A stream of framed messages over a connected, non-blocking Unix stream socket: what a worker
 * and storaged (or the banter command) speak through.
 *
 * Knows buffers and frames, not the event loop: the owner calls channel_read() when the socket is
 * readable, takes messages with channel_next(), queues answers with channel_send(), and calls
 * channel_flush() once per loop turn, so that many frames go in one write.
 *
 * The first message of each side is its hello; channel_open() queues ours, channel_next() checks
 * and swallows the peer's. A peer that breaks any rule is to be dropped: the owner logs the
 * wire_result and closes.
 */
#ifndef PROTO_IPC_CHANNEL_H
#define PROTO_IPC_CHANNEL_H

#include "proto/ipc/messages.h"

#define CHANNEL_PROGRAM_MAX 64 /* bytes, as in messages.def */

struct channel {
	int fd; /* -1 when closed */
	enum role self;
	enum role peer; /* known from its hello; ROLE_NONE before */
	unsigned peers; /* the roles we accept */
	uint32_t peer_pid;
	char peer_program[CHANNEL_PROGRAM_MAX + 1]; /* as its hello says; "" before */
	struct buf in;
	size_t taken; /* bytes at the front of in that channel_next() has handed out */
	struct buf out;
};

enum channel_io {
	CHANNEL_DONE,    /* nothing left to do now */
	CHANNEL_PENDING, /* flush: wait until the socket is writable */
	CHANNEL_CLOSED,  /* the peer has closed in good order */
	CHANNEL_FAILED,  /* errno says why; drop it */
};

/*
 * Takes over fd (non-blocking already) and queues our hello. out_max bounds what waits for a
 * slow peer, in bytes; at least WIRE_FRAME_MAX.
 */
void channel_open(struct channel *ch, int fd, enum role self, unsigned peers, size_t out_max);

/* Closes the socket and frees the buffers; harmless on a closed one. */
void channel_close(struct channel *ch);

/* Reads what is there, up to one frame of the greatest size at a time. */
[[gnu::warn_unused_result]] enum channel_io channel_read(struct channel *ch);

/* The same while messages are still in use: they stay where they are, and only what fits behind
 * them is read. What does not is left to channel_read(). */
[[gnu::warn_unused_result]] enum channel_io channel_read_more(struct channel *ch);

/*
 * The next message that has come: WIRE_OK fills both, with slices borrowed from the channel's
 * buffer until the next channel_read(); WIRE_MORE: none is whole yet; anything else: drop the peer.
 */
[[gnu::warn_unused_result]] enum wire_result channel_next(
    struct channel *ch, struct frame *f, union msg *m);

/* Whether a message has begun to come that is not whole yet; asked when channel_next() has no more. */
bool channel_has_partial(const struct channel *ch);

/* Queues a message. 0, or -1: ENOBUFS when too much waits already. */
[[gnu::warn_unused_result]] int channel_send(
    struct channel *ch, enum msg_type type, uint64_t request, const void *msg);

/* Writes what is queued, as far as the socket takes it. */
[[gnu::warn_unused_result]] enum channel_io channel_flush(struct channel *ch);

/* Gives back the memory that buffers without a byte keep for their next use. Messages handed out
 * are gone. */
void channel_free_unused(struct channel *ch);

/* Connects to a Unix stream socket, non-blocking and close-on-exec. fd, or -1 with errno. */
[[gnu::warn_unused_result]] int channel_connect(const char *path);

#endif
