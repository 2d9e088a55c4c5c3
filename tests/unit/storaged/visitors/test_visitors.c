/*
 * Visitors: who resumes, who starts anew, whose token ends, who is forgotten; and what of a message is
 * refused because of who sends it.
 */
#include "tests/unit/storaged/store_visitors.h"

#include "storaged/records/agents.h"
#include "tests/unit/unit.h"

static size_t
last_transaction(struct fixture *f)
{
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	return info.me_last_txnid;
}

/* -- coming ------------------------------------------------------------------------------- */

STORE_TEST(a_visitor_comes_and_comes_back)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct msg_visitor_open open = open_of(PUBLIC_ID, NULL), again;
	struct guest guest = open_as(f, &open, false), back;
	size_t before;

	assert_true(id_equal(&guest.record.id, &open.fresh_id));
	assert_memory_equal(&guest.record.token, &open.fresh_token, sizeof(guest.token));
	assert_true(id_equal(&guest.record.org, &id_default_org));
	assert_true(id_equal(&guest.record.widget, &widget));
	assert_int_equal(guest.record.used, 0);
	assert_true(id_is_zero(&guest.record.contact));

	before = last_transaction(f);
	again = open_of(PUBLIC_ID, &guest.token);
	back = open_as(f, &again, true);
	assert_true(id_equal(&back.record.id, &guest.record.id));
	assert_int_equal(last_transaction(f), before);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
	assert_int_equal(table_count(f, TABLE_VISITORS_BY_ID), 1);
}

STORE_TEST(the_widget_comes_with_the_visitor)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct msg_visitor_open open = open_of(PUBLIC_ID, NULL);
	struct msg_widget_record record;
	union msg m;

	CHANGE_WIDGET(f, &widget, r.greeting = slice_str("Hello!"));
	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, &m);
	assert_int_equal(
	    record_decode(m.visitor_opened.widget, MSG_WIDGET_RECORD, &record), WIRE_OK);
	assert_text(record.greeting, "Hello!");
	assert_true(id_equal(&record.id, &widget));
}

STORE_TEST(opening_again_by_the_same_request_opens_the_same)
{
	struct fixture *f = *state;
	struct msg_visitor_open open = open_of(PUBLIC_ID, NULL);
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	guest = open_as(f, &open, false);
	wait_for_next_ms();
	assert_int_equal(open_as(f, &open, false).record.created_at, guest.record.created_at);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
}

STORE_TEST(a_token_is_good_at_its_own_widget_alone)
{
	struct fixture *f = *state;
	struct guest guest, elsewhere;
	struct msg_visitor_open unknown, foreign;
	struct hash256 token = fresh_token();

	make_widget(f, PUBLIC_ID);
	make_widget(f, "wid_other");
	guest = make_guest(f, PUBLIC_ID);
	foreign = open_of("wid_other", &guest.token);
	elsewhere = open_as(f, &foreign, false);
	assert_true(id_equal(&elsewhere.record.id, &foreign.fresh_id));
	unknown = open_of(PUBLIC_ID, &token);
	open_as(f, &unknown, false);
	/* The first has lost nothing by it. */
	foreign = open_of(PUBLIC_ID, &guest.token);
	open_as(f, &foreign, true);
	assert_int_equal(table_count(f, TABLE_VISITORS), 3);
}

