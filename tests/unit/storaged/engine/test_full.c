/*
 * A store with a little room: enough for a probe, not for what visitors write. What is told of it does not
 * change each second, and when there is room again it is told.
 */
#include "tests/unit/storaged/store_fixture.h"

#define FULL_BYTES (4u * 1024 * 1024)

/* Bytes of texts: of one that does not fit, of one whose erasing makes room for a probe, and of the ones
 * that take the rest. */
#define GREAT  400000u
#define MIDDLE 160000u
#define LITTLE 3000u

/* As in env.c. */
#define PATIENCE_MAX 31

/* A turn whose reply is so long. False: it was refused. */
static bool
store_text(struct fixture *f, const char *session, size_t len)
{
	struct msg_turn_begin begin = begin_of(session, "question");
	struct msg_turn_finish finish = finish_of(&begin.turn, "");
	char *text = xcalloc(1, len + 1);
	uint64_t r[2];
	union msg m;
	bool stored;

	memset(text, 'x', len);
	begin.history = 1;
	finish.text = slice_str(text);
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	r[1] = send_request(f, &f->a, MSG_TURN_FINISH, &finish);
	commit(f);
	stored = take_answer(f, &f->a, r[0], &m) == MSG_TURN_BEGUN;
	if (stored)
		expect_answer(f, &f->a, r[1], MSG_OK, NULL);
	else
		expect_error(f, &f->a, r[1], STORE_FULL);
	free(text);
	return stored;
}

/* Full but for the room of one text of MIDDLE bytes. It was full for the first time. */
static void
fill(struct fixture *f)
{
	struct msg_visitor_erase goes = {
	    .org = id_default_org, .widget = id_default_widget, .session = slice_str("goes")};

	store_restart(f, FULL_BYTES);
	assert_true(store_text(f, "goes", MIDDLE));
	while (store_text(f, "stays", GREAT))
		;
	while (store_text(f, "stays", LITTLE))
		;
	assert_false(f->env.writable);
	ask(f, MSG_VISITOR_ERASE, &goes, MSG_ERASED, NULL);
	assert_int_equal(f->env.probes_ignored, 0);
	env_probe(&f->env);
	assert_true(f->env.writable);
}

/* Probes until the store is writable. */
static unsigned
probes(struct fixture *f)
{
	unsigned n = 0;

	while (!f->env.writable) {
		assert_true(n++ <= PATIENCE_MAX);
		env_probe(&f->env);
	}
	return n;
}

static void
it_is_not_writable_as_long_as_writes_fail(void **state)
{
	struct fixture *f = *state;

	fill(f);
	for (int i = 0; i < 3 * PATIENCE_MAX; i++) {
		assert_false(store_text(f, "great", GREAT));
		env_probe(&f->env);
		assert_false(f->env.writable);
	}
	/* Which keeps nobody from writing what fits. */
	assert_true(store_text(f, "little", LITTLE));
	assert_int_equal(probes(f), 1);
}

static void
a_state_that_does_not_last_comes_ever_more_seldom(void **state)
{
	static const unsigned expected[] = {2, 4, 8, 16, 32, 32};
	struct fixture *f = *state;

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_false(store_text(f, "great", GREAT));
		assert_false(f->env.writable);
		assert_int_equal(probes(f), expected[i]);
	}
	/* After a good minute it is news. */
	f->env.writable_at -= 60000;
	assert_false(store_text(f, "great", GREAT));
	assert_int_equal(probes(f), 1);
}

/* A probe that is passed over brings to light what a deletion has freed: requests need not wait. */
static void
room_is_found_while_writes_fail(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_false(store_text(f, "great", GREAT));
	f->env.freed_pages_hidden = true;
	env_probe(&f->env);
	assert_false(f->env.freed_pages_hidden);
	assert_false(f->env.writable);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(it_is_not_writable_as_long_as_writes_fail),
	    STORE_TEST(a_state_that_does_not_last_comes_ever_more_seldom),
	    STORE_TEST(room_is_found_while_writes_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
