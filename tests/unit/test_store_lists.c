/*
 * The two lists: conversations by activity, messages forwards and backwards, each in pages.
 */
#include "test_store_fixture.h"

#include "storaged/conversations.h"

#define CONVERSATIONS 7

/* So many conversations, each with an activity later than the one before. */
static void
make_conversations(struct fixture *f, struct id ids[CONVERSATIONS])
{
	char session[16];

	for (int i = 0; i < CONVERSATIONS; i++) {
		snprintf(session, sizeof(session), "s%d", i);
		ids[i] = chat(f, session, "q", "a");
		wait_for_next_ms();
	}
}

static struct id
listed(const union msg *m, size_t n)
{
	struct msg_conversation_record record;

	list_item(m->conversation_page.conversations, n, MSG_CONVERSATION_RECORD, &record);
	return record.id;
}

static void
conversations_come_newest_activity_first(void **state)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {.org = id_default_org};
	struct id ids[CONVERSATIONS], got;
	union msg m;

	make_conversations(f, ids);
	chat(f, "s2", "again", "yes");
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(list_len(m.conversation_page.conversations), CONVERSATIONS);
	assert_int_equal(m.conversation_page.total, CONVERSATIONS);
	assert_int_equal(m.conversation_page.next.len, 0);
	got = listed(&m, 0);
	assert_true(id_equal(&got, &ids[2]));
	got = listed(&m, 1);
	assert_true(id_equal(&got, &ids[CONVERSATIONS - 1]));
	got = listed(&m, CONVERSATIONS - 1);
	assert_true(id_equal(&got, &ids[0]));
}

static void
pages_of_conversations_join_without_gap_or_repeat(void **state)
{
	struct fixture *f = *state;
	struct id ids[CONVERSATIONS];

	make_conversations(f, ids);
	for (uint32_t limit = 1; limit <= CONVERSATIONS + 1; limit++) {
		uint8_t cursor[ACTIVITY_CURSOR_LEN];
		struct msg_conversation_list list = {.org = id_default_org, .limit = limit};
		size_t seen = 0;
		union msg m;

		do {
			size_t n;

			ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
			n = list_len(m.conversation_page.conversations);
			assert_true(n > 0 && n <= limit);
			for (size_t i = 0; i < n; i++) {
				struct id got = listed(&m, i);

				assert_true(seen < CONVERSATIONS);
				assert_true(id_equal(&got, &ids[CONVERSATIONS - 1 - seen++]));
			}
			list.cursor = (struct slice){cursor, m.conversation_page.next.len};
			if (list.cursor.len > 0)
				memcpy(cursor, m.conversation_page.next.p, sizeof(cursor));
		} while (list.cursor.len > 0);
		assert_int_equal(seen, CONVERSATIONS);
	}
}

static void
a_cursor_holds_when_its_conversation_moves(void **state)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {.org = id_default_org, .limit = 2};
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	struct id ids[CONVERSATIONS], got;
	union msg m;

	make_conversations(f, ids);
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	memcpy(cursor, m.conversation_page.next.p, sizeof(cursor));
	/* The last one of the page, whose place the cursor is. */
	chat(f, "s5", "again", "yes");
	list.cursor = (struct slice){cursor, sizeof(cursor)};
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	got = listed(&m, 0);
	assert_true(id_equal(&got, &ids[4]));
}

static void
an_organization_sees_only_its_own(void **state)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct id other = id_new();
	struct msg_conversation_list list = {.org = other};
	struct msg_message_list foreign = {.org = other, .conversation = conversation};
	struct msg_message_list unknown = {.org = id_default_org, .conversation = other};
	union msg m;

	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(m.conversation_page.conversations.len, 0);
	assert_int_equal(m.conversation_page.total, 0);
	ask_error(f, MSG_MESSAGE_LIST, &foreign, STORE_NOT_FOUND);
	ask_error(f, MSG_MESSAGE_LIST, &unknown, STORE_NOT_FOUND);
}

static void
a_cursor_of_another_length_is_refused(void **state)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {
	    .org = id_default_org, .cursor = slice_str("short")};

	ask_error(f, MSG_CONVERSATION_LIST, &list, STORE_INVALID);
}

