/*
 * One payload, in memory of exactly its size: a record of the store, or a message without its
 * frame. Two bytes select the type, little-endian as in a frame.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"
#include "tests/fuzz/fuzz.h"

static enum wire_result
decode(enum msg_type type, struct slice payload, union msg *m)
{
	return record_decode(payload, type, m);
}

/* A byte less or more makes a valid payload invalid. */
static void
check_length(enum msg_type type, struct slice payload)
{
	uint8_t *longer = calloc(1, payload.len + 1);
	union msg m;

	must(longer != NULL);
	memcpy(longer, payload.p, payload.len);
	must(decode(type, (struct slice){longer, payload.len + 1}, &m) == WIRE_TRAILING);
	if (payload.len > 0)
		must(decode(type, (struct slice){longer, payload.len - 1}, &m) == WIRE_SHORT);
	free(longer);
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
check_payload(enum msg_type type, struct slice payload)
{
	struct buf again;
	union msg m;

	if (decode(type, payload, &m) != WIRE_OK)
		return;
	buf_init(&again, WIRE_PAYLOAD_MAX);
	must(record_encode(&again, type, &m) == 0);
	must(slice_eq(buf_slice(&again), payload));
	buf_clear(&again);
	check_print(type, &m);
	check_length(type, payload);
}

int
fuzz_records(const uint8_t *data, size_t size)
{
	struct slice in = {data, size};
	unsigned low = fuzz_byte(&in), type = low | (unsigned)fuzz_byte(&in) << 8;
	uint8_t *payload = fuzz_copy(in);

	if (msg_desc((uint16_t)type) != NULL)
		check_payload((enum msg_type)type, (struct slice){payload, in.len});
	free(payload);
	return 0;
}
