/*
 * The two lists: conversations by activity, messages forwards and backwards, each in pages.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"
#include "tests/unit/unit.h"

#define CONVERSATIONS 7

/* So many conversations, each with later activity than the one before. */
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

STORE_TEST(conversations_come_newest_activity_first)
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

STORE_TEST(pages_of_conversations_join_without_gap_or_repeat)
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

STORE_TEST(a_cursor_holds_when_its_conversation_moves)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {.org = id_default_org, .limit = 2};
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	struct id ids[CONVERSATIONS], got;
	union msg m;

	make_conversations(f, ids);
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	memcpy(cursor, m.conversation_page.next.p, sizeof(cursor));
	/* The last one of the page, to which the cursor refers. */
	chat(f, "s5", "again", "yes");
	list.cursor = (struct slice){cursor, sizeof(cursor)};
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	got = listed(&m, 0);
	assert_true(id_equal(&got, &ids[4]));
}

STORE_TEST(an_organization_sees_only_its_own)
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

/* A conversation of this widget with this contact (0: none), whose only reply has this state. */
struct sample {
	uint8_t widget, contact;
	enum conversation_state state;
};

static const struct sample samples[] = {
    {1, 0, CONVERSATION_COMPLETE},
    {1, 1, CONVERSATION_ACTIVE},
    {2, 1, CONVERSATION_COMPLETE},
    {2, 2, CONVERSATION_STOPPED},
    {1, 1, CONVERSATION_INTERRUPTED},
    {2, 0, CONVERSATION_ACTIVE},
    {1, 2, CONVERSATION_COMPLETE},
    {1, 1, CONVERSATION_COMPLETE},
};

static struct id
numbered(uint8_t number)
{
	struct id id = {{0}};

	id.b[15] = number;
	return id;
}

