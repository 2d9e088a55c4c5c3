/*
 * WebSocket frames (RFC 6455, section 5), as a server reads and writes them: from received bytes, split
 * anywhere, to messages of valid UTF-8 and control frames; and back. wslay parses the frames; masks,
 * fragments, UTF-8, close codes and the limits on the peer are checked here.
 *
 * No I/O, no timers. A reader holds memory only while a frame (4.5 KiB) or a message is incomplete.
 */
#ifndef WORKERD_HTTP_WS_WS_FRAMES_H
#define WORKERD_HTTP_WS_WS_FRAMES_H

#include "proto/base/buf.h"
#include "workerd/http/ws/ws_code.h"

/* Bytes of a control frame's payload, at most (RFC 6455, section 5.5). */
#define WS_CONTROL_MAX 125

/* Bytes of the header of a frame that a server sends, at most. */
#define WS_HEAD_MAX 10

enum ws_opcode { WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

enum ws_got {
	WS_GOT_NOTHING, /* all input is read */
	WS_GOT_TEXT,    /* a message; payload is valid UTF-8 */
	WS_GOT_BINARY,  /* a message; payload is any bytes */
	WS_GOT_PING,    /* payload is to be sent back */
	WS_GOT_PONG,
	WS_GOT_CLOSE, /* code is the peer's, which is valid, or 0 if it gave none */
	WS_GOT_ERROR, /* code is the close code to send, why is the reason */
};

struct ws_item {
	struct slice payload; /* valid until the next call of the reader */
	unsigned code;
	const char *why; /* static */
};

struct ws_frame;

struct ws_reader {
	struct ws_frame *frame; /* an incomplete frame; NULL: none */
	struct buf message;     /* the payload of the fragments so far */
	size_t checked;         /* bytes of it that are complete characters */
	bool begun;             /* a message's first fragment has come */
	bool binary;            /* the message is binary */
	bool takes_binary;      /* binary messages are accepted; else: WS_GOT_ERROR with 1003 */
	bool delivered;         /* the message was returned: it is freed at the next call */
	unsigned idle;          /* frames so far that ended no message; the user resets it */
	unsigned idle_max;      /* over it: WS_GOT_ERROR with 1008 */
};

/* message_max: bytes of a message; over it: WS_GOT_ERROR with 1009. */
void ws_reader_init(
    struct ws_reader *r, size_t message_max, unsigned idle_max, bool takes_binary);
void ws_reader_clear(struct ws_reader *r);

/*
 * Takes bytes off *in until there is a message or a control frame. Call it again, also when *in is empty,
 * until it returns WS_GOT_NOTHING. After WS_GOT_CLOSE and WS_GOT_ERROR it must not be called again.
 */
[[gnu::warn_unused_result]] enum ws_got ws_reader_next(
    struct ws_reader *r, struct slice *in, struct ws_item *item);

/* Whether a frame or a message is incomplete. */
bool ws_reader_waits(const struct ws_reader *r);

/* Appends an unfragmented frame; the payload of a control frame has at most WS_CONTROL_MAX bytes. 0, or -1
 * when out is full (buf_reserve()) and unchanged. */
[[gnu::warn_unused_result]] int ws_frame_write(
    struct buf *out, enum ws_opcode opcode, struct slice payload);

/* Writes the payload of a close frame: the code, and the reason, cut to what fits. Returns its length. */
size_t ws_close_payload(uint8_t payload[WS_CONTROL_MAX], unsigned code, struct slice reason);

#endif
