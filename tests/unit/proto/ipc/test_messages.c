/*
 * The message table, and values that are refused. tests/fuzz/fuzz_frame_messages.c encodes and decodes each
 * message of the table, with every truncation, and for every pair of roles.
 */
#include "proto/ipc/messages.h"
#include "tests/unit/unit.h"

static bool
is_flat(uint16_t type)
{
	for (const struct wire_field *f = msg_desc(type)->fields; f->type != WIRE_END; f++)
		if (f->type == WIRE_REC || f->type == WIRE_LIST)
			return false;
	return true;
}

TEST(table_is_in_order_and_a_record_in_a_record_holds_none)
{
	size_t types;
	const struct msg_desc *table = msg_table(&types);

	assert_true(types > 20);
	for (size_t i = 0; i < types; i++) {
		if (i > 0)
			assert_true(table[i - 1].type < table[i].type);
		for (const struct wire_field *f = table[i].fields; f->type != WIRE_END; f++) {
			if (f->type != WIRE_REC && f->type != WIRE_LIST)
				continue;
			assert_non_null(msg_desc(f->item));
			assert_true(table[i].when != WHEN_RECORD || is_flat(f->item));
			assert_int_equal(msg_desc(f->item)->when, WHEN_RECORD);
		}
	}
}

/* FNV-1a (public domain) of all numbers of the table. */
static uint64_t
table_fingerprint(void)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t types;
	const struct msg_desc *d = msg_table(&types);
	const uint64_t prime = 0x100000001b3;

	for (const struct msg_desc *end = d + types; d < end; d++) {
		hash = (hash ^ d->type) * prime;
		hash = (hash ^ d->from << 8 ^ d->to) * prime;
		hash = (hash ^ (uint64_t)d->when) * prime;
		for (const struct wire_field *f = d->fields; f->type != WIRE_END; f++) {
			hash = (hash ^ (uint64_t)f->type << 32 ^ f->max) * prime;
			hash = (hash ^ f->item) * prime;
		}
	}
	return hash;
}

/* An upgrade keeps a masterd that has the same version, and gives it the new workers. After a change: raise
 * WIRE_VERSION, unless it was raised since the last release, and change this value. */
TEST(a_changed_table_has_a_new_version)
{
	assert_int_equal(WIRE_VERSION, 13);
	assert_int_equal(table_fingerprint(), 0x5f4172a8d3823003);
}

/* Decodes an encoded message. */
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

TEST(values_over_their_maximum_are_refused_both_ways)
{
	static const char long_text[] =
	    "12345678901234567890123456789012345678901234567890123456789012345";
	struct msg_pong pong = {.owner = 2};
	struct msg_hello hello = {.role = ROLE_STORE, .program = slice_str(long_text)};
	struct buf b;
	union msg m;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, MSG_PONG, 1, &pong), -1);
	assert_int_equal(msg_encode(&b, MSG_HELLO, 1, &hello), -1);
	assert_int_equal(buf_len(&b), 0);
	assert_int_equal(msg_decode_payload(msg_desc(MSG_PONG),
			     ((struct slice){(const uint8_t *)"\0\2", 2}), &m),
	    WIRE_RANGE);
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

TEST_MAIN(NULL, NULL)
