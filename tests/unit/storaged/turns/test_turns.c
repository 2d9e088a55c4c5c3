/*
 * The life of a turn: begun, saved, finished; repeated; interrupted and continued.
 */
#include "tests/unit/storaged/store_fixture.h"

#include "storaged/conversations/conversations.h"

#include "storaged/turns/turns.h"
#include "tests/unit/unit.h"

STORE_TEST(a_first_turn_makes_the_conversation)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_message_record record;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &begin.conversation));
	assert_int_equal(m.turn_begun.older, 0);
	assert_int_equal(list_len(m.turn_begun.history), 1);
	list_item(m.turn_begun.history, 0, MSG_MESSAGE_RECORD, &record);
	assert_true(id_equal(&record.id, &begin.message));
	assert_int_equal(record.role, MESSAGE_USER);
	assert_text(record.text, "hello");
	assert_int_equal(stored_totals(f).conversations, 1);
	assert_int_equal(stored_totals(f).messages, 1);
	assert_int_equal(f->open.n, 1);
}

STORE_TEST(a_finished_turn_is_in_the_thread_and_no_longer_open)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi there");
	struct msg_conversation_record conversation;

	finish.prompt_tokens = 7;
	finish.completion_tokens = 2;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi there");
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
	conversation = conversation_record(f, &begin.conversation);
	assert_int_equal(conversation.messages, 2);
	assert_text(conversation.last_message, "hi there");
	assert_int_equal(stored_totals(f).messages, 2);
}

STORE_TEST(the_next_turn_gets_the_history)
{
	static const char *const said[] = {"one", "uno", "two"};
	struct fixture *f = *state;
	struct id conversation = chat(f, "s1", "one", "uno");
	struct msg_turn_begin begin = begin_of("s1", "two");
	struct msg_message_record record;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &conversation));
	assert_int_equal(list_len(m.turn_begun.history), 3);
	for (size_t i = 0; i < 3; i++) {
		list_item(m.turn_begun.history, i, MSG_MESSAGE_RECORD, &record);
		assert_text(record.text, said[i]);
	}
	assert_int_equal(stored_totals(f).conversations, 1);
}

STORE_TEST(a_session_is_one_of_its_widget_and_organization)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_begin other_widget = begin_of("s1", "hello");
	struct msg_turn_begin other_org = begin_of("s1", "hello");
	union msg m;

	other_widget.widget = id_new();
	other_org.org = make_org(f);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &other_widget, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &other_widget.conversation));
	ask(f, MSG_TURN_BEGIN, &other_org, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &other_org.conversation));
}

STORE_TEST(the_history_is_as_long_as_asked_and_ends_with_the_question)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "last");
	struct msg_message_record record;
	union msg m;

	for (int i = 0; i < 5; i++)
		chat(f, "s1", "q", "a");
	begin.history = 4;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_int_equal(list_len(m.turn_begun.history), 4);
	assert_int_equal(m.turn_begun.older, 0);
	list_item(m.turn_begun.history, 3, MSG_MESSAGE_RECORD, &record);
	assert_text(record.text, "last");
	list_item(m.turn_begun.history, 2, MSG_MESSAGE_RECORD, &record);
	assert_int_equal(record.role, MESSAGE_ASSISTANT);
}

STORE_TEST(a_history_that_does_not_fit_says_where_the_rest_is)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "last");
	struct msg_message_list rest = {.org = id_default_org, .backwards = 1};
	struct msg_message_record record;
	char *big = xcalloc(1, 300001);
	size_t in_history;
	union msg m;

	memset(big, 'x', 300000);
	for (int i = 0; i < 4; i++)
		chat(f, "s1", "q", big);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	/* last, a, q, a, q: two of the large ones fit into 700 KiB. */
	in_history = list_len(m.turn_begun.history);
	assert_int_equal(in_history, 5);
	assert_int_not_equal(m.turn_begun.older, 0);
	rest.conversation = m.turn_begun.conversation;
	rest.from = m.turn_begun.older;
	rest.limit = 1;
	ask(f, MSG_MESSAGE_LIST, &rest, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(list_len(m.message_page.messages), 1);
	list_item(m.message_page.messages, 0, MSG_MESSAGE_RECORD, &record);
	assert_int_equal(record.text.len, 300000);
	free(big);
}

