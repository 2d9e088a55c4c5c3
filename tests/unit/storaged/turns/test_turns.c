/*
 * Open turns: the steps in which many end, and turns of conversations whose ids have the same last bytes. Everything else is in the scenarios next to this file.
 */
#include "tests/unit/storaged/store_fixture.h"

STORE_TEST(many_lost_turns_end_in_bounded_steps)
{
	enum { TURNS = 300 };

	for (int i = 0; i < TURNS; i++) {
		struct msg_turn_begin begin = begin_of("many", "hello");

		send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	}
	commit(f);
	buf_reset(&f->a.out);
	assert_int_equal(open_turns_lose(&f->open, &f->a.client.turns), TURNS);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_MORE);
	assert_true(f->open.n > 0 && f->open.n < TURNS);
	assert_int_equal(interrupt_lost(&f->env, &f->live), INTERRUPT_IDLE);
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_MESSAGES), 2 * TURNS);
}

/* Turns are found by the last bytes of their conversation's id. */
STORE_TEST(turns_of_conversations_whose_ids_end_alike_do_not_mix)
{
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

TEST_MAIN(NULL, NULL)
