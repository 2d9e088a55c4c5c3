/*
 * A stream of frames from a daemon's peer, each accepted or refused for every pair of roles and
 * every state. A frame may also contain a record of the store, which no peer may send.
 */
#include "proto/ipc/messages.h"
#include "tests/fuzz/fuzz.h"

/* A decoded list is read without further checks: each item must be a complete record, and the items
 * must cover the whole list. */
static void
check_list(uint16_t item_type, struct slice list)
{
	struct slice rest = list, item;
	union msg record;
	struct buf again;

	buf_init(&again, WIRE_PAYLOAD_MAX);
	while (wire_list_next(&rest, &item)) {
		must(record_decode(item, (enum msg_type)item_type, &record) == WIRE_OK);
		must(wire_list_add(&again, item) == 0);
	}
	must(slice_eq(buf_slice(&again), list));
	buf_clear(&again);
}

static void
check_lists(const struct msg_desc *d, const union msg *m)
{
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++) {
		const void *at = (const uint8_t *)m + f->offset;

		if (f->type == WIRE_LIST)
			check_list(f->item, *(const struct slice *)at);
	}
}

/* A byte more makes a valid payload invalid, and so does every truncation of a short one. Each is in memory
 * of exactly its size. */
static void
check_length(enum msg_type type, struct slice payload)
{
	uint8_t *longer = calloc(1, payload.len + 1);
	union msg m;

	must(longer != NULL);
	memcpy(longer, payload.p, payload.len);
	must(record_decode((struct slice){longer, payload.len + 1}, type, &m) == WIRE_TRAILING);
	free(longer);
	for (size_t cut = payload.len; cut-- > 0 && payload.len - cut <= 256;) {
		uint8_t *part = fuzz_copy((struct slice){payload.p, cut});

		must(record_decode((struct slice){part, cut}, type, &m) == WIRE_SHORT);
		free(part);
	}
}

/* The printed form is one line of ASCII, whatever the fields contain. */
static void
check_print(enum msg_type type, const union msg *m)
{
	struct buf line;

	buf_init(&line, 65536);
	must(msg_print(&line, type, m) == 0);
	for (size_t i = 0; i < buf_len(&line); i++)
		must(buf_data(&line)[i] >= ' ' && buf_data(&line)[i] < 0x7f);
	buf_clear(&line);
}

static void
check_message(const struct frame *f, const union msg *m, struct slice whole)
{
	struct buf again;

	check_lists(msg_desc(f->type), m);
	buf_init(&again, WIRE_FRAME_MAX);
	must(msg_encode(&again, (enum msg_type)f->type, f->request, m) == 0);
	must(slice_eq(buf_slice(&again), whole));
	buf_clear(&again);
	check_print((enum msg_type)f->type, m);
	check_length((enum msg_type)f->type, f->payload);
}

/* A frame is accepted if and only if the table allows the message and its payload is valid. */
static void
check_permission(const struct frame *f, enum role from, enum role to, enum when when)
{
	const struct msg_desc *d = msg_desc(f->type);
	union msg m, plain;
	enum wire_result r = msg_decode(f, from, to, when, &m);

	if (d == NULL)
		must(r == WIRE_UNKNOWN);
	else if (d->when != when || (d->from & from) == 0 || (d->to & to) == 0)
		must(r == WIRE_FORBIDDEN);
	else
		must(r == record_decode(f->payload, (enum msg_type)f->type, &plain));
}

static void
check_frame(const struct frame *f, struct slice whole)
{
	uint8_t *copy = fuzz_copy(f->payload);
	union msg m;

	for (unsigned from = ROLE_MASTER; from <= ROLE_SEARCH; from *= 2)
		for (unsigned to = ROLE_MASTER; to <= ROLE_SEARCH; to *= 2)
			for (enum when when = WHEN_FIRST; when <= WHEN_READY; when++)
				check_permission(f, (enum role)from, (enum role)to, when);
	if (msg_desc(f->type) != NULL &&
	    record_decode((struct slice){copy, f->payload.len}, (enum msg_type)f->type, &m) ==
		WIRE_OK)
		check_message(f, &m, whole);
	free(copy);
}

/* Checks the reason why no further frame was taken from the stream. */
static void
check_stop(struct slice in, enum wire_result r)
{
	uint32_t length;

	if (in.len < WIRE_HEADER_SIZE) {
		must(r == WIRE_MORE);
		return;
	}
	length = in.p[0] | (uint32_t)in.p[1] << 8 | (uint32_t)in.p[2] << 16 |
	    (uint32_t)in.p[3] << 24;
	if (length > WIRE_PAYLOAD_MAX)
		must(r == WIRE_OVERSIZE);
	else if (in.p[6] != 0 || in.p[7] != 0)
		must(r == WIRE_FLAGS);
	else
		must(r == WIRE_MORE && in.len < WIRE_HEADER_SIZE + length);
}

FUZZ(frame_messages)
{
	struct frame f, ignored;
	enum wire_result r;
	size_t used, n;

	while ((r = wire_frame(in, &f, &used)) == WIRE_OK) {
		struct slice whole = {in.p, used};

		must(used == WIRE_HEADER_SIZE + f.payload.len && used <= in.len);
		must(used <= WIRE_FRAME_MAX);
		must(f.payload.p == in.p + WIRE_HEADER_SIZE);
		for (size_t cut = used; cut-- > 0 && used - cut <= 256;)
			must(wire_frame((struct slice){in.p, cut}, &ignored, &n) == WIRE_MORE);
		check_frame(&f, whole);
		in = (struct slice){in.p + used, in.len - used};
	}
	check_stop(in, r);
}
