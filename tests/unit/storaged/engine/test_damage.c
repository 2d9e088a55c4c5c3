/*
 * Damaged pages of the file: requests that need one are refused, others are not affected, the
 * process continues, and verify says where the pages are.
 */
#include "tests/unit/storaged/store_report.h"

/* So many that their messages lie on several pages. */
#define TURNS 200

/* A conversation of this session. */
static struct id
make_thread(struct fixture *f, const char *session)
{
	struct id conversation = {0};

	for (int i = 0; i < TURNS; i++)
		conversation = chat(f, session, "question", "answer");
	return conversation;
}

/* A conversation with a damaged page in its middle, between two intact ones. */
struct three {
	struct id before, damaged, after;
};

static struct three
make_three(struct fixture *f)
{
	struct three three;
	struct key key;

	three.before = make_thread(f, "before");
	three.damaged = make_thread(f, "damaged");
	three.after = make_thread(f, "after");
	key = key_message(&three.damaged, TURNS);
	damage_page(f, TABLE_MESSAGES, &key);
	return three;
}

static struct msg_message_list
list_of(const struct id *conversation)
{
	return (struct msg_message_list){.org = id_default_org, .conversation = *conversation};
}

/* By walks and by its key; also in a batch that writes. */
STORE_TEST(requests_that_need_a_damaged_page_are_refused)
{
	struct fixture *f = *state;
	struct three three = make_three(f);
	struct msg_message_list whole[] = {list_of(&three.before), list_of(&three.after)};
	struct msg_message_list damaged = list_of(&three.damaged);
	struct msg_login_create login = {.org = id_default_org,
	    .id = id_new(),
	    .token = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 60000};
	uint64_t r[4];
	union msg m;

	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		ask(f, MSG_MESSAGE_LIST, &whole[i], MSG_MESSAGE_PAGE, &m);
		assert_int_equal(list_len(m.message_page.messages), 2 * TURNS);
	}
	ask_error(f, MSG_MESSAGE_LIST, &damaged, STORE_INTERNAL);
	damaged.from = TURNS;
	ask_error(f, MSG_MESSAGE_LIST, &damaged, STORE_INTERNAL);

	damaged.from = 0;
	r[0] = send_request(f, &f->a, MSG_MESSAGE_LIST, &whole[0]);
	r[1] = send_request(f, &f->a, MSG_LOGIN_CREATE, &login);
	r[2] = send_request(f, &f->a, MSG_MESSAGE_LIST, &damaged);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_MESSAGE_PAGE, NULL);
	expect_answer(f, &f->a, r[1], MSG_OK, NULL);
	expect_error(f, &f->a, r[2], STORE_INTERNAL);
	assert_true(f->env.writable);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
}

/* Its newest messages can be read, and it can continue. */
STORE_TEST(a_conversation_continues_behind_its_damaged_page)
{
	struct fixture *f = *state;
	struct three three = make_three(f);
	struct id conversation = chat(f, "damaged", "still", "there");

	assert_memory_equal(&conversation, &three.damaged, sizeof(conversation));
}

/* A key that names no turn must not prevent a start. */
STORE_TEST(an_unreadable_key_of_an_open_turn_is_passed_over)
{
	struct fixture *f = *state;
	struct key key = key_meta("nobody");
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_OPEN_TURNS, &key, slice_str("?")), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	store_restart(f, STORE_BYTES);
	assert_int_equal(f->open.n, 0);
	chat(f, "s1", "q", "a");
}

/* The check ends with an error, and its only line contains this text. */
static void
expect_report(struct fixture *f, const char *expected)
{
	struct report report;

	assert_int_equal(report_make(f, &report), MDB_CORRUPTED);
	assert_null(strchr(report.text, '\n'));
	assert_non_null(strstr(report.text, expected));
}

/* The conversation whose messages come just before the page, as the first half of a key. */
STORE_TEST(the_check_says_where_it_ends)
{
	struct fixture *f = *state;
	struct three three = make_three(f);
	char expected[96];
	int n = snprintf(expected, sizeof(expected), "messages: cannot be read behind key ");

	for (size_t i = 0; i < sizeof(three.damaged.b); i++)
		n += snprintf(
		    expected + n, sizeof(expected) - (size_t)n, "%02x", three.damaged.b[i]);
	expect_report(f, expected);
}

STORE_TEST(the_check_names_what_was_erased_and_stays)
{
	struct fixture *f = *state;
	struct three three = make_three(f);
	struct key key = key_erased(&three.damaged);
	char text[ID_TEXT_LEN + 1], expected[96];
	struct txn t;

	/* As if the process had ended while it was removed. */
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_META, &key, (struct slice){0}), 0);
	key = key_id(&three.damaged);
	assert_int_equal(txn_del(&t, TABLE_CONVERSATIONS, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
	id_format(&three.damaged, text);
	snprintf(
	    expected, sizeof(expected), "meta: conversation %s was erased, but what", text);
	expect_report(f, expected);
}

TEST_MAIN(NULL, NULL)
