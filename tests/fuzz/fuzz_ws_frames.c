/*
 * The bytes of a WebSocket's peer, parsed whole, byte by byte, and split where the input says. Each
 * time the results must be the same and within the limits. A parser that waits for nothing must hold
 * no memory. What was parsed, written as a server's frame, must be a frame; written as a client's frames, it
 * must be parsed to the same. tests/e2e/websocket-cases.mjs lists what is valid (RFC 6455, section 5).
 *
 * The first byte selects the maximum length of a message (its low three bits: 'x' 16, 'a' 64, … 'g'
 * 4,096) and whether binary messages are accepted (0x08, as in 'h' to 'o'), the next four the
 * split.
 */
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

/* Appends a client's frame: as a server's, but masked (RFC 6455, section 5.3). */
static void
put_masked(struct buf *out, enum ws_opcode opcode, struct slice payload)
{
	static const uint8_t mask[] = {0x5a, 0x00, 0xff, 0x01};
	size_t start = buf_len(out), head;
	uint8_t *p;

	must(ws_frame_write(out, opcode, payload) == 0);
	head = buf_len(out) - start - payload.len;
	must(buf_append(out, mask, sizeof(mask)) == 0);
	p = (uint8_t *)(uintptr_t)buf_data(out) + start;
	p[1] |= 0x80;
	memcpy(p + head, mask, sizeof(mask));
	for (size_t i = 0; i < payload.len; i++)
		p[head + sizeof(mask) + i] = payload.p[i] ^ mask[i % sizeof(mask)];
}

/* The results up to an error, written as frames, are parsed to the same. */
static void
check_sent_again(const struct buf *items, const struct limits *limits)
{
	static const enum ws_opcode opcodes[] = {[WS_GOT_TEXT] = WS_TEXT,
	    [WS_GOT_BINARY] = WS_BINARY,
	    [WS_GOT_PING] = WS_PING,
	    [WS_GOT_PONG] = WS_PONG,
	    [WS_GOT_CLOSE] = WS_CLOSE};
	struct slice rest = buf_slice(items), head, payload;
	size_t good = 0;
	struct buf frames, again;

	buf_init(&frames, 2 * buf_len(items));
	while (wire_list_next(&rest, &head) && head.p[0] != WS_GOT_ERROR) {
		must(wire_list_next(&rest, &payload));
		put_masked(&frames, opcodes[head.p[0]], payload);
		good = buf_len(items) - rest.len;
	}
	read_frames(&again, buf_slice(&frames), fuzz_whole, limits);
	must(slice_eq(buf_slice(&again), (struct slice){buf_data(items), good}));
	buf_clear(&frames);
	buf_clear(&again);
}

FUZZ(ws_frames)
{
	uint8_t how = fuzz_byte(&in);
	struct limits limits = {
	    .message_max = (how & 7) == 0 ? 16 : (size_t)32 << (how & 7),
	    .takes_binary = (how & 8) != 0,
	};
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct buf items;

	fuzz_read_all_ways(&items, in, cuts, read_frames, &limits);
	check_sent_again(&items, &limits);
	buf_clear(&items);
}
