/*
 * The layout of the store: the order of keys is the order of lists, and the tables agree with the
 * messages.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"
#include "storaged/engine/message_page.h"
#include "storaged/turns/turns.h"
#include "tests/unit/unit.h"

static int
compare(struct key a, struct key b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.b, b.b, n);

	return r != 0 ? r : (int)a.len - (int)b.len;
}

TEST(messages_sort_by_sequence_number)
{
	static const uint64_t seqs[] = {0, 1, 2, 255, 256, 65536, 1ull << 32, UINT64_MAX};
	struct id conversation = id_new();

	for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
		struct key key = key_message(&conversation, seqs[i]);

		assert_int_equal(message_seq(key_slice(&key)), seqs[i]);
		if (i > 0)
			assert_true(compare(key_message(&conversation, seqs[i - 1]), key) < 0);
	}
}

TEST(messages_of_conversations_do_not_mix)
{
	struct id first = id_new(), second = id_new();

	assert_true(compare(key_message(&first, UINT64_MAX), key_message(&second, 0)) < 0);
}

TEST(newest_activity_sorts_first)
{
	struct id org = id_new(), a = id_new(), b = id_new();

	assert_true(compare(key_activity(&org, 1000, &a), key_activity(&org, 999, &b)) < 0);
	assert_true(compare(key_activity(&org, 256, &b), key_activity(&org, 255, &a)) < 0);
	assert_true(compare(key_activity(&org, 256, &a), key_activity(&org, 256, &b)) < 0);
}

TEST(a_cursor_leads_back_to_its_key)
{
	struct id org = id_new(), conversation = id_new();
	struct key key = key_activity(&org, 1234567890123, &conversation);
	struct slice cursor = activity_cursor(key_slice(&key));
	struct id named = activity_conversation(key_slice(&key));

	assert_int_equal(cursor.len, 24);
	assert_int_equal(compare(key_activity_at(&org, cursor), key), 0);
	assert_true(id_equal(&named, &conversation));
}

TEST(a_cursor_of_a_widget_s_list_leads_back_to_its_key)
{
	struct id org = id_new(), widget = id_new(), conversation = id_new();
	struct key key = key_activity_of(&org, &widget, 1234567890123, &conversation);
	struct slice cursor = activity_cursor(key_slice(&key));
	struct id named = activity_conversation(key_slice(&key));

	assert_int_equal(cursor.len, 24);
	assert_int_equal(compare(key_activity_of_at(&org, &widget, cursor), key), 0);
	assert_true(id_equal(&named, &conversation));
	assert_true(compare(key_activity_of(&org, &widget, 1000, &org),
			key_activity_of(&org, &widget, 999, &widget)) < 0);
}

TEST(pieces_sort_by_offset)
{
	struct id turn = id_new();
	struct key key = key_partial(&turn, 4096);

	assert_int_equal(partial_offset(key_slice(&key)), 4096);
	assert_true(compare(key_partial(&turn, 9), key_partial(&turn, 10)) < 0);
	assert_true(compare(key_partial(&turn, 255), key_partial(&turn, 256)) < 0);
}

TEST(sessions_of_widgets_do_not_mix)
{
	struct id org = id_new(), w1 = id_new(), w2 = id_new();

	assert_true(compare(key_session(&org, &w1, slice_str("a")),
			key_session(&org, &w2, slice_str("a"))) != 0);
	assert_true(compare(key_session(&org, &w1, slice_str("a")),
			key_session(&org, &w1, slice_str("ab"))) != 0);
}

TEST(every_table_has_its_own_name)
{
	for (enum table i = 0; i < TABLES; i++)
		for (enum table j = 0; j < i; j++)
			assert_string_not_equal(table_name(i), table_name(j));
}

TEST(a_message_without_text_is_as_long_as_the_pages_believe)
{
	struct msg_message_record record = {.v = RECORD_VERSION};
	struct buf b;

	buf_init(&b, 1024);
	assert_int_equal(record_encode(&b, MSG_MESSAGE_RECORD, &record), 0);
	assert_int_equal(buf_len(&b), EMPTY_MESSAGE_LEN);
	buf_clear(&b);
}

TEST(every_request_to_the_store_has_a_handler)
{
	size_t n, requests = 0;
	const struct msg_desc *table = msg_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (!(table[i].to & ROLE_STORE) || table[i].when != WHEN_READY)
			continue;
		requests++;
		if (handlers_find(&store_handlers, table[i].type) == NULL)
			fail_msg("%s has no handler", table[i].name);
	}
	assert_true(requests >= 9);
}

/* The largest value that messages.def allows in a field. */
static uint32_t
field_max(enum msg_type type, const char *name)
{
	const struct wire_field *f = msg_desc((uint16_t)type)->fields;

	for (; f->type != WIRE_END; f++)
		if (strcmp(f->name, name) == 0)
			return f->max;
	fail_msg("%s has no field %s", msg_name((uint16_t)type), name);
	return 0;
}

TEST(bounds_are_those_of_the_messages)
{
	assert_int_equal(field_max(MSG_TURN_BEGIN, "session"), SESSION_MAX);
	assert_int_equal(field_max(MSG_TURN_BEGIN, "client_id"), CLIENT_ID_MAX);
	assert_int_equal(field_max(MSG_IMPORT_CLIENT_ID, "client_id"), CLIENT_ID_MAX);
	assert_int_equal(field_max(MSG_TURN_BEGIN, "history"), HISTORY_MAX);
	assert_int_equal(field_max(MSG_TURN_FINISH, "text"), TEXT_MAX);
	assert_int_equal(field_max(MSG_MESSAGE_RECORD, "text"), TEXT_MAX);
	assert_int_equal(field_max(MSG_TURN_STATE, "text"), TEXT_MAX);
	assert_int_equal(field_max(MSG_LIVE_TEXT, "text"), TEXT_MAX);
	assert_int_equal(field_max(MSG_LIVE_TEXT, "offset"), TEXT_MAX);
	assert_int_equal(field_max(MSG_LIVE_PUBLISH, "text"), TEXT_MAX);
	assert_int_equal(field_max(MSG_LIVE_WANTED, "from"), TEXT_MAX);
	assert_int_equal(field_max(MSG_TURN_JOIN, "from"), TEXT_MAX);
	assert_int_equal(field_max(MSG_CONVERSATION_LIST, "limit"), CONVERSATIONS_MAX);
	assert_int_equal(field_max(MSG_CONVERSATION_LIST, "cursor"), ACTIVITY_CURSOR_LEN);
	assert_int_equal(field_max(MSG_MESSAGE_LIST, "limit"), MESSAGES_MAX);
	assert_int_equal(field_max(MSG_SESSION_HISTORY, "limit"), MESSAGES_MAX);
	assert_int_equal(field_max(MSG_MESSAGE_PAGE, "messages"), LIST_MAX);
	assert_int_equal(field_max(MSG_TURN_BEGUN, "history"), LIST_MAX);
	assert_int_equal(field_max(MSG_CONVERSATION_PAGE, "conversations"), LIST_MAX);
	assert_int_equal(
	    field_max(MSG_CONVERSATION_RECORD, "last_message"), 3 * LAST_MESSAGE_UNITS);
	assert_true(LIST_MAX >= PAGE_BYTES && LIST_MAX >= RECORD_MAX + 4);
}

TEST_MAIN(NULL, NULL)
