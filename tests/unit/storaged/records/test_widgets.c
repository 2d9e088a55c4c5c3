/*
 * Widgets: found by id and by public id, which can be changed; none without its agent.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/widgets.h"
#include "tests/unit/unit.h"

static void
put_error(
    struct fixture *f, const struct msg_widget_record *r, bool fresh, enum store_error code)
{
	const struct msg_record_put m = {
	    .kind = MSG_WIDGET_RECORD, .fresh = fresh, .record = encoded(MSG_WIDGET_RECORD, r)};

	ask_error(f, MSG_RECORD_PUT, &m, code);
}

static struct msg_widget_record
widget_in(const union msg *m)
{
	struct msg_widget_record r;

	assert_int_equal(record_decode(m->record.record, MSG_WIDGET_RECORD, &r), WIRE_OK);
	return r;
}

static struct msg_widget_record
stored(struct fixture *f, const struct id *org, const struct id *widget)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = *org, .id = *widget};
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	return widget_in(&m);
}

/* The widget with this public id; NULL: it must not exist. */
static void
expect_public(struct fixture *f, const char *public_id, const struct id *widget)
{
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .name = slice_str(public_id)};
	struct msg_widget_record r;
	union msg m;

	if (widget == NULL) {
		ask_error(f, MSG_RECORD_GET, &get, STORE_NOT_FOUND);
		return;
	}
	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	r = widget_in(&m);
	assert_true(id_equal(&r.id, widget));
}

STORE_TEST(a_fresh_stores_widget_has_the_defaults)
{
	struct fixture *f = *state;
	struct msg_widget_record r = stored(f, &id_default_org, &id_default_widget);
	char public_id[PUBLIC_ID_MAX + 1] = "";

	assert_true(id_equal(&r.agent, &id_default_agent));
	assert_int_equal(r.public_id.len, 26);
	assert_memory_equal(r.public_id.p, "wid_", 4);
	for (size_t i = 4; i < r.public_id.len; i++)
		assert_non_null(strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz",
		    r.public_id.p[i]));
	assert_int_equal(r.generation, 0);
	assert_text(r.name, "");
	assert_text(r.greeting, "");
	assert_text(r.primary_color, "#6366f1");
	assert_text(r.text_color, "#ffffff");
	assert_int_equal(r.position, WIDGET_BOTTOM_RIGHT);
	assert_int_equal(r.contact_mode, CONTACT_NONE);
	assert_int_equal(r.collects, 0);
	assert_text(r.origins, "");
	assert_int_equal(r.daily_cap, 0);
	assert_int_equal(r.enabled, 1);
	assert_true(r.created_at > 0 && r.created_at == r.updated_at);
	memcpy(public_id, r.public_id.p, r.public_id.len);
	expect_public(f, public_id, &id_default_widget);
	store_restart(f, STORE_BYTES);
	expect_public(f, public_id, &id_default_widget);
}

STORE_TEST(a_widget_is_made_and_changed)
{
	struct fixture *f = *state;
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1");
	uint64_t created_at;

	r.generation = 7;
	r.created_at = r.updated_at = 1;
	put_widget(f, &r, true);
	created_at = r.created_at;
	assert_true(created_at > 1 && r.updated_at == created_at);
	assert_int_equal(r.generation, 0);
	expect_public(f, "wid_1", &r.id);

	r = widget_of(&id_default_org, &id_default_agent, "wid_1");
	put_error(f, &r, true, STORE_EXISTS);
	assert_int_equal(table_count(f, TABLE_WIDGETS), 2);
	assert_int_equal(table_count(f, TABLE_WIDGETS_BY_PUBLIC), 2);
}

STORE_TEST(a_change_leaves_the_public_id)
{
	struct fixture *f = *state;
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1");
	struct msg_widget_record other = r;

	put_widget(f, &r, true);
	next_ms();
	other.updated_at = r.updated_at;
	other.public_id = slice_str("wid_2");
	other.name = slice_str("Shop");
	other.origins = slice_str("https://a.example https://b.example");
	other.generation = 9;
	put_widget(f, &other, false);
	assert_text(other.public_id, "wid_1");
	assert_text(other.name, "Shop");
	assert_int_equal(other.generation, 0);
	assert_true(other.updated_at > other.created_at);
	expect_public(f, "wid_1", &other.id);
	expect_public(f, "wid_2", NULL);
}