STORE_TEST(the_history_leaves_out_replies_without_a_text)
{
	struct fixture *f = *state;
	struct msg_turn_begin first = begin_of("s1", "one");
	struct msg_turn_begin second = begin_of("s1", "two");
	struct msg_message_record record;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
	lose(f, &f->a);
	second.history = 2;
	ask(f, MSG_TURN_BEGIN, &second, MSG_TURN_BEGUN, &m);
	assert_int_equal(list_len(m.turn_begun.history), 2);
	list_item(m.turn_begun.history, 0, MSG_MESSAGE_RECORD, &record);
	assert_text(record.text, "one");
	list_item(m.turn_begun.history, 1, MSG_MESSAGE_RECORD, &record);
	assert_text(record.text, "two");
}

STORE_TEST(beginning_again_changes_nothing_and_answers_the_same)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_begin later = begin_of("s1", "more");
	struct id conversation;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	conversation = m.turn_begun.conversation;
	ask(f, MSG_TURN_BEGIN, &later, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &conversation));
	assert_int_equal(list_len(m.turn_begun.history), 1);
	assert_int_equal(stored_totals(f).messages, 2);
	assert_int_equal(f->open.n, 2);
}

STORE_TEST(beginning_a_complete_turn_again_does_not_open_it)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_int_equal(list_len(m.turn_begun.history), 1);
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
}

STORE_TEST(finishing_again_changes_nothing)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	struct msg_turn_finish other = finish_of(&begin.turn, "something else");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	/* The sender does not know what is stored. */
	ask_error(f, MSG_TURN_FINISH, &other, STORE_TAKEN);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi");
	assert_int_equal(stored_totals(f).messages, 2);
	assert_int_equal(conversation_record(f, &begin.conversation).messages, 2);
}

/* A reply that its worker ended as interrupted may still be completed, but not by the same
 * request. */
STORE_TEST(interrupting_again_changes_nothing)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_finish finish = finish_of(&begin.turn, "half");
	struct msg_turn_finish more = finish_of(&begin.turn, "half a reply");
	uint64_t updated_at;

	finish.status = more.status = MESSAGE_INTERRUPTED;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	updated_at = conversation_record(f, &begin.conversation).updated_at;
	wait_for_next_ms();
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	assert_int_equal(conversation_record(f, &begin.conversation).updated_at, updated_at);
	ask(f, MSG_TURN_FINISH, &more, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half a reply");
	assert_int_equal(stored_totals(f).messages, 2);
}

STORE_TEST(a_stopped_reply_is_final)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_finish stop = finish_of(&begin.turn, "half a");
	struct msg_turn_checkpoint late = piece_of(&begin.turn, 6, " sentence");

	stop.status = MESSAGE_STOPPED;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &stop, MSG_OK, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &late, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "cs", "hello", "half a");
	assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
	assert_int_equal(f->open.n, 0);
}

STORE_TEST(replies_stand_behind_their_questions_whenever_they_come)
{
	struct fixture *f = *state;
	struct msg_turn_begin one = begin_of("s1", "one"), two = begin_of("s1", "two");
	struct msg_turn_finish uno = finish_of(&one.turn, "uno"),
			       due = finish_of(&two.turn, "due");

	ask(f, MSG_TURN_BEGIN, &one, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &two, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &due, MSG_OK, NULL);
	ask(f, MSG_TURN_FINISH, &uno, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &one.conversation, "cccc", "one", "uno", "two", "due");
}