STORE_TEST(what_contradicts_is_refused)
{
	struct fixture *f = *state;
	struct msg_visitor_open good = open_of(PUBLIC_ID, NULL), bad;

	make_widget(f, PUBLIC_ID);
	open_as(f, &good, false);
	bad = good;
	bad.fresh_id = id_new();
	ask_error(f, MSG_VISITOR_OPEN, &bad, STORE_INVALID);
	bad = good;
	bad.fresh_token = fresh_token();
	ask_error(f, MSG_VISITOR_OPEN, &bad, STORE_INVALID);
	bad = open_of(PUBLIC_ID, NULL);
	bad.fresh_id = (struct id){0};
	ask_error(f, MSG_VISITOR_OPEN, &bad, STORE_INVALID);
	bad = open_of(PUBLIC_ID, NULL);
	bad.fresh_token = (struct hash256){0};
	ask_error(f, MSG_VISITOR_OPEN, &bad, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
}

STORE_TEST(there_is_no_coming_to_a_widget_that_is_not_there_or_disabled)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_visitor_open unknown = open_of("wid_unknown", NULL);
	struct msg_visitor_open none = open_of("", NULL);
	struct msg_visitor_open known = open_of(PUBLIC_ID, &guest.token);

	ask_error(f, MSG_VISITOR_OPEN, &unknown, STORE_NOT_FOUND);
	ask_error(f, MSG_VISITOR_OPEN, &none, STORE_NOT_FOUND);
	disable_widget(f, &widget);
	ask_error(f, MSG_VISITOR_OPEN, &known, STORE_NOT_FOUND);
	CHANGE_WIDGET(f, &widget, r.enabled = 1);
	open_as(f, &known, true);
	reset_widget(f, &widget);
	ask_error(f, MSG_VISITOR_OPEN, &known, STORE_NOT_FOUND);
	/* By the new public id it is as if the token had never been. */
	known.public_id = slice_str("wid_new");
	guest = open_as(f, &known, false);
	assert_true(id_equal(&guest.record.id, &known.fresh_id));
}

/* -- those who never write ---------------------------------------------------------------- */

/* So many visitors, all of this age. */
static void
make_crowd(struct fixture *f, struct guest *guests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		guests[i] = make_guest(f, PUBLIC_ID);
}

STORE_TEST(visitors_who_never_wrote_go_after_a_day)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct guest crowd[12], writer, teller;
	struct msg_turn_begin begin;
	struct msg_contact_submit contact;
	size_t left = 0;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	make_crowd(f, crowd, ARRAY_LEN(crowd));
	writer = make_guest(f, PUBLIC_ID);
	teller = make_guest(f, PUBLIC_ID);
	begin = guest_says(&writer, "hello");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	contact = submit_of(&teller, "Ada", "", "");
	submit(f, &contact);
	assert_int_equal(stored_guest(f, &writer).used, 1);
	assert_int_equal(stored_guest(f, &teller).used, 1);

	clock_freeze_wall(morning + VISITOR_UNUSED_MS - 1);
	make_guest(f, PUBLIC_ID);
	assert_int_equal(table_count(f, TABLE_VISITORS), 15);

	/* A new one looks at all of so few. */
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	make_guest(f, PUBLIC_ID);
	assert_int_equal(table_count(f, TABLE_VISITORS), 4);
	assert_int_equal(table_count(f, TABLE_VISITORS_BY_ID), 4);
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		left += is_stored(f, &crowd[i]);
	assert_int_equal(left, 0);
	assert_true(is_stored(f, &writer));
	assert_true(is_stored(f, &teller));
	clock_freeze_wall(0);
}

STORE_TEST(a_new_visitor_removes_but_a_few)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct guest crowd[60];
	size_t before, after;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	make_crowd(f, crowd, ARRAY_LEN(crowd));
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	before = table_count(f, TABLE_VISITORS);
	make_guest(f, PUBLIC_ID);
	after = table_count(f, TABLE_VISITORS);
	assert_true(after < before && before - after < 16);
	/* They come round to every part of the table. */
	for (int i = 0; i < 100; i++)
		make_guest(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(crowd); i++)
		assert_false(is_stored(f, &crowd[i]));
	clock_freeze_wall(0);
}

/* Its token is the browser's, and no other visitor may take it away while the page is open. */
STORE_TEST(who_comes_back_without_having_written_has_another_day)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct msg_visitor_open open;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	guest = make_guest(f, PUBLIC_ID);
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	open = open_of(PUBLIC_ID, &guest.token);
	open_as(f, &open, true);
	make_guest(f, PUBLIC_ID);
	assert_true(is_stored(f, &guest));
	clock_freeze_wall(morning + 2 * VISITOR_UNUSED_MS);
	make_guest(f, PUBLIC_ID);
	assert_false(is_stored(f, &guest));
	clock_freeze_wall(0);
}

