/*
 * The tables agree with the messages. That keys sort as they should is in the scenarios, whose steps about
 * rows name keys byte by byte.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"
#include "storaged/engine/message_page.h"
#include "storaged/server/peers.h"
#include "storaged/turns/turns.h"

/* With other fields that are as large as can be. */
TEST(an_encoded_message_shows_whether_it_has_a_text)
{
	struct msg_message_details more = {.model = slice_str("m"), .attempts = 1};
	struct buf details, b;

	buf_init(&details, 1024);
	buf_init(&b, 1024);
	assert_int_equal(record_encode(&details, MSG_MESSAGE_DETAILS, &more), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct msg_message_record record = {
		    .v = RECORD_VERSION,
		    .status = MESSAGE_LENGTH,
		    .created_at = UINT64_MAX,
		    .prompt_tokens = UINT32_MAX,
		    .completion_tokens = UINT32_MAX,
		    .text = slice_str(i & 1 ? "t" : ""),
		    .details = i & 2 ? buf_slice(&details) : (struct slice){0},
		};

		buf_reset(&b);
		assert_int_equal(record_encode(&b, MSG_MESSAGE_RECORD, &record), 0);
		assert_int_equal(message_has_text(buf_slice(&b)), i & 1);
	}
	buf_clear(&b);
	buf_clear(&details);
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
	    {MSG_TURN_BEGIN, "client_id", CLIENT_ID_MAX - 1},
	    {MSG_OPERATOR_MESSAGE, "client_id", CLIENT_ID_MAX - 1},
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
	    {MSG_USER_RECORD, "picture", USER_PICTURE_MAX},
	    {MSG_USER_CHANGE, "picture", USER_PICTURE_MAX},
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