STORE_TEST(requests_that_contradict_are_refused)
{
	struct fixture *f = *state;
	struct msg_turn_begin good = begin_of("s1", "hello");
	struct msg_turn_begin no_session = begin_of("", "hello");
	struct msg_turn_begin no_text = begin_of("s1", "");
	struct msg_turn_begin no_id = begin_of("s1", "hello");
	struct msg_turn_begin foreign = good, same_id = begin_of("s2", "hello");
	struct msg_turn_finish bad_status = finish_of(&good.turn, "x");
	struct msg_turn_checkpoint too_far = piece_of(&good.turn, TEXT_MAX - 1, "xx");

	no_id.turn = (struct id){0};
	foreign.org = id_new();
	same_id.conversation = good.conversation;
	bad_status.status = 3;
	ask(f, MSG_TURN_BEGIN, &good, MSG_TURN_BEGUN, NULL);
	ask_error(f, MSG_TURN_BEGIN, &no_session, STORE_INVALID);
	ask_error(f, MSG_TURN_BEGIN, &no_text, STORE_INVALID);
	ask_error(f, MSG_TURN_BEGIN, &no_id, STORE_INVALID);
	ask_error(f, MSG_TURN_BEGIN, &foreign, STORE_INVALID);
	ask_error(f, MSG_TURN_BEGIN, &same_id, STORE_INVALID);
	ask_error(f, MSG_TURN_FINISH, &bad_status, STORE_INVALID);
	ask_error(f, MSG_TURN_CHECKPOINT, &too_far, STORE_INVALID);
	assert_int_equal(stored_totals(f).messages, 1);
}

STORE_TEST(unknown_turns_are_not_found)
{
	struct fixture *f = *state;
	struct id turn = id_new();
	struct msg_turn_finish finish = finish_of(&turn, "x");
	struct msg_turn_checkpoint piece = piece_of(&turn, 0, "x");

	ask_error(f, MSG_TURN_FINISH, &finish, STORE_NOT_FOUND);
	ask_error(f, MSG_TURN_CHECKPOINT, &piece, STORE_NOT_FOUND);
}

STORE_TEST(a_lost_turn_keeps_its_pieces)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_checkpoint first = piece_of(&begin.turn, 0, "once upon ");
	struct msg_turn_checkpoint second = piece_of(&begin.turn, 10, "a time");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &first, MSG_OK, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &second, MSG_OK, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "once upon a time");
	assert_int_equal(table_count(f, TABLE_PARTIALS), 0);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
	assert_int_equal(f->open.n, 0);
}

STORE_TEST(a_lost_turn_without_a_piece_still_has_its_place)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "");
	assert_text(conversation_record(f, &begin.conversation).last_message, "hello");
	assert_int_equal(conversation_record(f, &begin.conversation).messages, 2);
}

STORE_TEST(pieces_are_joined_as_far_as_they_can_be_trusted)
{
	static const struct {
		const char *name;
		struct {
			uint32_t offset;
			const char *text;
		} pieces[3];
		const char *joined;
	} cases[] = {
	    {"repeated", {{0, "abc"}, {3, "def"}, {3, "def"}}, "abcdef"},
	    {"overlapping", {{0, "abcd"}, {2, "cdef"}}, "abcdef"},
	    {"all of it once more", {{0, "abc"}, {3, "def"}, {0, "abcdefgh"}}, "abcdefgh"},
	    {"a gap", {{0, "abc"}, {4, "xyz"}}, "abc"},
	    {"none at the start", {{5, "xyz"}}, ""},
	    {"half a character", {{0, "a\xc3\xa4"}, {2, "\xc3\xb6z"}, {3, "y"}}, "a\xc3\xa4"},
	    {"cut inside one", {{0, "ab"}, {1, "\xc3\xa4"}}, "ab"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_turn_begin begin = begin_of(cases[i].name, "hello");

		ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
		for (size_t j = 0; j < 3 && cases[i].pieces[j].text != NULL; j++) {
			struct msg_turn_checkpoint piece = piece_of(
			    &begin.turn, cases[i].pieces[j].offset, cases[i].pieces[j].text);

			ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
		}
		lose(f, &f->a);
		EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", cases[i].joined);
	}
}

STORE_TEST(an_interrupted_turn_is_put_right_by_its_end)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, "half");
	struct msg_turn_finish finish = finish_of(&begin.turn, "half and whole");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "half");
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "half and whole");
	assert_text(conversation_record(f, &begin.conversation).last_message, "half and whole");
	assert_int_equal(stored_totals(f).messages, 2);
	assert_int_equal(conversation_record(f, &begin.conversation).messages, 2);
}

