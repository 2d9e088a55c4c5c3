/*
 * A store with a little room: enough for a probe, not for visitors' writes. The reported state
 * must not change every second, and room that is freed must be noticed.
 */
#include "tests/unit/storaged/store_fixture.h"
#include "tests/unit/unit.h"

#define FULL_BYTES (4u * 1024 * 1024)

/* Bytes of text: of one that does not fit, of one whose removal makes room for a probe, and of
 * those that fill the rest. */
#define GREAT  400000u
#define MIDDLE 160000u
#define LITTLE 3000u

/* As in env.c. */
#define PROBES_IGNORED_MAX 31

/* A turn with a reply of this length. False: it was refused. */
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

/* Fills the store, for the first time, except for one text of MIDDLE bytes. */
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

/* Probes until the store is writable. Returns the number of probes. */
static unsigned
probes(struct fixture *f)
{
	unsigned n = 0;

	while (!f->env.writable) {
		assert_true(n++ <= PROBES_IGNORED_MAX);
		env_probe(&f->env);
	}
	return n;
}

STORE_TEST(it_is_not_writable_as_long_as_writes_fail)
{
	fill(f);
	for (int i = 0; i < 3 * PROBES_IGNORED_MAX; i++) {
		assert_false(store_text(f, "great", GREAT));
		env_probe(&f->env);
		assert_false(f->env.writable);
	}
	/* Texts that fit are stored all the same. */
	assert_true(store_text(f, "little", LITTLE));
	assert_int_equal(probes(f), 1);
}

STORE_TEST(a_state_that_does_not_last_is_reported_less_often)
{
	static const unsigned expected[] = {2, 4, 8, 16, 32, 32};

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_false(store_text(f, "great", GREAT));
		assert_false(f->env.writable);
		assert_int_equal(probes(f), expected[i]);
	}
	/* More than a minute later a failure is not a relapse. */
	f->env.writable_at -= 60000;
	assert_false(store_text(f, "great", GREAT));
	assert_int_equal(probes(f), 1);
}

/* An ignored probe exposes pages that a deletion has freed, so that requests need not wait. */
STORE_TEST(room_is_found_while_writes_fail)
{
	fill(f);
	assert_false(store_text(f, "great", GREAT));
	f->env.freed_pages_hidden = true;
	env_probe(&f->env);
	assert_false(f->env.freed_pages_hidden);
	assert_false(f->env.writable);
}

TEST_MAIN(NULL, NULL)
