/*
 * WebSocket's frames (RFC 6455, section 5), as a server reads and writes them: from bytes in any
 * split to messages of valid UTF-8 and control frames, and back. Framing is wslay's; what it leaves
 * open is here: masking, fragments, text, close codes, and how much of it all a peer may send.
 *
 * No I/O, no time. A reader holds memory only while something has come that is not whole yet: 4.5
 * KiB for a frame, and the message so far.
 *
 * For ws.c; everybody else sees ws.h.
 */
#ifndef WORKERD_HTTP_WS_FRAMES_H
#define WORKERD_HTTP_WS_FRAMES_H

#include "proto/base/buf.h"

/* Bytes that the payload of a control frame may have (RFC 6455, section 5.5). */
#define WS_CONTROL_MAX 125

/* Bytes of a frame that are not payload, at most, as a server writes it. */
#define WS_HEAD_MAX 10

enum ws_opcode { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

enum ws_got {
	WS_GOT_NOTHING, /* all that was there is read */
	WS_GOT_TEXT,    /* a message: payload is valid UTF-8 */
	WS_GOT_BINARY,  /* a message: payload is any bytes */
	WS_GOT_PING,    /* payload is to be sent back */
	WS_GOT_PONG,
	WS_GOT_CLOSE, /* code is the peer's, 0 if it gave none; good in either case */
	WS_GOT_WRONG, /* code says how the connection must be closed, why is for the log */
};

struct ws_item {
	struct slice payload; /* valid until the next call of the reader */
	unsigned code;
	const char *why; /* lives for ever */
};

struct ws_frame;

struct ws_reader {
	struct ws_frame *frame; /* what has begun to come; NULL: nothing */
	struct buf message;     /* the payload of the fragments so far */
	size_t checked;         /* bytes of it that are whole characters */
	bool begun;             /* a message's first fragment has come */
	bool binary;            /* it is no text */
	bool takes_binary; /* one that is no text is wanted; else: WS_GOT_WRONG with 1003 */
	bool over;         /* the message was given out: it goes at the next call */
	unsigned idle;     /* frames so far that ended no message: the user's to set back */
	unsigned idle_max; /* over it: WS_GOT_WRONG with 1008 */
};

/* message_max: bytes of a message; over it: WS_GOT_WRONG with 1009. */
void ws_reader_init(
    struct ws_reader *r, size_t message_max, unsigned idle_max, bool takes_binary);
void ws_reader_clear(struct ws_reader *r);

/*
 * The next thing that has come: takes bytes off *in until there is one. Call it again, also when
 * *in is empty, until it is WS_GOT_NOTHING. After WS_GOT_CLOSE and WS_GOT_WRONG nothing that follows
 * means anything, and it must not be called again.
 */
[[gnu::warn_unused_result]] enum ws_got ws_reader_next(
    struct ws_reader *r, struct slice *in, struct ws_item *item);

/* Whether a part of a frame or of a message is there, whose rest has not come. */
bool ws_reader_waits(const struct ws_reader *r);

struct ws_writer;

struct ws_writer *ws_writer_new(void);
void ws_writer_free(struct ws_writer *w); /* NULL is legal */

/* Appends an unfragmented frame; the payload of a control frame has WS_CONTROL_MAX bytes at most. 0, or
 * -1 when out is full (buf_reserve()): it is unchanged then. */
[[gnu::warn_unused_result]] int ws_writer_put(
    struct ws_writer *w, struct buf *out, enum ws_opcode opcode, struct slice payload);

/* The payload of a close frame: a code, and a reason that is cut to what fits. The bytes written. */
size_t ws_close_payload(uint8_t payload[WS_CONTROL_MAX], unsigned code, struct slice reason);

#endif