STORE_TEST(an_interrupted_turn_continues_from_the_stored_text)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_checkpoint first = piece_of(&begin.turn, 0, "one ");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	struct msg_turn_checkpoint both = piece_of(&begin.turn, 0, "one two");
	struct msg_turn_checkpoint third = piece_of(&begin.turn, 7, " three");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &first, MSG_OK, NULL);
	lose(f, &f->a);
	ask(f, MSG_TURN_CHECKPOINT, &claim, MSG_OK, NULL);
	assert_int_equal(f->open.n, 1);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 1);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "one ");
	ask(f, MSG_TURN_CHECKPOINT, &both, MSG_OK, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &third, MSG_OK, NULL);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &begin.conversation, "ci", "hello", "one two three");
	assert_int_equal(stored_totals(f).messages, 2);
}

STORE_TEST(a_checkpoint_claims_its_turn)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");
	struct msg_turn_checkpoint claim = piece_of(&begin.turn, 0, "");
	struct msg_turn_finish finish = finish_of(&begin.turn, "hi");
	uint64_t request;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	request = send_request(f, &f->b, MSG_TURN_CHECKPOINT, &claim);
	commit(f);
	expect_answer(f, &f->b, request, MSG_OK, NULL);
	lose(f, &f->a);
	assert_int_equal(f->open.n, 1);
	request = send_request(f, &f->b, MSG_TURN_FINISH, &finish);
	commit(f);
	expect_answer(f, &f->b, request, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "hello", "hi");
}

STORE_TEST(a_lost_turn_can_still_be_claimed)
{
	struct fixture *f = *state;
	struct msg_turn_begin one = begin_of("s1", "hello"), two = begin_of("s2", "hello");
	struct msg_turn_checkpoint claim = piece_of(&one.turn, 0, "");
	uint64_t request;

	ask(f, MSG_TURN_BEGIN, &one, MSG_TURN_BEGUN, NULL);
	open_turns_lose(&f->open, &f->a.client.turns);
	request = send_request(f, &f->b, MSG_TURN_CHECKPOINT, &claim);
	commit(f);
	expect_answer(f, &f->b, request, MSG_OK, NULL);
	assert_true(TAILQ_EMPTY(&f->open.lost));
	ask(f, MSG_TURN_BEGIN, &two, MSG_TURN_BEGUN, NULL);
	lose(f, &f->a);
	assert_int_equal(f->open.n, 1);
	EXPECT_MESSAGES(f, &one.conversation, "c", "hello");
	EXPECT_MESSAGES(f, &two.conversation, "ci", "hello", "");
}

STORE_TEST(after_a_restart_open_turns_wait_to_be_claimed)
{
	struct fixture *f = *state;
	struct msg_turn_begin kept = begin_of("s1", "hello"), lost = begin_of("s2", "hello");
	struct msg_turn_checkpoint piece = piece_of(&kept.turn, 0, "still ");
	struct msg_turn_finish finish = finish_of(&kept.turn, "still here");

	ask(f, MSG_TURN_BEGIN, &kept, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &lost, MSG_TURN_BEGUN, NULL);
	store_restart(f, STORE_BYTES);
	assert_int_equal(f->open.n, 2);
	assert_true(TAILQ_EMPTY(&f->open.lost));
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	/* The time to claim is over. */
	assert_int_equal(open_turns_lose(&f->open, &f->open.found), 1);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	assert_int_equal(f->open.n, 1);
	EXPECT_MESSAGES(f, &lost.conversation, "ci", "hello", "");
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	EXPECT_MESSAGES(f, &kept.conversation, "cc", "hello", "still here");
}

