/*
 * The reader asks wslay for the next run of a frame's payload, unmasked, and decides what it means;
 * wslay asks back for bytes, of which it takes up to 4 KiB. How many of them are left in there is
 * known from the frames' sizes, which have only one encoding each.
 */
#include "workerd/http/ws_frames.h"

#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "workerd/http/ws.h"

/* What a connection needs while a frame is coming. */
struct ws_frame {
	wslay_frame_context_ptr wslay;
	struct slice *in; /* of the call that is under way */
	size_t held;      /* bytes that wslay was given of frames that have not ended */
	uint64_t got;     /* bytes of the payload that is coming */
	uint8_t control[WS_CONTROL_MAX];
};

static ssize_t
give(uint8_t *p, size_t n, int flags, void *arg)
{
	struct ws_frame *f = arg;
	size_t len = n < f->in->len ? n : f->in->len;

	(void)flags;
	if (len == 0)
		return -1;
	memcpy(p, f->in->p, len);
	*f->in = (struct slice){f->in->p + len, f->in->len - len};
	f->held += len;
	return (ssize_t)len;
}

static struct ws_frame *
frame_new(void)
{
	static const struct wslay_frame_callbacks callbacks = {.recv_callback = give};
	struct ws_frame *f = xcalloc(1, sizeof(*f));

	must(wslay_frame_context_init(&f->wslay, &callbacks, f) == 0);
	return f;
}

static void
frame_free(struct ws_frame *f)
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
	frame_free(r->frame);
	r->frame = NULL;
	buf_clear(&r->message);
}

static enum ws_got
wrong(struct ws_item *item, enum ws_code code, const char *why)
{
	*item = (struct ws_item){.code = code, .why = why};
	return WS_GOT_WRONG;
}

/* -- control frames ------------------------------------------------------------------------ */

/* Whether a peer may give this code (RFC 6455, section 7.4, and the registry it founds). */
static bool
is_close_code(unsigned code)
{
	if (code >= 3000)
		return code <= 4999;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static enum ws_got
take_close(struct slice payload, struct ws_item *item)
{
	if (payload.len == 0)
		return WS_GOT_CLOSE;
	if (payload.len == 1)
		return wrong(item, WS_PROTOCOL_ERROR, "half a close code");
	item->code = (unsigned)payload.p[0] << 8 | payload.p[1];
	if (!is_close_code(item->code))
		return wrong(item, WS_PROTOCOL_ERROR, "no close code");
	if (!utf8_valid((struct slice){payload.p + 2, payload.len - 2}))
		return wrong(item, WS_BAD_TEXT, "a reason that is no UTF-8");
	return WS_GOT_CLOSE;
}

/* Gathers a control frame's payload, and says what it is when it is whole. */
static enum ws_got
take_control(struct ws_frame *f, const struct wslay_frame_iocb *io, struct ws_item *item)
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
		return take_close(item->payload, item);
	}
}

/* -- messages ------------------------------------------------------------------------------ */

/* Whether the message so far can become one; of a text, what is half a character at its end may yet. */
static bool
is_good_so_far(struct ws_reader *r)
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
take_data(struct ws_reader *r, const struct wslay_frame_iocb *io, struct ws_item *item)
{
	uint64_t rest = io->payload_length - r->frame->got;

	if (io->opcode != WSLAY_CONTINUATION_FRAME)
		r->binary = io->opcode == WSLAY_BINARY_FRAME;
	if (r->binary && !r->takes_binary)
		return wrong(item, WS_UNSUPPORTED, "a binary message");
	if (rest > buf_room(&r->message))
		return wrong(item, WS_TOO_BIG, "a message too long");
	if (buf_append(&r->message, io->data, io->data_length) == -1)
		return wrong(item, WS_INTERNAL, "no memory");
	if (!is_good_so_far(r))
		return wrong(item, WS_BAD_TEXT, "text that is no UTF-8");
	if (!io->fin || io->data_length < rest)
		return WS_GOT_NOTHING;
	if (!r->binary && r->checked < buf_len(&r->message))
		return wrong(item, WS_BAD_TEXT, "text that ends within a character");
	item->payload = buf_slice(&r->message);
	r->over = true;
	return r->binary ? WS_GOT_BINARY : WS_GOT_TEXT;
}

/* -- frames -------------------------------------------------------------------------------- */