/* One that the index does not know would stay for ever, and one that it knows wrongly would fail whoever
 * comes. */
STORE_TEST(damaged_visitors_go_as_well)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct guest unknown, wrong;
	struct key key;
	struct txn t;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	unknown = make_guest(f, PUBLIC_ID);
	wrong = make_guest(f, PUBLIC_ID);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	key = key_id(&unknown.record.id);
	assert_int_equal(txn_del(&t, TABLE_VISITORS_BY_ID, &key), 0);
	key = key_id(&wrong.record.id);
	assert_int_equal(txn_put(&t, TABLE_VISITORS_BY_ID, &key, slice_str("wrong")), 0);
	assert_int_equal(txn_commit(&t), 0);
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	make_guest(f, PUBLIC_ID);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
	assert_int_equal(table_count(f, TABLE_VISITORS_BY_ID), 1);
	clock_freeze_wall(0);
}

/* Who has a conversation no more, and is nobody that the organization knows, has nothing. */
STORE_TEST(a_visitor_whose_conversation_was_erased_goes_after_a_day)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct guest nobody, known;
	struct msg_turn_begin begin[2];
	struct msg_contact_submit contact;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	nobody = make_guest(f, PUBLIC_ID);
	known = make_guest(f, PUBLIC_ID);
	contact = submit_of(&known, "Ada", "", "");
	submit(f, &contact);
	begin[0] = guest_says(&nobody, "hello");
	begin[1] = guest_says(&known, "hello");
	clock_freeze_wall(morning + VISITOR_UNUSED_MS);
	for (size_t i = 0; i < ARRAY_LEN(begin); i++) {
		struct msg_conversation_erase erase = {id_default_org, begin[i].conversation};

		ask(f, MSG_TURN_BEGIN, &begin[i], MSG_TURN_BEGUN, NULL);
		ask(f, MSG_CONVERSATION_ERASE, &erase, MSG_ERASED, NULL);
		/* Who writes the reply is told. */
		expect_answer(f, &f->a, 0, MSG_LIVE_END, NULL);
	}
	/* It may write on, as one that has just come. */
	make_guest(f, PUBLIC_ID);
	assert_true(is_stored(f, &nobody));
	assert_int_equal(stored_guest(f, &nobody).used, 0);
	clock_freeze_wall(morning + 2 * VISITOR_UNUSED_MS);
	make_guest(f, PUBLIC_ID);
	assert_false(is_stored(f, &nobody));
	assert_true(is_stored(f, &known));
	clock_freeze_wall(0);
}

/* As an import may have it. */
STORE_TEST(a_conversation_that_only_names_a_visitor_takes_nothing_from_it)
{
	struct fixture *f = *state;
	struct guest guest;
	struct visitor_session session;
	struct msg_conversation_erase erase = {.org = id_default_org};
	struct msg_turn_begin begin;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	begin = guest_says(&guest, "hello");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	session = guest.session;
	erase.conversation = chat(f, session.s, "q", "a");
	ask(f, MSG_CONVERSATION_ERASE, &erase, MSG_ERASED, NULL);
	assert_int_equal(stored_guest(f, &guest).used, 1);
}

/* From now on the store has more than it may have, so it takes no writes. */
static void
fill_store(struct fixture *f)
{
	struct msg_visitor_open fresh = open_of(PUBLIC_ID, NULL);
	char *text = xcalloc(1, TEXT_MAX + 1);

	memset(text, 'x', TEXT_MAX);
	chat(f, "long", "tell me", text);
	free(text);
	store_restart(f, TEXT_MAX);
	ask_error(f, MSG_VISITOR_OPEN, &fresh, STORE_FULL);
	assert_false(f->env.writable);
}

