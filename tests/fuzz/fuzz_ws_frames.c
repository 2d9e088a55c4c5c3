/*
 * The bytes of a WebSocket's peer, parsed whole, byte by byte, and split where the input says. Each
 * time the results must be the same, and equal to those of a simpler parser that has all bytes at
 * hand and takes only whole frames (RFC 6455, section 5). A parser that waits for nothing must hold
 * no memory; what was parsed, written as a server's frame, must be a frame.
 *
 * The first byte selects the maximum length of a message (its low three bits: 'x' 16, 'a' 64, … 'g'
 * 4,096) and whether binary messages are accepted (0x08, as in 'h' to 'o'), the next four the
 * split.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/wire.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/http/ws/ws.h"
#include "workerd/http/ws/ws_frames.h"

/* Small, so that inputs reach it. */
#define IDLE_MAX 12u

struct limits {
	size_t message_max;
	bool takes_binary;
};

/* Lists the results in a form that shows where each ends; the reason of an error is not
 * compared. */
static void
note(struct buf *items, enum ws_got got, unsigned code, struct slice payload)
{
	const uint8_t head[] = {(uint8_t)got, (uint8_t)(code >> 8), (uint8_t)code};

	must(wire_list_add(items, (struct slice){head, sizeof(head)}) == 0);
	must(wire_list_add(items, payload) == 0);
}

/* The payload as a server's frame of its kind. */
static void
check_written(struct slice payload, enum ws_opcode opcode)
{
	struct buf out;
	size_t head = payload.len < 126 ? 2 : 4;
	const uint8_t *p;

	buf_init(&out, payload.len + WS_HEAD_MAX);
	must(ws_frame_write(&out, opcode, payload) == 0);
	p = buf_data(&out);
	must(buf_len(&out) == head + payload.len && p[0] == (0x80 | opcode));
	if (head == 2)
		must(p[1] == payload.len);
	else
		must(p[1] == 126 && ((size_t)p[2] << 8 | p[3]) == payload.len);
	must(payload.len == 0 || memcmp(p + head, payload.p, payload.len) == 0);
	must(ws_frame_write(&out, opcode, payload) == -1);
	must(buf_len(&out) == head + payload.len);
	buf_clear(&out);
}

static void
check_item(enum ws_got got, const struct ws_item *item, const struct limits *limits)
{
	switch (got) {
	case WS_GOT_TEXT:
		must(utf8_valid(item->payload) && item->payload.len <= limits->message_max);
		check_written(item->payload, WS_TEXT);
		break;
	case WS_GOT_BINARY:
		must(limits->takes_binary && item->payload.len <= limits->message_max);
		check_written(item->payload, WS_BINARY);
		break;
	case WS_GOT_PING:
	case WS_GOT_PONG:
		must(item->payload.len <= WS_CONTROL_MAX);
		check_written(item->payload, WS_PONG);
		break;
	case WS_GOT_CLOSE:
		must(item->code == 0 || (item->code >= 1000 && item->code <= 4999));
		break;
	case WS_GOT_ERROR:
		must(item->why != NULL && item->code >= 1002 && item->code <= 1009);
		break;
	case WS_GOT_NOTHING:
		break;
	}
}

/* Whether a result has come that must be the last. */
static bool
is_last(enum ws_got got)
{
	return got == WS_GOT_CLOSE || got == WS_GOT_ERROR;
}

struct reading {
	struct ws_reader reader;
	const struct limits *limits;
	struct buf *items;
};

static bool
feed(void *arg, struct slice in)
{
	struct reading *r = arg;
	struct ws_item item;
	enum ws_got got;

	while ((got = ws_reader_next(&r->reader, &in, &item)) != WS_GOT_NOTHING) {
		check_item(got, &item, r->limits);
		note(r->items, got, item.code,
		    got == WS_GOT_ERROR ? slice_str("") : item.payload);
		if (is_last(got))
			return false;
	}
	must(in.len == 0);
	must(ws_reader_waits(&r->reader) ||
	    (r->reader.frame == NULL && r->reader.message.mem == NULL));
	return true;
}

static void
read_frames(struct buf *items, struct slice in, struct fuzz_cuts cuts, const void *limits)
{
	struct reading r = {.limits = limits, .items = items};

	buf_init(items, 16 * in.len + 64);
	ws_reader_init(&r.reader, r.limits->message_max, IDLE_MAX, r.limits->takes_binary);
	fuzz_feed(in, cuts, feed, &r);
	ws_reader_clear(&r.reader);
}

struct plain_frame {
	unsigned opcode, rsv;
	bool fin, masked;
	bool odd; /* its length is not in the shortest form, or too long for a control frame */
	uint64_t len;
	uint8_t key[4];
	size_t head; /* bytes before the payload */
};

/* Parses a frame's head; false if it is incomplete. */
static bool
plain_head(struct slice in, struct plain_frame *f)
{
	size_t extra;

	if (in.len < 2)
		return false;
	*f = (struct plain_frame){
	    .opcode = in.p[0] & 15,
	    .rsv = in.p[0] >> 4 & 7,
	    .fin = in.p[0] >> 7,
	    .masked = in.p[1] >> 7,
	    .len = in.p[1] & 127,
	};
	f->odd = f->opcode >= 8 && (f->len > 125 || !f->fin);
	extra = f->len == 126 ? 2 : f->len == 127 ? 8 : 0;
	f->head = 2 + extra + (f->masked ? 4 : 0);
	if (f->odd)
		return true;
	if (in.len < f->head)
		return false;
	if (extra > 0)
		f->len = 0;
	for (size_t i = 0; i < extra; i++)
		f->len = f->len << 8 | in.p[2 + i];
	f->odd =
	    (extra == 2 && f->len < 126) || (extra == 8 && (f->len < 65536 || f->len >> 63));
	if (f->masked)
		memcpy(f->key, in.p + f->head - 4, 4);
	return true;
}