/* Why a frame that begins like this cannot be taken; NULL if it can. */
static const char *
breach(const struct ws_reader *r, const struct wslay_frame_iocb *io)
{
	if (io->rsv != 0)
		return "reserved bits";
	if (!io->mask)
		return "a frame without a mask";
	switch (io->opcode) {
	case WSLAY_CONTINUATION_FRAME:
		return r->begun ? NULL : "nothing to be continued";
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		return r->begun ? "a message within another" : NULL;
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		return NULL;
	default:
		return "an unknown opcode";
	}
}

/* Bytes of a whole frame from a client. */
static size_t
frame_size(uint64_t payload)
{
	size_t head = payload < 126 ? 2 : payload < 65536 ? 4 : 10;

	return head + 4 + (size_t)payload;
}

static void
end_frame(struct ws_reader *r, const struct wslay_frame_iocb *io)
{
	r->frame->held -= frame_size(io->payload_length);
	r->frame->got = 0;
	r->idle += !r->over;
}

/* What a run of payload means, which may be the whole of it or a part. */
static enum ws_got
take_run(struct ws_reader *r, const struct wslay_frame_iocb *io, struct ws_item *item)
{
	const char *why = breach(r, io);
	enum ws_got got;

	if (why != NULL)
		return wrong(item, WS_PROTOCOL_ERROR, why);
	if (wslay_is_ctrl_frame(io->opcode))
		got = take_control(r->frame, io, item);
	else
		got = take_data(r, io, item);
	r->frame->got += io->data_length;
	if (got == WS_GOT_WRONG || r->frame->got < io->payload_length)
		return got;
	if (!wslay_is_ctrl_frame(io->opcode))
		r->begun = !io->fin;
	end_frame(r, io);
	if (r->idle > r->idle_max)
		return wrong(item, WS_POLICY, "too many frames");
	return got;
}

/* Forgets the message that was given out, and gives back what nothing needs any more. */
static void
tidy(struct ws_reader *r)
{
	if (r->over) {
		buf_reset(&r->message);
		r->checked = 0;
		r->over = false;
	}
}

static void
release(struct ws_reader *r)
{
	buf_release(&r->message);
	if (r->frame->held > 0)
		return;
	frame_free(r->frame);
	r->frame = NULL;
}

enum ws_got
ws_reader_next(struct ws_reader *r, struct slice *in, struct ws_item *item)
{
	struct wslay_frame_iocb io;
	enum ws_got got = WS_GOT_NOTHING;

	tidy(r);
	if (r->frame == NULL)
		r->frame = frame_new();
	r->frame->in = in;
	while (got == WS_GOT_NOTHING) {
		ssize_t n;

		memset(&io, 0, sizeof(io));
		*item = (struct ws_item){.payload = {NULL, 0}};
		n = wslay_frame_recv(r->frame->wslay, &io);
		if (n == WSLAY_ERR_WANT_READ) {
			release(r);
			return WS_GOT_NOTHING;
		}
		if (n < 0)
			return wrong(item, WS_PROTOCOL_ERROR, "a malformed frame");
		got = take_run(r, &io, item);
	}
	return got;
}

bool
ws_reader_waits(const struct ws_reader *r)
{
	return r->begun || r->frame != NULL;
}

/* -- writing ------------------------------------------------------------------------------- */

struct ws_writer {
	wslay_frame_context_ptr wslay;
	struct buf *out; /* of the call that is under way; has room */
};

static ssize_t
take(const uint8_t *p, size_t n, int flags, void *arg)
{
	struct ws_writer *w = arg;

	(void)flags;
	must(buf_append(w->out, p, n) == 0);
	return (ssize_t)n;
}

struct ws_writer *
ws_writer_new(void)
{
	static const struct wslay_frame_callbacks callbacks = {.send_callback = take};
	struct ws_writer *w = xcalloc(1, sizeof(*w));

	must(wslay_frame_context_init(&w->wslay, &callbacks, w) == 0);
	return w;
}

void
ws_writer_free(struct ws_writer *w)
{
	if (w == NULL)
		return;
	wslay_frame_context_free(w->wslay);
	free(w);
}

int
ws_writer_put(struct ws_writer *w, struct buf *out, enum ws_opcode opcode, struct slice payload)
{
	struct wslay_frame_iocb io = {
	    .fin = 1,
	    .opcode = (uint8_t)opcode,
	    .payload_length = payload.len,
	    .data = payload.p,
	    .data_length = payload.len,
	};

	if (buf_reserve(out, payload.len + WS_HEAD_MAX) == NULL)
		return -1;
	w->out = out;
	must(wslay_frame_send(w->wslay, &io) == (ssize_t)payload.len);
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
	if (reason.len > 0)
		memcpy(payload + 2, reason.p, reason.len);
	return 2 + reason.len;
}