STORE_TEST(many_lost_turns_end_in_bounded_steps)
{
	struct fixture *f = *state;
	enum { TURNS = 300 };
	uint64_t requests[TURNS];

	for (int i = 0; i < TURNS; i++) {
		struct msg_turn_begin begin = begin_of("many", "hello");

		requests[i] = send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	}
	commit(f);
	for (int i = 0; i < TURNS; i++)
		expect_answer(f, &f->a, requests[i], MSG_TURN_BEGUN, NULL);
	assert_int_equal(open_turns_lose(&f->open, &f->a.client.turns), TURNS);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_MORE);
	assert_true(f->open.n > 0 && f->open.n < TURNS);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	assert_int_equal(f->open.n, 0);
	assert_int_equal(stored_totals(f).messages, 2 * TURNS);
}

STORE_TEST(a_turn_that_cannot_be_ended_holds_up_no_other)
{
	struct fixture *f = *state;
	struct msg_turn_begin first = begin_of("s1", "one"), last = begin_of("s3", "three");
	struct msg_turn_begin half = begin_of("s2", "two"), blind = begin_of("s2", "two");

	/* The totals are read after the conversation was written, the turn's place before. */
	half.org = make_org(f);
	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &half, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &blind, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &last, MSG_TURN_BEGUN, NULL);
	damage(f, TABLE_TOTALS, &half.org);
	damage(f, TABLE_TURNS, &blind.turn);
	lose(f, &f->a);
	assert_true(f->env.writable);
	EXPECT_MESSAGES(f, &first.conversation, "ci", "one", "");
	EXPECT_MESSAGES(f, &last.conversation, "ci", "three", "");
	assert_true(TAILQ_EMPTY(&f->open.lost));
	/* They stay open until they are repaired. */
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 2);
}

/* Its conversation and its run are unknown. */
STORE_TEST(an_open_turn_that_cannot_be_read_holds_up_no_other)
{
	struct fixture *f = *state;
	struct msg_turn_begin whole = begin_of("s1", "one"), damaged = begin_of("s2", "two");
	struct msg_turn_checkpoint piece = piece_of(&damaged.turn, 0, "x");
	struct msg_turn_finish finish = finish_of(&damaged.turn, "x");

	ask(f, MSG_TURN_BEGIN, &whole, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &damaged, MSG_TURN_BEGUN, NULL);
	damage(f, TABLE_OPEN_TURNS, &damaged.turn);
	store_restart(f, STORE_BYTES);
	assert_int_equal(f->open.n, 2);
	ask_error(f, MSG_TURN_CHECKPOINT, &piece, STORE_INTERNAL);
	ask_error(f, MSG_TURN_FINISH, &finish, STORE_INTERNAL);
	open_turns_lose(&f->open, &f->open.found);
	lose(f, &f->a);
	EXPECT_MESSAGES(f, &whole.conversation, "ci", "one", "");
	assert_int_equal(f->open.n, 1);
	assert_false(TAILQ_EMPTY(&f->open.stuck));
	assert_true(f->env.writable);
}

/* Turns are found by the last bytes of their conversation's id, which are the same here. */
STORE_TEST(turns_of_conversations_do_not_mix)
{
	struct fixture *f = *state;
	struct msg_turn_begin begins[3];
	const struct open_turn *open = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		begins[i] = begin_of(i == 1 ? "s2" : "s1", "hello");
		begins[i].conversation.b[14] = begins[i].conversation.b[15] = 7;
		ask(f, MSG_TURN_BEGIN, &begins[i], MSG_TURN_BEGUN, NULL);
	}
	while ((open = open_turns_of(&f->open, &begins[0].conversation, open)) != NULL) {
		assert_false(id_equal(&open->id, &begins[1].turn));
		n++;
	}
	assert_int_equal(n, 2);
	open = open_turns_of(&f->open, &begins[1].conversation, NULL);
	assert_true(id_equal(&open->id, &begins[1].turn));
	assert_null(open_turns_of(&f->open, &begins[1].conversation, open));
}