STORE_TEST(who_is_known_comes_and_reads_while_the_store_is_full)
{
	struct fixture *f = *state;
	const uint64_t morning = 1800000000000;
	struct msg_visitor_follow follow;
	struct msg_session_history history;
	struct msg_visitor_open open;
	struct guest writer, silent;
	struct msg_turn_begin begin;
	struct msg_turn_finish finish;
	union msg m;

	make_widget(f, PUBLIC_ID);
	clock_freeze_wall(morning);
	writer = make_guest(f, PUBLIC_ID);
	silent = make_guest(f, PUBLIC_ID);
	begin = guest_says(&writer, "hello");
	finish = finish_of(&begin.turn, "welcome");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	fill_store(f);

	open = open_of(PUBLIC_ID, &writer.token);
	open_as(f, &open, true);
	follow.token = writer.token;
	ask(f, MSG_VISITOR_FOLLOW, &follow, MSG_VISITOR_STATE, NULL);
	history = (struct msg_session_history){
	    .org = begin.org, .widget = begin.widget, .session = begin.session};
	ask(f, MSG_SESSION_HISTORY, &history, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(list_len(m.message_page.messages), 2);

	/* One who would have another day gets none, but is let in. */
	clock_freeze_wall(morning + VISITOR_UNUSED_MS - 1);
	open = open_of(PUBLIC_ID, &silent.token);
	open_as(f, &open, true);
	assert_int_equal(stored_guest(f, &silent).created_at, morning);
	clock_freeze_wall(0);
}

/* In a batch with what makes the store full, which runs it again, and what may use its reserve. */
STORE_TEST(who_is_known_comes_beside_who_is_refused)
{
	struct fixture *f = *state;
	struct msg_login_delete delete = {.token = secret_hash(slice_str("nobody's"))};
	struct msg_visitor_open known, fresh = open_of(PUBLIC_ID, NULL);
	struct guest guest;
	uint64_t r[4];

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	known = open_of(PUBLIC_ID, &guest.token);
	fill_store(f);
	r[0] = send_request(f, &f->a, MSG_VISITOR_OPEN, &fresh);
	assert_false(batch_is_open(&f->batch));
	commit(f);
	expect_error(f, &f->a, r[0], STORE_FULL);

	f->batch.stage = BATCH_DELETIONS;
	f->batch.refusal = STORE_FULL;
	r[0] = send_request(f, &f->a, MSG_VISITOR_OPEN, &known);
	r[1] = send_request(f, &f->a, MSG_LOGIN_DELETE, &delete);
	r[2] = send_request(f, &f->a, MSG_VISITOR_OPEN, &known);
	r[3] = send_request(f, &f->a, MSG_VISITOR_OPEN, &fresh);
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_VISITOR_OPENED, NULL);
	expect_answer(f, &f->a, r[1], MSG_OK, NULL);
	expect_answer(f, &f->a, r[2], MSG_VISITOR_OPENED, NULL);
	expect_error(f, &f->a, r[3], STORE_FULL);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
}

STORE_TEST(a_message_sent_again_is_answered_while_the_store_is_full)
{
	struct fixture *f = *state;
	struct msg_turn_begin done = begin_of("s1", "hello"), broken = begin_of("s1", "and");
	struct msg_turn_begin plain = begin_of("s2", "hello"), fresh = begin_of("s1", "more");
	struct msg_turn_finish finish = finish_of(&done.turn, "welcome");
	struct msg_turn_finish cut = finish_of(&broken.turn, "yes, b");
	struct msg_turn_finish other = finish_of(&plain.turn, "");
	union msg m;

	make_widget(f, PUBLIC_ID);
	done.client_id = slice_str("one");
	broken.client_id = slice_str("two");
	cut.status = other.status = MESSAGE_INTERRUPTED;
	ask(f, MSG_TURN_BEGIN, &done, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	ask(f, MSG_TURN_BEGIN, &broken, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &cut, MSG_OK, NULL);
	ask(f, MSG_TURN_BEGIN, &plain, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &other, MSG_OK, NULL);
	fill_store(f);

	done.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &done, MSG_TURN_STATE, &m);
	assert_text(m.turn_state.text, "welcome");
	broken.turn = id_new();
	ask_error(f, MSG_TURN_BEGIN, &broken, STORE_FULL);
	ask_error(f, MSG_TURN_BEGIN, &plain, STORE_FULL);
	ask_error(f, MSG_TURN_BEGIN, &fresh, STORE_FULL);
	assert_int_equal(f->open.n, 0);
	assert_int_equal(table_count(f, TABLE_OPEN_TURNS), 0);
}

