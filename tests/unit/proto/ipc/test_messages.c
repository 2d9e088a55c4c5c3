/*
 * The message table and codec: every message round-trips, every kind of damage is refused, and so
 * is every message that the table does not allow.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"
#include "tests/unit/unit.h"

static const char text[] = "gr\xc3\xbc\xc3\x9f dich";

/* The table. */
static const struct msg_desc *table;
static size_t types;

/* A message of this type with a value in every field; list fields stay empty. */
static void
fill(const struct msg_desc *d, union msg *m)
{
	uint8_t number = 1;

	memset(m, 0, sizeof(*m));
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++, number++) {
		void *at = (uint8_t *)m + f->offset;

		if (f->type == WIRE_U8)
			*(uint8_t *)at = f->max == 1 ? 1
			    : f->max < number        ? (uint8_t)f->max
						     : number;
		else if (f->type == WIRE_U16)
			*(uint16_t *)at = 0x1234;
		else if (f->type == WIRE_U32)
			*(uint32_t *)at = f->max == 0 ? 0x12345678 : f->max;
		else if (f->type == WIRE_U64)
			*(uint64_t *)at = 0x123456789abcdef0;
		else if (f->type == WIRE_ID || f->type == WIRE_HASH)
			memset(at, number, f->type == WIRE_ID ? 16 : 32);
		else if (f->type == WIRE_TEXT || f->type == WIRE_BYTES)
			*(struct slice *)at = slice_str(text);
	}
}

/* Two messages of a type are equal, slices by content. */
static void
expect_equal(const struct msg_desc *d, const union msg *a, const union msg *b)
{
	for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++) {
		const uint8_t *x = (const uint8_t *)a + f->offset;
		const uint8_t *y = (const uint8_t *)b + f->offset;
		static const size_t sizes[] = {[WIRE_U8] = 1,
		    [WIRE_U16] = 2,
		    [WIRE_U32] = 4,
		    [WIRE_U64] = 8,
		    [WIRE_ID] = 16,
		    [WIRE_HASH] = 32};

		if (f->type >= WIRE_TEXT)
			assert_true(slice_eq(*(const struct slice *)(const void *)x,
			    *(const struct slice *)(const void *)y));
		else
			assert_memory_equal(x, y, sizes[f->type]);
	}
}

TEST(table_is_in_order_and_records_hold_no_records)
{
	assert_true(types > 20);
	for (size_t i = 0; i < types; i++) {
		if (i > 0)
			assert_true(table[i - 1].type < table[i].type);
		for (const struct wire_field *f = table[i].fields; f->type != WIRE_END; f++) {
			if (f->type != WIRE_REC && f->type != WIRE_LIST)
				continue;
			assert_int_not_equal(table[i].when, WHEN_RECORD);
			assert_non_null(msg_desc(f->item));
			assert_int_equal(msg_desc(f->item)->when, WHEN_RECORD);
		}
	}
}

TEST(every_message_round_trips)
{
	for (size_t i = 0; i < types; i++) {
		union msg in, out = {0};
		struct frame f;
		struct buf b;
		size_t size;

		buf_init(&b, WIRE_FRAME_MAX);
		fill(&table[i], &in);
		assert_int_equal(msg_encode(&b, (enum msg_type)table[i].type, 77, &in), 0);
		assert_int_equal(wire_frame(buf_slice(&b), &f, &size), WIRE_OK);
		assert_int_equal(size, buf_len(&b));
		assert_int_equal(f.type, table[i].type);
		assert_int_equal(f.request, 77);
		assert_int_equal(msg_decode_payload(&table[i], f.payload, &out), WIRE_OK);
		expect_equal(&table[i], &in, &out);
		buf_clear(&b);
	}
}

TEST(every_cut_and_every_extra_byte_is_refused)
{
	for (size_t i = 0; i < types; i++) {
		union msg m;
		struct buf b;

		buf_init(&b, WIRE_FRAME_MAX);
		fill(&table[i], &m);
		assert_int_equal(record_encode(&b, (enum msg_type)table[i].type, &m), 0);
		for (size_t cut = 0; cut < buf_len(&b); cut++) {
			/* A copy of exact size, so that ASan detects a read past its end. */
			uint8_t *part = malloc(cut + 1);

			memcpy(part, buf_data(&b), cut);
			assert_int_equal(
			    msg_decode_payload(&table[i], (struct slice){part, cut}, &m),
			    WIRE_SHORT);
			free(part);
		}
		assert_int_equal(buf_append(&b, "x", 1), 0);
		assert_int_equal(
		    msg_decode_payload(&table[i], buf_slice(&b), &m), WIRE_TRAILING);
		buf_clear(&b);
	}
}

TEST(a_frame_is_decoded_at_every_split)
{
	struct msg_pong pong = {.writable = 1};
	struct frame f;
	struct buf b;
	size_t size;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, MSG_PONG, 5, &pong), 0);
	for (size_t n = 0; n < buf_len(&b); n++)
		assert_int_equal(
		    wire_frame((struct slice){buf_data(&b), n}, &f, &size), WIRE_MORE);
	assert_int_equal(wire_frame(buf_slice(&b), &f, &size), WIRE_OK);
	buf_clear(&b);
}

TEST(bad_headers_are_refused)
{
	static const uint8_t oversize[16] = {0xf1, 0xff, 0x0f, 0};
	static const uint8_t flags[16] = {0, 0, 0, 0, 2, 0, 1, 0};
	struct frame f;
	size_t size;

	assert_int_equal(wire_frame((struct slice){oversize, 16}, &f, &size), WIRE_OVERSIZE);
	assert_int_equal(wire_frame((struct slice){flags, 16}, &f, &size), WIRE_FLAGS);
}

