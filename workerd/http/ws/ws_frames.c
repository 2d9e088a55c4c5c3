/*
 * The reader asks wslay for the next run of a frame's payload, unmasked, and interprets it; wslay asks back
 * for bytes, and reads ahead up to 4 KiB. How many of them it still holds is known from the sizes of the
 * frames, which have only one encoding each.
 */
#include "workerd/http/ws/ws_frames.h"

#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

/* The state of a connection while a frame is incomplete. */
struct ws_frame {
	wslay_frame_context_ptr wslay;
	struct slice *in; /* of the current call */
	size_t held;      /* bytes of incomplete frames that wslay has */
	uint64_t got;     /* bytes of the current payload so far */
	uint8_t control[WS_CONTROL_MAX];
};

static ssize_t
ws_frame_give(uint8_t *p, size_t n, int flags, void *arg)
{
	struct ws_frame *f = arg;
	size_t len = n < f->in->len ? n : f->in->len;

	(void)flags;
	if (len == 0)
		return -1;
	must(slice_copy((struct slice){f->in->p, len}, p, n));
	*f->in = (struct slice){f->in->p + len, f->in->len - len};
	f->held += len;
	return (ssize_t)len;
}

static struct ws_frame *
ws_frame_new(void)
{
	static const struct wslay_frame_callbacks callbacks = {.recv_callback = ws_frame_give};
	struct ws_frame *f = xcalloc(1, sizeof(*f));

	must(wslay_frame_context_init(&f->wslay, &callbacks, f) == 0);
	return f;
}

static void
ws_frame_free(struct ws_frame *f)
{
	if (f == NULL)
		return;
	wslay_frame_context_free(f->wslay);
	free(f);
}

void
ws_reader_init(struct ws_reader *r, size_t message_max, unsigned idle_max, bool takes_binary)
{
	*r = (struct ws_reader){.idle_max = idle_max, .takes_binary = takes_binary};
	buf_init(&r->message, message_max);
}

void
ws_reader_clear(struct ws_reader *r)
{
	ws_frame_free(r->frame);
	r->frame = NULL;
	buf_clear(&r->message);
}

static enum ws_got
ws_reader_fail(struct ws_item *item, enum ws_code code, const char *why)
{
	*item = (struct ws_item){.code = code, .why = why};
	return WS_GOT_ERROR;
}