STORE_TEST(a_damaged_widget_costs_only_its_visitors)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct key key = key_of_org(&id_default_org, &widget);
	struct msg_visitor_open open;
	struct guest strays[3];
	struct txn t;

	make_widget(f, "wid_other");
	make_crowd(f, strays, ARRAY_LEN(strays));
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_WIDGETS, &key, slice_str("damaged")), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	open = open_of("wid_other", NULL);
	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, NULL);
	assert_true(is_stored(f, &strays[0]));
}

STORE_TEST(visitors_with_nothing_go_with_their_widgets_public_id)
{
	struct fixture *f = *state;
	struct id reset = make_widget(f, PUBLIC_ID), deleted = make_widget(f, "wid_deleted");
	struct id disabled = make_widget(f, "wid_disabled");
	struct guest of_reset = make_guest(f, PUBLIC_ID), writer = make_guest(f, PUBLIC_ID);
	struct guest of_deleted = make_guest(f, "wid_deleted");
	struct guest of_disabled = make_guest(f, "wid_disabled");
	struct msg_turn_begin begin = guest_says(&writer, "hello");

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	reset_widget(f, &reset);
	delete_widget(f, &deleted);
	disable_widget(f, &disabled);
	make_guest(f, "wid_new");
	assert_false(is_stored(f, &of_reset));
	assert_false(is_stored(f, &of_deleted));
	/* It may be enabled again; and what was said leads to whoever said it. */
	assert_true(is_stored(f, &of_disabled));
	assert_true(is_stored(f, &writer));
}

/* -- writing ------------------------------------------------------------------------------ */

STORE_TEST(a_visitors_message_is_its_sessions)
{
	struct fixture *f = *state;
	struct guest guest, other;
	struct msg_turn_begin begin, bad;
	struct msg_agent_record agent;
	union msg m;

	make_widget(f, PUBLIC_ID);
	make_widget(f, "wid_other");
	guest = make_guest(f, PUBLIC_ID);
	other = make_guest(f, "wid_other");
	begin = guest_says(&guest, "hello");

	bad = begin;
	bad.session = slice_str("mine");
	ask_error(f, MSG_TURN_BEGIN, &bad, STORE_INVALID);
	bad = begin;
	bad.session = slice_str(other.session.s);
	ask_error(f, MSG_TURN_BEGIN, &bad, STORE_INVALID);
	bad = begin;
	bad.widget = other.record.widget;
	ask_error(f, MSG_TURN_BEGIN, &bad, STORE_INVALID);
	bad = begin;
	bad.org = make_org(f);
	ask_error(f, MSG_TURN_BEGIN, &bad, STORE_INVALID);
	bad = begin;
	bad.visitor = fresh_token();
	ask_error(f, MSG_TURN_BEGIN, &bad, STORE_GONE);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 0);
	assert_int_equal(stored_guest(f, &guest).used, 0);

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_int_equal(record_decode(m.turn_begun.agent, MSG_AGENT_RECORD, &agent), WIRE_OK);
	assert_true(id_equal(&agent.id, &id_default_agent));
	assert_int_equal(stored_guest(f, &guest).used, 1);
}

/* How a widget changes under its visitor, and what a message gets then. */
static void
require_contact(struct fixture *f, const struct id *widget)
{
	CHANGE_WIDGET(f, widget, r.contact_mode = CONTACT_REQUIRED; r.collects = CONTACT_EMAIL);
}

static void
ask_for_contact(struct fixture *f, const struct id *widget)
{
	CHANGE_WIDGET(f, widget, r.contact_mode = CONTACT_OPTIONAL; r.collects = CONTACT_EMAIL);
}

static void
cap_at_one(struct fixture *f, const struct id *widget)
{
	CHANGE_WIDGET(f, widget, r.daily_cap = 1);
}