static enum wire_result
decode_as(enum msg_type type, const void *msg, enum role from, enum role to, enum when when)
{
	enum wire_result r;
	union msg out;
	struct frame f;
	struct buf b;
	size_t size;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, type, 1, msg), 0);
	assert_int_equal(wire_frame(buf_slice(&b), &f, &size), WIRE_OK);
	r = msg_decode(&f, from, to, when, &out);
	buf_clear(&b);
	return r;
}

TEST(only_messages_allowed_by_the_table_are_accepted)
{
	static const struct {
		enum role from, to;
		enum when when;
		enum wire_result result;
	} cases[] = {
	    {ROLE_WORKER, ROLE_STORE, WHEN_READY, WIRE_OK},
	    {ROLE_WORKER, ROLE_STORE, WHEN_FIRST, WIRE_FORBIDDEN},
	    {ROLE_TOOL, ROLE_STORE, WHEN_READY, WIRE_FORBIDDEN},
	    {ROLE_STORE, ROLE_WORKER, WHEN_READY, WIRE_FORBIDDEN},
	    {ROLE_WORKER, ROLE_MASTER, WHEN_READY, WIRE_FORBIDDEN},
	};
	struct frame unknown = {.type = 0x0666};
	union msg m;

	fill(msg_desc(MSG_TURN_FINISH), &m);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    decode_as(MSG_TURN_FINISH, &m, cases[i].from, cases[i].to, cases[i].when),
		    cases[i].result);
	assert_int_equal(
	    msg_decode(&unknown, ROLE_WORKER, ROLE_STORE, WHEN_READY, &m), WIRE_UNKNOWN);
	/* A record is never a message. */
	fill(msg_desc(MSG_LOGIN_RECORD), &m);
	assert_int_equal(decode_as(MSG_LOGIN_RECORD, &m, ROLE_WORKER, ROLE_STORE, WHEN_READY),
	    WIRE_FORBIDDEN);
}

TEST(values_over_their_maximum_are_refused_both_ways)
{
	static const char long_text[] =
	    "12345678901234567890123456789012345678901234567890123456789012345";
	struct msg_pong pong = {.writable = 2};
	struct msg_hello hello = {.role = ROLE_STORE, .program = slice_str(long_text)};
	struct buf b;
	union msg m;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, MSG_PONG, 1, &pong), -1);
	assert_int_equal(msg_encode(&b, MSG_HELLO, 1, &hello), -1);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(
	    msg_decode_payload(msg_desc(MSG_PONG), slice_str("\2"), &m), WIRE_RANGE);
	buf_clear(&b);
}

TEST(text_must_be_utf8)
{
	struct msg_hello hello = {.role = ROLE_STORE, .program = slice_str("\xc3(")};

	assert_int_equal(
	    decode_as(MSG_HELLO, &hello, ROLE_ANY, ROLE_STORE, WHEN_FIRST), WIRE_NOT_UTF8);
}

static enum wire_result
decode_list(struct slice list)
{
	struct msg_turn_begun begun = {.history = list};

	return decode_as(MSG_TURN_BEGUN, &begun, ROLE_STORE, ROLE_WORKER, WHEN_READY);
}

TEST(lists_are_checked_to_the_last_item)
{
	struct msg_message_record record = {.v = 1, .text = slice_str("hello")};
	struct buf item, list;
	struct slice rest, got;
	size_t items = 0;

	buf_init(&item, WIRE_FRAME_MAX);
	buf_init(&list, WIRE_FRAME_MAX);
	assert_int_equal(record_encode(&item, MSG_MESSAGE_RECORD, &record), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(wire_list_add(&list, buf_slice(&item)), 0);
	rest = buf_slice(&list);
	assert_int_equal(decode_list(rest), WIRE_OK);
	for (; wire_list_next(&rest, &got); items++)
		assert_true(slice_eq(got, buf_slice(&item)));
	assert_int_equal(items, 3);
	/* The last item truncated, and one that is not a record. */
	assert_int_equal(
	    decode_list((struct slice){buf_data(&list), buf_len(&list) - 1}), WIRE_SHORT);
	assert_int_equal(wire_list_add(&list, slice_str("\1")), 0);
	assert_int_equal(decode_list(buf_slice(&list)), WIRE_SHORT);
	buf_clear(&item);
	buf_clear(&list);
}

TEST(printed_messages_show_no_text)
{
	struct msg_turn_finish finish = {
	    .text = slice_str("secret words"), .completion_tokens = 9};
	struct buf b;

	buf_init(&b, 4096);
	assert_int_equal(msg_print(&b, MSG_TURN_FINISH, &finish), 0);
	assert_int_equal(buf_append(&b, "", 1), 0);
	assert_non_null(strstr((const char *)buf_data(&b), "completion_tokens=9"));
	assert_non_null(strstr((const char *)buf_data(&b), "text=[12]"));
	assert_null(strstr((const char *)buf_data(&b), "secret"));
	buf_clear(&b);
}

TEST(the_default_ids_differ_and_are_not_zero)
{
	static const struct id zero;
	struct id back;
	char printed[ID_TEXT_LEN + 1];

	assert_true(id_is_zero(&zero));
	assert_false(id_is_zero(&id_default_org));
	assert_false(id_is_zero(&id_default_widget));
	assert_false(id_equal(&id_default_org, &id_default_widget));
	id_format(&id_default_org, printed);
	assert_string_equal(printed, "00000000-0000-7000-8000-000000000001");
	assert_int_equal(id_parse(slice_str(printed), &back), 0);
	assert_true(id_equal(&back, &id_default_org));
}

static int
find_table([[gnu::unused]] void **state)
{
	table = msg_table(&types);
	return 0;
}

TEST_MAIN(find_table, NULL)