STORE_TEST(a_repeat_changes_nothing)
{
	struct fixture *f = *state;
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1");
	struct msg_widget_record again = r;
	uint64_t updated_at;

	put_widget(f, &r, true);
	updated_at = r.updated_at;
	next_ms();
	put_widget(f, &again, true);
	assert_int_equal(again.updated_at, updated_at);
	put_widget(f, &again, false);
	assert_int_equal(again.updated_at, updated_at);
	assert_int_equal(table_count(f, TABLE_WIDGETS), 2);
}

STORE_TEST(a_change_of_what_was_changed_meanwhile_is_refused)
{
	struct fixture *f = *state;
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1"),
				 other;
	const struct msg_widget_reset reset = {r.org, r.id, slice_str("wid_2")};

	put_widget(f, &r, true);
	/* Not even when the clock stands still. */
	clock_freeze_wall(r.updated_at);
	other = r;
	r.name = slice_str("Shop");
	other.greeting = slice_str("Hello!");
	put_widget(f, &other, false);
	put_error(f, &r, false, STORE_STALE);
	assert_text(stored(f, &r.org, &r.id).name, "");
	r = stored(f, &r.org, &r.id);
	assert_text(r.greeting, "Hello!");
	r.name = slice_str("Shop");
	put_widget(f, &r, false);
	/* A repeated request is recognized by its content. */
	r.updated_at = 1;
	put_widget(f, &r, false);
	r = stored(f, &r.org, &r.id);
	ask(f, MSG_WIDGET_RESET, &reset, MSG_RECORD, NULL);
	r.greeting = slice_str("Hi!");
	put_error(f, &r, false, STORE_STALE);
	clock_freeze_wall(0);
}

STORE_TEST(a_widget_that_contradicts_is_refused)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	const struct msg_widget_record good =
	    widget_of(&id_default_org, &id_default_agent, "wid_1");
	const struct msg_record_put nothing = {.kind = MSG_WIDGET_RECORD, .fresh = true};
	struct msg_widget_record bad = good;

	ask_error(f, MSG_RECORD_PUT, &nothing, STORE_INVALID);
	put_error(f, &good, false, STORE_NOT_FOUND);
	bad.v = 0;
	put_error(f, &bad, true, STORE_INVALID);
	bad = good;
	bad.id = (struct id){0};
	put_error(f, &bad, true, STORE_INVALID);
	bad = good;
	bad.org = (struct id){0};
	put_error(f, &bad, true, STORE_INVALID);
	bad.org = id_new();
	put_error(f, &bad, true, STORE_NOT_FOUND);
	bad = good;
	bad.agent = (struct id){0};
	put_error(f, &bad, true, STORE_INVALID);
	bad.agent = other.agent;
	put_error(f, &bad, true, STORE_INVALID);
	bad = good;
	bad.public_id = (struct slice){0};
	put_error(f, &bad, true, STORE_INVALID);
	/* A public id belongs to one widget among all organizations. */
	bad.public_id = slice_str("wid_other");
	put_error(f, &bad, true, STORE_EXISTS);
	bad = good;
	put_widget(f, &bad, true);
	bad.agent = id_new();
	put_error(f, &bad, false, STORE_INVALID);
	bad.public_id = slice_str("wid_2");
	put_error(f, &bad, true, STORE_EXISTS);
	assert_int_equal(table_count(f, TABLE_WIDGETS), 3);
}

STORE_TEST(a_reset_ends_the_old_public_id)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1"),
				 got;
	struct msg_widget_reset reset = {r.org, r.id, slice_str("wid_2")};
	uint64_t updated_at = 0;
	union msg m;

	put_widget(f, &r, true);
	for (int i = 0; i < 2; i++) {
		next_ms();
		ask(f, MSG_WIDGET_RESET, &reset, MSG_RECORD, &m);
		got = widget_in(&m);
		assert_text(got.public_id, "wid_2");
		assert_int_equal(got.generation, 1);
		assert_true(got.updated_at > got.created_at);
		assert_true(i == 0 || got.updated_at == updated_at);
		updated_at = got.updated_at;
	}
	expect_public(f, "wid_1", NULL);
	expect_public(f, "wid_2", &r.id);
	reset.public_id = slice_str("wid_other");
	ask_error(f, MSG_WIDGET_RESET, &reset, STORE_EXISTS);
	reset.public_id = (struct slice){0};
	ask_error(f, MSG_WIDGET_RESET, &reset, STORE_INVALID);
	reset.org = other.org;
	reset.public_id = slice_str("wid_3");
	ask_error(f, MSG_WIDGET_RESET, &reset, STORE_NOT_FOUND);
	expect_public(f, "wid_other", &other.widget);
	assert_int_equal(table_count(f, TABLE_WIDGETS_BY_PUBLIC), 3);
}