STORE_TEST(the_last_message_is_cut_at_500_utf16_units)
{
	struct fixture *f = *state;
	struct id conversation;
	char text[4 * 300 + 1] = "";

	/* 300 characters of two UTF-16 units and four bytes each. */
	for (size_t i = 0; i < 300; i++)
		memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
	conversation = chat(f, "s1", "q", text);
	assert_int_equal(conversation_record(f, &conversation).last_message.len, 4 * 250);
}

STORE_TEST(activity_does_not_go_back_when_the_clock_does)
{
	struct fixture *f = *state;
	uint64_t future = clock_wall_ms() + 3600 * 1000;
	struct id conversation;

	clock_freeze_wall(future);
	conversation = chat(f, "s1", "q", "a");
	clock_freeze_wall(0);
	chat(f, "s1", "q2", "a2");
	assert_int_equal(conversation_record(f, &conversation).updated_at, future);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_ACTIVITY), 1);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_WIDGET), 1);
}

static enum conversation_state
state_of(struct fixture *f, const struct msg_turn_begin *begin)
{
	return conversation_record(f, &begin->conversation).state;
}

STORE_TEST(a_conversation_is_as_its_newest_reply_stands)
{
	struct fixture *f = *state;
	struct msg_turn_begin first = begin_of("s1", "q"), second = begin_of("s1", "q2");
	struct msg_turn_finish end = finish_of(&first.turn, "a");
	struct msg_turn_checkpoint piece = piece_of(&second.turn, 0, "more");

	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
	assert_int_equal(state_of(f, &first), CONVERSATION_ACTIVE);
	end.status = MESSAGE_STOPPED;
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	assert_int_equal(state_of(f, &first), CONVERSATION_STOPPED);
	ask(f, MSG_TURN_BEGIN, &second, MSG_TURN_BEGUN, NULL);
	assert_int_equal(state_of(f, &first), CONVERSATION_ACTIVE);
	lose(f, &f->a);
	assert_int_equal(state_of(f, &first), CONVERSATION_INTERRUPTED);
	/* Its worker was only slow. */
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	assert_int_equal(state_of(f, &first), CONVERSATION_ACTIVE);
	end = finish_of(&second.turn, "a2");
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	assert_int_equal(state_of(f, &first), CONVERSATION_COMPLETE);
}

STORE_TEST(an_older_reply_does_not_change_what_the_newest_says)
{
	struct fixture *f = *state;
	struct msg_turn_begin older = begin_of("s1", "q"), newer = begin_of("s1", "q2"), again;
	struct msg_turn_finish end = finish_of(&newer.turn, "a2");

	older.client_id = slice_str("older");
	newer.client_id = slice_str("newer");
	ask(f, MSG_TURN_BEGIN, &older, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &newer, MSG_TURN_BEGUN, NULL);
	end.status = MESSAGE_INTERRUPTED;
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	assert_int_equal(state_of(f, &older), CONVERSATION_INTERRUPTED);
	end = finish_of(&older.turn, "half");
	end.status = MESSAGE_INTERRUPTED;
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	/* Both are restarted, the older one first. */
	again = older;
	again.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_BEGUN, NULL);
	assert_int_equal(state_of(f, &older), CONVERSATION_INTERRUPTED);
	again = newer;
	again.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_BEGUN, NULL);
	assert_int_equal(state_of(f, &older), CONVERSATION_ACTIVE);
	lose(f, &f->a);
	assert_int_equal(state_of(f, &older), CONVERSATION_INTERRUPTED);
}

TEST_MAIN(NULL, NULL)