struct plain_reader {
	const struct limits *limits;
	struct buf *items;
	struct buf message;
	bool begun, binary;
	unsigned idle;
};

static bool
fail(struct plain_reader *r, unsigned code)
{
	note(r->items, WS_GOT_ERROR, code, slice_str(""));
	return false;
}

/* Whether a text is invalid UTF-8 already, whatever follows. */
static bool
is_spoilt(struct slice text)
{
	text.len -= utf8_incomplete_tail(text);
	return !utf8_valid(text);
}

/* These take one whole frame; false if nothing may follow. */

static bool
plain_close(struct plain_reader *r, struct slice payload)
{
	unsigned code = payload.len >= 2 ? (unsigned)payload.p[0] << 8 | payload.p[1] : 0;
	bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	    (code >= 3000 && code <= 4999);

	if (payload.len == 1 || (payload.len >= 2 && !known))
		return fail(r, 1002);
	if (payload.len > 2 && !utf8_valid((struct slice){payload.p + 2, payload.len - 2}))
		return fail(r, 1007);
	if (++r->idle > IDLE_MAX)
		return fail(r, 1008);
	note(r->items, WS_GOT_CLOSE, code, payload);
	return false;
}

static bool
plain_control(struct plain_reader *r, const struct plain_frame *f, struct slice payload)
{
	if (f->opcode == 8)
		return plain_close(r, payload);
	if (f->opcode > 10)
		return fail(r, 1002);
	if (++r->idle > IDLE_MAX)
		return fail(r, 1008);
	note(r->items, f->opcode == 9 ? WS_GOT_PING : WS_GOT_PONG, 0, payload);
	return true;
}

static bool
plain_data(struct plain_reader *r, const struct plain_frame *f, struct slice payload)
{
	if (f->opcode > 2 || (f->opcode == 0) != r->begun)
		return fail(r, 1002);
	if (f->opcode != 0)
		r->binary = f->opcode == 2;
	if (r->binary && !r->limits->takes_binary)
		return fail(r, 1003);
	if (buf_append(&r->message, payload.p, payload.len) == -1)
		return fail(r, 1009);
	if (!r->binary && is_spoilt(buf_slice(&r->message)))
		return fail(r, 1007);
	r->begun = !f->fin;
	if (!f->fin)
		return ++r->idle > IDLE_MAX ? fail(r, 1008) : true;
	if (!r->binary && !utf8_valid(buf_slice(&r->message)))
		return fail(r, 1007);
	note(r->items, r->binary ? WS_GOT_BINARY : WS_GOT_TEXT, 0, buf_slice(&r->message));
	buf_reset(&r->message);
	return true;
}

/* Takes a frame whose payload is complete. */
static bool
plain_frame(struct plain_reader *r, const struct plain_frame *f, const uint8_t *masked)
{
	uint8_t *bytes = fuzz_copy((struct slice){masked, f->len});
	struct slice payload = {bytes, f->len};
	bool more;

	for (size_t i = 0; i < f->len; i++)
		bytes[i] ^= f->key[i % 4];
	if (f->rsv != 0 || !f->masked)
		more = fail(r, 1002);
	else if (f->opcode >= 8)
		more = plain_control(r, f, payload);
	else
		more = plain_data(r, f, payload);
	free(bytes);
	return more;
}

/* Whether the end was reached, after which nothing may follow. */
static bool
plain_read(struct buf *items, struct slice in, const struct limits *limits)
{
	struct plain_reader r = {.limits = limits, .items = items};
	struct plain_frame f;
	bool more = true;

	buf_init(items, 16 * in.len + 64);
	buf_init(&r.message, limits->message_max);
	while (more && plain_head(in, &f)) {
		if (f.odd) {
			more = fail(&r, 1002);
			break;
		}
		if (f.len > in.len - f.head)
			break;
		more = plain_frame(&r, &f, in.p + f.head);
		in = (struct slice){in.p + f.head + f.len, in.len - f.head - f.len};
	}
	buf_clear(&r.message);
	return !more;
}

/* A part of a frame may show an error early, but nothing else. */
static void
check_agree(const struct buf *ours, const struct buf *plain, bool ended)
{
	struct slice a = buf_slice(ours), b = buf_slice(plain);
	struct slice more = {a.p + b.len, a.len - b.len};
	struct buf wrong;

	must(a.len >= b.len && memcmp(a.p, b.p, b.len) == 0);
	if (more.len == 0)
		return;
	must(!ended);
	buf_init(&wrong, 64);
	note(&wrong, WS_GOT_ERROR, 0, slice_str(""));
	must(more.len == buf_len(&wrong));
	buf_clear(&wrong);
}

int
fuzz_ws_frames(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};
	uint8_t how = fuzz_byte(&in);
	struct limits limits = {
	    .message_max = (how & 7) == 0 ? 16 : (size_t)32 << (how & 7),
	    .takes_binary = (how & 8) != 0,
	};
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf items, plain;
	bool ended = plain_read(&plain, in, &limits);

	fuzz_read_all_ways(&items, in, cuts, read_frames, &limits);
	check_agree(&items, &plain, ended);
	buf_clear(&items);
	buf_clear(&plain);
	return 0;
}