static void
put_cap(struct fixture *f, const struct id *widget, uint32_t day)
{
	const struct msg_cap_record cap = {.v = RECORD_VERSION, .messages = 3};
	struct key key = key_cap(widget, day);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put_record(&t, TABLE_CAPS, &key, MSG_CAP_RECORD, &cap), 0);
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(a_deleted_widget_leaves_nothing_but_its_conversations)
{
	struct fixture *f = *state;
	struct msg_widget_record r = widget_of(&id_default_org, &id_default_agent, "wid_1");
	const struct msg_record_delete gone = {.kind = MSG_WIDGET_RECORD, r.org, r.id};
	struct msg_turn_begin begin = begin_of("visitor", "question");
	struct msg_turn_finish finish = finish_of(&begin.turn, "answer");

	put_widget(f, &r, true);
	begin.widget = r.id;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	put_cap(f, &r.id, 20000);
	put_cap(f, &r.id, 20001);
	put_cap(f, &id_default_widget, 20000);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	ask_error(f, MSG_RECORD_DELETE, &gone, STORE_NOT_FOUND);
	expect_public(f, "wid_1", NULL);
	assert_int_equal(table_count(f, TABLE_CAPS), 1);
	assert_int_equal(table_count(f, TABLE_WIDGETS), 1);
	assert_int_equal(table_count(f, TABLE_WIDGETS_BY_PUBLIC), 1);
	EXPECT_MESSAGES(f, &begin.conversation, "cc", "question", "answer");
}

STORE_TEST(an_organizations_first_widget_stays)
{
	struct fixture *f = *state;
	const struct msg_record_delete gone = {
	    .kind = MSG_WIDGET_RECORD, id_default_org, id_default_widget};

	ask_error(f, MSG_RECORD_DELETE, &gone, STORE_IN_USE);
	stored(f, &id_default_org, &id_default_widget);
}

STORE_TEST(widgets_are_listed_by_organization)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_record_list list = {
	    .kind = MSG_WIDGET_RECORD, .org = id_default_org, .limit = 2};
	struct msg_widget_record r;
	char public_id[16];
	union msg m;

	for (int i = 0; i < 2; i++) {
		snprintf(public_id, sizeof(public_id), "wid_%d", i);
		r = widget_of(&id_default_org, &id_default_agent, public_id);
		put_widget(f, &r, true);
	}
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 2);
	list_item(m.record_page.records, 0, MSG_WIDGET_RECORD, &r);
	assert_true(id_equal(&r.id, &id_default_widget));
	list.cursor = m.record_page.next;
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
	list_item(m.record_page.records, 0, MSG_WIDGET_RECORD, &r);
	assert_text(r.public_id, "wid_1");
	assert_true(id_is_zero(&m.record_page.next));
	list = (struct msg_record_list){.kind = MSG_WIDGET_RECORD, .org = other.org};
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
	list_item(m.record_page.records, 0, MSG_WIDGET_RECORD, &r);
	assert_true(id_equal(&r.id, &other.widget));
}

STORE_TEST(an_organization_has_so_many_widgets_at_most)
{
	struct fixture *f = *state;
	struct msg_widget_record r;
	uint64_t first = f->requests + 1;
	char public_id[16];

	for (unsigned i = 1; i < WIDGETS_MAX; i++) {
		struct msg_record_put m = {.kind = MSG_WIDGET_RECORD, .fresh = true};

		snprintf(public_id, sizeof(public_id), "wid_%u", i);
		r = widget_of(&id_default_org, &id_default_agent, public_id);
		m.record = encoded(MSG_WIDGET_RECORD, &r);
		send_request(f, &f->a, MSG_RECORD_PUT, &m);
	}
	commit(f);
	for (uint64_t request = first; request <= f->requests; request++)
		expect_answer(f, &f->a, request, MSG_RECORD, NULL);
	r = widget_of(&id_default_org, &id_default_agent, "wid_too_many");
	put_error(f, &r, true, STORE_LIMIT);
	expect_public(f, "wid_too_many", NULL);
}

TEST_MAIN(NULL, NULL)