/* Question and answer as often as pairs says: texts "0", "1", … in their order. */
static struct id
make_thread(struct fixture *f, int pairs)
{
	struct id conversation = {0};
	char question[16], answer[16];

	for (int i = 0; i < pairs; i++) {
		snprintf(question, sizeof(question), "%d", 2 * i);
		snprintf(answer, sizeof(answer), "%d", 2 * i + 1);
		conversation = chat(f, "thread", question, answer);
	}
	return conversation;
}

static void
expect_numbers(const union msg *m, int from, size_t n)
{
	struct msg_message_record record;
	char text[16];

	assert_int_equal(list_len(m->message_page.messages), n);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d", from + (int)i);
		list_item(m->message_page.messages, i, MSG_MESSAGE_RECORD, &record);
		assert_text(record.text, text);
	}
}

static void
messages_are_paged_forwards(void **state)
{
	struct fixture *f = *state;
	struct id conversation = make_thread(f, 5);
	struct msg_message_list list = {
	    .org = id_default_org, .conversation = conversation, .limit = 4};
	union msg m;

	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 0, 4);
	list.from = m.message_page.next;
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 4, 4);
	list.from = m.message_page.next;
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 8, 2);
	assert_int_equal(m.message_page.next, 0);
}

static void
messages_are_paged_backwards_oldest_first_within_a_page(void **state)
{
	struct fixture *f = *state;
	struct id conversation = make_thread(f, 5);
	struct msg_message_list list = {
	    .org = id_default_org, .conversation = conversation, .limit = 4, .backwards = 1};
	union msg m;

	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 6, 4);
	list.from = m.message_page.next;
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 2, 4);
	list.from = m.message_page.next;
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 0, 2);
	assert_int_equal(m.message_page.next, 0);
}

static void
a_page_does_not_reach_into_the_next_conversation(void **state)
{
	struct fixture *f = *state;
	struct id first = chat(f, "s1", "q1", "a1");
	struct id second = chat(f, "s2", "q2", "a2");
	struct msg_message_list backwards = {
	    .org = id_default_org, .conversation = second, .backwards = 1};
	union msg m;

	EXPECT_MESSAGES(f, &first, "cc", "q1", "a1");
	EXPECT_MESSAGES(f, &second, "cc", "q2", "a2");
	ask(f, MSG_MESSAGE_LIST, &backwards, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(list_len(m.message_page.messages), 2);
	assert_int_equal(m.message_page.next, 0);
}

static void
the_greatest_messages_come_one_a_page(void **state)
{
	struct fixture *f = *state;
	struct msg_message_list list = {.org = id_default_org};
	char *big = xcalloc(1, TEXT_MAX + 1);
	size_t replies = 0;
	union msg m;

	memset(big, 'x', TEXT_MAX);
	for (int i = 0; i < 3; i++)
		list.conversation = chat(f, "s1", "q", big);
	for (list.backwards = 0; list.backwards <= 1; list.backwards++) {
		replies = 0;
		list.from = 0;
		do {
			struct msg_message_record record;
			size_t n;

			ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
			n = list_len(m.message_page.messages);
			assert_true(n > 0);
			for (size_t i = 0; i < n; i++) {
				list_item(
				    m.message_page.messages, i, MSG_MESSAGE_RECORD, &record);
				replies += record.text.len == TEXT_MAX;
			}
			list.from = m.message_page.next;
		} while (list.from != 0);
		assert_int_equal(replies, 3);
	}
	free(big);
}

static void
the_conversation_comes_with_its_messages(void **state)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "visitor-1", "q", "a");
	struct msg_conversation_record record = conversation_record(f, &conversation);

	assert_true(id_equal(&record.id, &conversation));
	assert_text(record.session, "visitor-1");
	assert_true(record.created_at > 0 && record.updated_at >= record.created_at);
	assert_int_equal(record.messages, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(conversations_come_newest_activity_first),
	    STORE_TEST(pages_of_conversations_join_without_gap_or_repeat),
	    STORE_TEST(a_cursor_holds_when_its_conversation_moves),
	    STORE_TEST(an_organization_sees_only_its_own),
	    STORE_TEST(a_cursor_of_another_length_is_refused),
	    STORE_TEST(messages_are_paged_forwards),
	    STORE_TEST(messages_are_paged_backwards_oldest_first_within_a_page),
	    STORE_TEST(a_page_does_not_reach_into_the_next_conversation),
	    STORE_TEST(the_greatest_messages_come_one_a_page),
	    STORE_TEST(the_conversation_comes_with_its_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
