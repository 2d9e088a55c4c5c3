/*
 * The layout of the store: the order of keys is the order of lists, and the tables agree with the
 * messages.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"
#include "storaged/engine/message_page.h"
#include "storaged/server/peers.h"
#include "storaged/turns/turns.h"

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

TEST(newest_activity_sorts_first)
{
	struct id org = id_new(), a = id_new(), b = id_new();

	assert_true(compare(key_activity(&org, 1000, &a), key_activity(&org, 999, &b)) < 0);
	assert_true(compare(key_activity(&org, 256, &b), key_activity(&org, 255, &a)) < 0);
	assert_true(compare(key_activity(&org, 256, &a), key_activity(&org, 256, &b)) < 0);
}

TEST(a_cursor_leads_back_to_its_key)
{
	struct id org = id_new(), widget = id_new(), conversation = id_new();
	struct key of_org = key_activity(&org, 1234567890123, &conversation);
	struct key of_widget = key_activity_of(&org, &widget, 1234567890123, &conversation);
	struct slice cursor = activity_cursor(key_slice(&of_org));
	struct id named[] = {activity_conversation(key_slice(&of_org)),
	    activity_conversation(key_slice(&of_widget))};

	assert_int_equal(cursor.len, 24);
	assert_true(slice_eq(activity_cursor(key_slice(&of_widget)), cursor));
	assert_int_equal(compare(key_activity_at(&org, cursor), of_org), 0);
	assert_int_equal(compare(key_activity_of_at(&org, &widget, cursor), of_widget), 0);
	assert_true(id_equal(&named[0], &conversation) && id_equal(&named[1], &conversation));
}

TEST(pieces_sort_by_offset)
{
	struct id turn = id_new();
	struct key key = key_partial(&turn, 4096);

	assert_int_equal(partial_offset(key_slice(&key)), 4096);
	assert_true(compare(key_partial(&turn, 9), key_partial(&turn, 10)) < 0);
	assert_true(compare(key_partial(&turn, 255), key_partial(&turn, 256)) < 0);
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
	static const struct {
		enum msg_type type;
		const char *field;
		uint32_t max;
	} bounds[] = {
	    {MSG_TURN_BEGIN, "session", SESSION_MAX},
	    {MSG_TURN_BEGIN, "client_id", CLIENT_ID_MAX},
	    {MSG_IMPORT_CLIENT_ID, "client_id", CLIENT_ID_MAX},
	    {MSG_TURN_BEGIN, "history", HISTORY_MAX},
	    {MSG_TURN_FINISH, "text", TEXT_MAX},
	    {MSG_MESSAGE_RECORD, "text", TEXT_MAX},
	    {MSG_TURN_STATE, "text", TEXT_MAX},
	    {MSG_LIVE_TEXT, "text", TEXT_MAX},
	    {MSG_LIVE_TEXT, "offset", TEXT_MAX},
	    {MSG_LIVE_PUBLISH, "text", TEXT_MAX},
	    {MSG_LIVE_WANTED, "from", TEXT_MAX},
	    {MSG_TURN_JOIN, "from", TEXT_MAX},
	    {MSG_CONVERSATION_LIST, "limit", CONVERSATIONS_MAX},
	    {MSG_CONVERSATION_LIST, "cursor", ACTIVITY_CURSOR_LEN},
	    {MSG_MESSAGE_LIST, "limit", MESSAGES_MAX},
	    {MSG_SESSION_HISTORY, "limit", MESSAGES_MAX},
	    {MSG_MESSAGE_PAGE, "messages", LIST_MAX},
	    {MSG_TURN_BEGUN, "history", LIST_MAX},
	    {MSG_CONVERSATION_PAGE, "conversations", LIST_MAX},
	    {MSG_CONVERSATION_RECORD, "last_message", 3 * LAST_MESSAGE_UNITS},
	    {MSG_PEER_STATUS, "program", CHANNEL_PROGRAM_MAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		if (field_max(bounds[i].type, bounds[i].field) != bounds[i].max)
			fail_msg(
			    "%s of %s", bounds[i].field, msg_name((uint16_t)bounds[i].type));
	assert_true(LIST_MAX >= PAGE_BYTES && LIST_MAX >= RECORD_MAX + 4);
}

/* The longest item of a list, with its length in front. */
static size_t
longest_item(enum msg_type type, const void *record)
{
	struct buf b;
	size_t len;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(record_encode(&b, type, record), 0);
	len = 4 + buf_len(&b);
	buf_clear(&b);
	return len;
}

TEST(the_longest_lists_fit_into_an_answer)
{
	static const uint8_t name[64];
	const struct msg_peer_status peer = {.program = {name, sizeof(name)}};
	const struct msg_table_status table = {.name = {name, sizeof(name)}};

	assert_true(
	    PEERS_MAX * longest_item(MSG_PEER_STATUS, &peer) <= field_max(MSG_STATUS, "peers"));
	assert_true(
	    TABLES * longest_item(MSG_TABLE_STATUS, &table) <= field_max(MSG_STATUS, "tables"));
}

TEST_MAIN(NULL, NULL)