static void
enable_agent(struct fixture *f, bool enabled)
{
	struct msg_record_get get = {
	    .kind = MSG_AGENT_RECORD, .org = id_default_org, .id = id_default_agent};
	struct msg_agent_record agent;
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_AGENT_RECORD, &agent), WIRE_OK);
	agent.enabled = enabled;
	put_agent(f, &agent, false);
}

static void
disable_agent(struct fixture *f, const struct id *widget)
{
	(void)widget;
	enable_agent(f, false);
}

static const struct {
	const char *name;
	void (*change)(struct fixture *f, const struct id *widget);
	enum store_error refused; /* 0: it is not */
} changes[] = {
    {"disabled", disable_widget, STORE_GONE},
    {"reset", reset_widget, STORE_GONE},
    {"deleted", delete_widget, STORE_GONE},
    {"contact required", require_contact, STORE_CONTACT_REQUIRED},
    {"contact asked for", ask_for_contact, 0},
    {"capped", cap_at_one, STORE_CAPPED},
    {"agent disabled", disable_agent, STORE_DISABLED},
};

static void
expect_refused(struct fixture *f, const struct msg_turn_begin *begin, enum store_error code)
{
	uint64_t request = send_request(f, &f->a, MSG_TURN_BEGIN, begin);

	commit(f);
	if (code == 0)
		expect_answer(f, &f->a, request, MSG_TURN_BEGUN, NULL);
	else
		expect_error(f, &f->a, request, code);
}

/* Each on a store of its own. */
static void
each_change(void (*check)(struct fixture *f, size_t i, const struct id *widget))
{
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct id widget;
		void *f;

		assert_int_equal(fixture_setup(&f), 0);
		print_message("  %s\n", changes[i].name);
		widget = make_widget(f, PUBLIC_ID);
		check(f, i, &widget);
		assert_int_equal(fixture_teardown(&f), 0);
	}
}

static void
new_after(struct fixture *f, size_t i, const struct id *widget)
{
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_turn_begin first = guest_says(&guest, "one"),
			      second = guest_says(&guest, "two");

	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
	changes[i].change(f, widget);
	expect_refused(f, &second, changes[i].refused);
	assert_int_equal(table_count(f, TABLE_MESSAGES), changes[i].refused == 0 ? 2 : 1);
}

TEST(a_new_message_is_refused_by_what_the_widget_has_become)
{
	each_change(new_after);
}

/* A message whose name is known, one sent again, and one whose reply is to be begun anew. */
static void
known_after(struct fixture *f, size_t i, const struct id *widget)
{
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_turn_begin named = guest_says(&guest, "one"), again, anew;
	struct msg_turn_begin plain = guest_says(&guest, "two");
	struct msg_agent_record agent;
	union msg m;

	named.client_id = slice_str("name");
	ask(f, MSG_TURN_BEGIN, &named, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &plain, MSG_TURN_BEGUN, NULL);
	changes[i].change(f, widget);
	again = named;
	again.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_STATE, NULL);
	ask(f, MSG_TURN_BEGIN, &named, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_BEGIN, &plain, MSG_TURN_BEGUN, NULL);
	lose(f, &f->a);
	anew = named;
	anew.turn = id_new();
	ask(f, MSG_TURN_BEGIN, &anew, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.turn, &named.turn));
	assert_int_equal(record_decode(m.turn_begun.agent, MSG_AGENT_RECORD, &agent), WIRE_OK);
	assert_true(id_equal(&agent.id, &id_default_agent));
	/* But for nobody else. */
	anew.visitor = fresh_token();
	ask_error(f, MSG_TURN_BEGIN, &anew, STORE_GONE);
	assert_int_equal(stored_totals(f).messages, 4);
}

TEST(a_known_message_is_never_refused)
{
	each_change(known_after);
}