static void
set_contact(struct fixture *f, const struct id *conversation, uint8_t contact)
{
	struct id id = numbered(contact);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(conversation_set_contact(&t, conversation, &id), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static struct id
make_sample(struct fixture *f, const struct sample *sample, size_t n)
{
	struct msg_turn_begin begin;
	struct msg_turn_finish finish;
	char session[16];

	snprintf(session, sizeof(session), "s%zu", n);
	begin = begin_of(session, "q");
	begin.widget = numbered(sample->widget);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	/* Before its end or after it: the index moves with both. */
	if (n % 2 == 0)
		set_contact(f, &begin.conversation, sample->contact);
	finish = finish_of(&begin.turn, "a");
	finish.status = (uint8_t)(sample->state - 1);
	wait_for_next_ms();
	if (sample->state != CONVERSATION_ACTIVE)
		ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	set_contact(f, &begin.conversation, sample->contact);
	wait_for_next_ms();
	return begin.conversation;
}

static bool
is_of(const struct sample *sample, const struct sample *wanted)
{
	return (wanted->widget == 0 || sample->widget == wanted->widget) &&
	    (wanted->contact == 0 || sample->contact == wanted->contact) &&
	    (wanted->state == CONVERSATION_ANY || sample->state == wanted->state);
}

/* Expects each matching one once, the newest first, in pages of this many. */
static void
expect_listed(struct fixture *f, const struct sample *wanted, const struct id *ids,
    const struct sample *all, size_t n, uint32_t limit)
{
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	struct msg_conversation_list list = {
	    .org = id_default_org, .limit = limit, .state = (uint8_t)wanted->state};
	size_t next = n;
	union msg m;

	list.widget = numbered(wanted->widget);
	list.contact = numbered(wanted->contact);
	do {
		size_t found;

		ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
		found = list_len(m.conversation_page.conversations);
		assert_true(found <= limit);
		for (size_t i = 0; i < found; i++) {
			struct id got = listed(&m, i);

			do
				assert_true(next-- > 0);
			while (!is_of(&all[next], wanted));
			assert_true(id_equal(&got, &ids[next]));
		}
		list.cursor = (struct slice){cursor, m.conversation_page.next.len};
		if (list.cursor.len > 0)
			memcpy(cursor, m.conversation_page.next.p, list.cursor.len);
	} while (list.cursor.len > 0);
	while (next-- > 0)
		assert_false(is_of(&all[next], wanted));
}

STORE_TEST(a_widget_a_contact_and_a_state_have_their_own_lists)
{
	struct fixture *f = *state;
	struct id ids[ARRAY_LEN(samples)];
	struct sample all[ARRAY_LEN(samples)];

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		all[i] = samples[i];
		ids[i] = make_sample(f, &samples[i], i);
	}
	for (uint32_t limit = 1; limit <= 3; limit++)
		for (uint8_t widget = 0; widget <= 3; widget++)
			for (uint8_t contact = 0; contact <= 3; contact++)
				for (uint8_t s = CONVERSATION_ANY; s <= CONVERSATION_ACTIVE;
				     s++) {
					const struct sample wanted = {widget, contact, s};

					expect_listed(
					    f, &wanted, ids, all, ARRAY_LEN(all), limit);
				}
	/* From one contact to another, and to none. */
	all[1].contact = 2;
	all[4].contact = 0;
	set_contact(f, &ids[1], 2);
	set_contact(f, &ids[4], 0);
	for (uint8_t contact = 0; contact <= 2; contact++)
		expect_listed(
		    f, &(struct sample){.contact = contact}, ids, all, ARRAY_LEN(all), 2);
	/* These contacts do not exist. */
	f->damaged = true;
}

STORE_TEST(a_conversation_that_is_not_there_gets_no_contact)
{
	struct fixture *f = *state;
	const struct id nobody = id_new(), contact = numbered(1);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(conversation_set_contact(&t, &nobody, &contact), MDB_NOTFOUND);
	txn_abort(&t);
}

STORE_TEST(a_state_that_few_have_is_found_over_some_pages)
{
	enum { OTHERS = 4100 };
	struct fixture *f = *state;
	struct id id = chat(f, "s", "q", "a"), got = {{0}};
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	struct msg_conversation_list list = {
	    .org = id_default_org, .state = CONVERSATION_COMPLETE};
	uint64_t first = f->requests + 1;
	size_t pages = 0;
	union msg m;

	for (size_t i = 0; i < OTHERS; i++) {
		char session[16];
		struct msg_turn_begin begin;

		snprintf(session, sizeof(session), "s%zu", i);
		begin = begin_of(session, "q");
		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
		if (i % 500 == 499 || i == OTHERS - 1)
			commit(f);
	}
	for (; first <= f->requests; first++)
		expect_answer(f, &f->a, first, MSG_TURN_BEGUN, NULL);
	do {
		ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
		pages++;
		if (list_len(m.conversation_page.conversations) > 0)
			got = listed(&m, 0);
		list.cursor = (struct slice){cursor, m.conversation_page.next.len};
		if (list.cursor.len > 0)
			memcpy(cursor, m.conversation_page.next.p, list.cursor.len);
	} while (list.cursor.len > 0);
	assert_int_equal(pages, 3);
	assert_true(id_equal(&got, &id));
}

STORE_TEST(a_cursor_of_another_length_is_refused)
{
	struct fixture *f = *state;
	struct msg_conversation_list list = {
	    .org = id_default_org, .cursor = slice_str("short")};

	ask_error(f, MSG_CONVERSATION_LIST, &list, STORE_INVALID);
}

/* So many pairs of question and answer: texts "0", "1", … in their order. */
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

STORE_TEST(messages_are_paged_forwards)
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

STORE_TEST(messages_are_paged_backwards_oldest_first_within_a_page)
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

STORE_TEST(a_page_does_not_reach_into_the_next_conversation)
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

STORE_TEST(the_largest_messages_fill_one_page_each)
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

STORE_TEST(the_conversation_comes_with_its_messages)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "visitor-1", "q", "a");
	struct msg_conversation_record record = conversation_record(f, &conversation);

	assert_true(id_equal(&record.id, &conversation));
	assert_text(record.session, "visitor-1");
	assert_true(record.created_at > 0 && record.updated_at >= record.created_at);
	assert_int_equal(record.messages, 2);
}

static struct msg_session_history
history_of(const char *session)
{
	return (struct msg_session_history){
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(session),
	};
}

STORE_TEST(a_session_has_its_newest_messages)
{
	struct fixture *f = *state;
	struct id conversation = make_thread(f, 5);
	struct msg_session_history history = history_of("thread");
	struct msg_conversation_record record;
	union msg m;

	chat(f, "other", "q", "a");
	history.limit = 4;
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 6, 4);
	assert_int_equal(
	    record_decode(m.message_page.conversation, MSG_CONVERSATION_RECORD, &record),
	    WIRE_OK);
	assert_true(id_equal(&record.id, &conversation));
	assert_true(id_is_zero(&m.message_page.active));
	history.from = m.message_page.next;
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 2, 4);
	history.from = m.message_page.next;
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 0, 2);
	assert_int_equal(m.message_page.next, 0);
	history = history_of("thread");
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	expect_numbers(&m, 0, 10);
}

/* Anyone may ask for it, hundreds of times at once, and not read the answer. */
STORE_TEST(a_page_of_a_sessions_history_is_bounded)
{
	static char text[50001];
	struct fixture *f = *state;
	struct msg_session_history history = history_of("s1");
	struct msg_message_list list = {.org = id_default_org};
	size_t all = 0;
	union msg m;

	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 5; i++)
		list.conversation = chat(f, "s1", "q", text);
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(list_len(m.message_page.messages), 10);
	do {
		ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
		assert_in_range(m.message_page.messages.len, 1, 131072);
		all += list_len(m.message_page.messages);
		history.from = m.message_page.next;
	} while (history.from != 0);
	assert_int_equal(all, 10);
}