/* Whether a peer may send this code (RFC 6455, section 7.4, and the IANA registry). */
static bool
ws_reader_is_close_code(unsigned code)
{
	if (code >= 3000)
		return code <= 4999;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static enum ws_got
ws_reader_take_close(struct slice payload, struct ws_item *item)
{
	if (payload.len == 0)
		return WS_GOT_CLOSE;
	if (payload.len == 1)
		return ws_reader_fail(item, WS_PROTOCOL_ERROR, "truncated close code");
	item->code = (unsigned)payload.p[0] << 8 | payload.p[1];
	if (!ws_reader_is_close_code(item->code))
		return ws_reader_fail(item, WS_PROTOCOL_ERROR, "invalid close code");
	if (!utf8_valid((struct slice){payload.p + 2, payload.len - 2}))
		return ws_reader_fail(item, WS_BAD_TEXT, "close reason is not UTF-8");
	return WS_GOT_CLOSE;
}

/* Collects the payload of a control frame, and returns the frame when it is complete. */
static enum ws_got
ws_reader_take_control(
    struct ws_frame *f, const struct wslay_frame_iocb *io, struct ws_item *item)
{
	must(f->got + io->data_length <= sizeof(f->control));
	if (io->data_length > 0)
		memcpy(f->control + f->got, io->data, io->data_length);
	if (f->got + io->data_length < io->payload_length)
		return WS_GOT_NOTHING;
	item->payload = (struct slice){f->control, io->payload_length};
	switch (io->opcode) {
	case WSLAY_PING:
		return WS_GOT_PING;
	case WSLAY_PONG:
		return WS_GOT_PONG;
	default:
		return ws_reader_take_close(item->payload, item);
	}
}

/* Whether the message is valid so far; a text may end within a character. */
static bool
ws_reader_is_valid_so_far(struct ws_reader *r)
{
	struct slice all = buf_slice(&r->message);
	struct slice fresh = {all.p + r->checked, all.len - r->checked};

	if (r->binary)
		return true;
	fresh.len -= utf8_incomplete_tail(fresh);
	r->checked += fresh.len;
	return utf8_valid(fresh);
}

static enum ws_got
ws_reader_take_data(
    struct ws_reader *r, const struct wslay_frame_iocb *io, struct ws_item *item)
{
	uint64_t rest = io->payload_length - r->frame->got;

	if (io->opcode != WSLAY_CONTINUATION_FRAME)
		r->binary = io->opcode == WSLAY_BINARY_FRAME;
	if (r->binary && !r->takes_binary)
		return ws_reader_fail(
		    item, WS_UNSUPPORTED, "binary messages are not supported");
	if (rest > buf_room(&r->message))
		return ws_reader_fail(item, WS_TOO_BIG, "message too long");
	if (buf_append(&r->message, io->data, io->data_length) == -1)
		return ws_reader_fail(item, WS_INTERNAL, "out of memory");
	if (!ws_reader_is_valid_so_far(r))
		return ws_reader_fail(item, WS_BAD_TEXT, "text is not UTF-8");
	if (!io->fin || io->data_length < rest)
		return WS_GOT_NOTHING;
	if (!r->binary && r->checked < buf_len(&r->message))
		return ws_reader_fail(item, WS_BAD_TEXT, "text ends within a character");
	item->payload = buf_slice(&r->message);
	r->delivered = true;
	return r->binary ? WS_GOT_BINARY : WS_GOT_TEXT;
}

/* Why a frame with this header is invalid; NULL if it is valid. */
static const char *
ws_reader_frame_error(const struct ws_reader *r, const struct wslay_frame_iocb *io)
{
	if (io->rsv != 0)
		return "reserved bits are set";
	if (!io->mask)
		return "frame is not masked";
	switch (io->opcode) {
	case WSLAY_CONTINUATION_FRAME:
		return r->begun ? NULL : "unexpected continuation frame";
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		return r->begun ? "new message within a fragmented one" : NULL;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		return NULL;
	default:
		return "unknown opcode";
	}
}

/* Bytes of a frame from a client, with its header. */
static size_t
ws_frame_size(uint64_t payload)
{
	size_t head = payload < 126 ? 2 : payload < 65536 ? 4 : 10;

	return head + 4 + (size_t)payload;
}

static void
ws_reader_end_frame(struct ws_reader *r, const struct wslay_frame_iocb *io)
{
	r->frame->held -= ws_frame_size(io->payload_length);
	r->frame->got = 0;
	r->idle += !r->delivered;
}

/* Handles a run of payload: all of a frame or a part. */
static enum ws_got
ws_reader_take_run(struct ws_reader *r, const struct wslay_frame_iocb *io, struct ws_item *item)
{
	const char *why = ws_reader_frame_error(r, io);
	enum ws_got got;

	if (why != NULL)
		return ws_reader_fail(item, WS_PROTOCOL_ERROR, why);
	if (wslay_is_ctrl_frame(io->opcode))
		got = ws_reader_take_control(r->frame, io, item);
	else
		got = ws_reader_take_data(r, io, item);
	r->frame->got += io->data_length;
	if (got == WS_GOT_ERROR || r->frame->got < io->payload_length)
		return got;
	if (!wslay_is_ctrl_frame(io->opcode))
		r->begun = !io->fin;
	ws_reader_end_frame(r, io);
	if (r->idle > r->idle_max)
		return ws_reader_fail(item, WS_POLICY, "too many frames");
	return got;
}

static void
ws_reader_free_delivered(struct ws_reader *r)
{
	if (r->delivered) {
		buf_reset(&r->message);
		r->checked = 0;
		r->delivered = false;
	}
}

static void
ws_reader_release(struct ws_reader *r)
{
	buf_release(&r->message);
	if (r->frame->held > 0)
		return;
	ws_frame_free(r->frame);
	r->frame = NULL;
}

enum ws_got
ws_reader_next(struct ws_reader *r, struct slice *in, struct ws_item *item)
{
	struct wslay_frame_iocb io;
	enum ws_got got = WS_GOT_NOTHING;

	ws_reader_free_delivered(r);
	if (r->frame == NULL)
		r->frame = ws_frame_new();
	r->frame->in = in;
	while (got == WS_GOT_NOTHING) {
		ssize_t n;

		memset(&io, 0, sizeof(io));
		*item = (struct ws_item){.payload = {NULL, 0}};
		n = wslay_frame_recv(r->frame->wslay, &io);
		if (n == WSLAY_ERR_WANT_READ) {
			ws_reader_release(r);
			return WS_GOT_NOTHING;
		}
		if (n < 0)
			return ws_reader_fail(item, WS_PROTOCOL_ERROR, "malformed frame");
		got = ws_reader_take_run(r, &io, item);
	}
	return got;
}

bool
ws_reader_waits(const struct ws_reader *r)
{
	return r->begun || r->frame != NULL;
}

int
ws_frame_write(struct buf *out, enum ws_opcode opcode, struct slice payload)
{
	uint8_t *p = buf_reserve(out, payload.len + WS_HEAD_MAX);
	size_t n = 0;
	int length_bytes;

	if (p == NULL)
		return -1;
	p[n++] = 0x80 | (uint8_t)opcode;
	if (payload.len < 126) {
		p[n++] = (uint8_t)payload.len;
		length_bytes = 0;
	} else {
		p[n++] = payload.len < 65536 ? 126 : 127;
		length_bytes = payload.len < 65536 ? 2 : 8;
	}
	for (int i = length_bytes - 1; i >= 0; i--)
		p[n++] = (uint8_t)((uint64_t)payload.len >> 8 * i);
	must(slice_copy(payload, p + n, payload.len));
	buf_commit(out, n + payload.len);
	return 0;
}

size_t
ws_close_payload(uint8_t payload[WS_CONTROL_MAX], unsigned code, struct slice reason)
{
	if (reason.len > WS_CONTROL_MAX - 2) {
		reason.len = WS_CONTROL_MAX - 2;
		reason.len -= utf8_incomplete_tail(reason);
	}
	payload[0] = (uint8_t)(code >> 8);
	payload[1] = (uint8_t)code;
	must(slice_copy(reason, payload + 2, WS_CONTROL_MAX - 2));
	return 2 + reason.len;
}