/* What comes by a key has no visitor: only the agent counts. */
static void
by_key_after(struct fixture *f, size_t i, const struct id *widget)
{
	struct msg_turn_begin begin = begin_of("s1", "hello"), default_widget = begin;
	enum store_error refused = changes[i].refused == STORE_DISABLED ? STORE_DISABLED : 0;

	begin.widget = *widget;
	begin.turn = id_new();
	begin.conversation = id_new();
	changes[i].change(f, widget);
	expect_refused(f, &begin, refused);
	expect_refused(f, &default_widget, refused);
	assert_int_equal(table_count(f, TABLE_CAPS), 0);
}

TEST(a_message_by_a_key_needs_only_an_agent)
{
	each_change(by_key_after);
}

STORE_TEST(a_message_needs_an_organization)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("s1", "hello");

	begin.org = id_new();
	ask_error(f, MSG_TURN_BEGIN, &begin, STORE_INVALID);
}

STORE_TEST(who_has_said_who_it_is_may_write)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_turn_begin begin = guest_says(&guest, "hello");
	struct msg_contact_submit contact = submit_of(&guest, "", "ada@example.com", "");
	struct msg_record_delete delete = {.kind = MSG_CONTACT_RECORD, .org = id_default_org};

	require_contact(f, &widget);
	ask_error(f, MSG_TURN_BEGIN, &begin, STORE_CONTACT_REQUIRED);
	delete.id = submit(f, &contact).id;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	/* Whom the organization has forgotten has to say it again. */
	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
	begin = guest_says(&guest, "are you there?");
	ask_error(f, MSG_TURN_BEGIN, &begin, STORE_CONTACT_REQUIRED);
}

/* -- import ------------------------------------------------------------------------------- */

static void
import(struct fixture *f, const struct msg_visitor_record *record, enum store_error code)
{
	struct msg_import_record m = {.type = MSG_VISITOR_RECORD};
	struct buf b;

	buf_init(&b, RECORD_MAX);
	assert_int_equal(record_encode(&b, MSG_VISITOR_RECORD, record), 0);
	m.record = buf_slice(&b);
	f->a.role = ROLE_TOOL;
	if (code == 0)
		ask(f, MSG_IMPORT_RECORD, &m, MSG_OK, NULL);
	else
		ask_error(f, MSG_IMPORT_RECORD, &m, code);
	f->a.role = ROLE_WORKER;
	buf_clear(&b);
}

STORE_TEST(an_imported_visitor_comes_back)
{
	struct fixture *f = *state;
	struct msg_visitor_record record = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .widget = make_widget(f, PUBLIC_ID),
	    .token = fresh_token(),
	    .used = 1,
	    .created_at = 1,
	};
	struct msg_visitor_record other = record, bad;
	struct msg_visitor_open open;

	import(f, &record, 0);
	import(f, &record, 0);
	open = open_of(PUBLIC_ID, &record.token);
	open_as(f, &open, true);
	/* With another token, the one before is good for nothing. */
	other.token = fresh_token();
	import(f, &other, 0);
	assert_int_equal(table_count(f, TABLE_VISITORS), 1);
	open = open_of(PUBLIC_ID, &other.token);
	open_as(f, &open, true);

	bad = other;
	bad.id = id_new();
	import(f, &bad, STORE_INVALID);
	bad = other;
	bad.org = id_new();
	import(f, &bad, STORE_INVALID);
	bad = other;
	bad.widget = (struct id){0};
	import(f, &bad, STORE_INVALID);
	bad = other;
	bad.token = (struct hash256){0};
	import(f, &bad, STORE_INVALID);
	bad = other;
	bad.v = 0;
	import(f, &bad, STORE_INVALID);
}

/* As an export that is older than what was said since takes nothing of that back. */
STORE_TEST(an_imported_visitor_keeps_what_it_has_done_since)
{
	struct fixture *f = *state;
	struct msg_visitor_record before, contact;
	struct msg_contact_submit submission;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	before = guest.record;
	submission = submit_of(&guest, "Ada", "", "");
	submit(f, &submission);
	contact = stored_guest(f, &guest);
	import(f, &before, 0);
	before = stored_guest(f, &guest);
	assert_int_equal(before.used, 1);
	assert_true(id_equal(&before.contact, &contact.contact));
}

TEST_MAIN(NULL, NULL)