STORE_TEST(a_session_without_a_conversation_has_no_history)
{
	struct fixture *f = *state;
	struct msg_session_history unknown = history_of("unknown"), none = history_of("");
	struct msg_session_history other_widget = history_of("s1"), other_org = other_widget;

	chat(f, "s1", "q", "a");
	other_widget.widget = id_new();
	other_org.org = id_new();
	ask_error(f, MSG_SESSION_HISTORY, &unknown, STORE_NOT_FOUND);
	ask_error(f, MSG_SESSION_HISTORY, &none, STORE_NOT_FOUND);
	ask_error(f, MSG_SESSION_HISTORY, &other_widget, STORE_NOT_FOUND);
	ask_error(f, MSG_SESSION_HISTORY, &other_org, STORE_NOT_FOUND);
}

STORE_TEST(a_history_whose_conversation_is_gone_is_damaged)
{
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "q", "a");
	struct msg_session_history history = history_of("s1");
	struct key key = key_id(&conversation);
	struct txn t;

	damage(f, TABLE_CONVERSATIONS, &conversation);
	ask_error(f, MSG_SESSION_HISTORY, &history, STORE_INTERNAL);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, TABLE_CONVERSATIONS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
	ask_error(f, MSG_SESSION_HISTORY, &history, STORE_INTERNAL);
}

/* Both ways to read a conversation name this reply as the active one; NULL: none. */
static void
expect_active(struct fixture *f, const struct msg_turn_begin *of, const struct id *turn)
{
	struct msg_session_history history = history_of("s1");
	struct msg_message_list list = {
	    .org = id_default_org, .conversation = of->conversation};
	const struct id none = {0};
	union msg m;

	history.limit = list.limit = 1;
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	assert_true(id_equal(&m.message_page.active, turn == NULL ? &none : turn));
	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	assert_true(id_equal(&m.message_page.active, turn == NULL ? &none : turn));
}

STORE_TEST(the_newest_open_reply_is_the_active_one)
{
	struct fixture *f = *state;
	struct msg_turn_begin other = begin_of("s2", "hello"), one = begin_of("s1", "one");
	struct msg_turn_begin two = begin_of("s1", "two"), three = begin_of("s1", "three");
	struct msg_turn_finish end_of_three = finish_of(&three.turn, "drei");
	struct msg_turn_finish end_of_one = finish_of(&one.turn, "eins");

	/* The last one to begin is not the newest: the ids decide. */
	ask(f, MSG_TURN_BEGIN, &three, MSG_TURN_BEGUN, NULL);
	one.conversation = three.conversation;
	ask(f, MSG_TURN_BEGIN, &one, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &two, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &other, MSG_TURN_BEGUN, NULL);
	expect_active(f, &one, &three.turn);
	ask(f, MSG_TURN_FINISH, &end_of_three, MSG_OK, NULL);
	expect_active(f, &one, &two.turn);
	/* Also one that waits for its worker. */
	store_restart(f, STORE_BYTES);
	expect_active(f, &one, &two.turn);
	ask(f, MSG_TURN_FINISH, &end_of_one, MSG_OK, NULL);
	expect_active(f, &one, &two.turn);
	open_turns_lose(&f->open, &f->open.found);
	lose(f, &f->a);
	expect_active(f, &one, NULL);
}

/* With what the same batch has begun and ended. */
STORE_TEST(the_active_reply_is_that_of_the_moment)
{
	struct fixture *f = *state;
	struct msg_session_history history = history_of("s1");
	struct msg_turn_begin one = begin_of("s1", "one"), two = begin_of("s1", "two");
	struct msg_turn_finish end_of_one = finish_of(&one.turn, "eins");
	struct msg_turn_finish end_of_two = finish_of(&two.turn, "zwei");
	uint64_t r[7];
	union msg m;

	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &one);
	r[1] = send_request(f, &f->a, MSG_SESSION_HISTORY, &history);
	r[2] = send_request(f, &f->a, MSG_TURN_BEGIN, &two);
	r[3] = send_request(f, &f->a, MSG_TURN_FINISH, &end_of_two);
	r[4] = send_request(f, &f->a, MSG_SESSION_HISTORY, &history);
	r[5] = send_request(f, &f->a, MSG_TURN_FINISH, &end_of_one);
	r[6] = send_request(f, &f->a, MSG_SESSION_HISTORY, &history);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->a, r[1], MSG_MESSAGE_PAGE, &m);
	assert_true(id_equal(&m.message_page.active, &one.turn));
	expect_answer(f, &f->a, r[2], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->a, r[3], MSG_OK, NULL);
	expect_answer(f, &f->a, r[4], MSG_MESSAGE_PAGE, &m);
	assert_true(id_equal(&m.message_page.active, &one.turn));
	expect_answer(f, &f->a, r[5], MSG_OK, NULL);
	expect_answer(f, &f->a, r[6], MSG_MESSAGE_PAGE, &m);
	assert_true(id_is_zero(&m.message_page.active));
}

TEST_MAIN(NULL, NULL)
