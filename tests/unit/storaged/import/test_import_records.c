/*
 * IMPORT_RECORD of organizations, users, keys, agents and widgets: it replaces the record with its
 * id, with all index entries, and refuses values that belong to others.
 */
#include "tests/unit/storaged/store_organization.h"

#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/unit.h"

static struct msg_import_record
import_of(enum msg_type type, const void *record)
{
	return (struct msg_import_record){
	    .type = (uint16_t)type, .record = encoded(type, record)};
}

/* Twice, since a repeat must change nothing. */
static void
import(struct fixture *f, enum msg_type type, const void *record)
{
	struct msg_import_record m = import_of(type, record);
	struct contents once;

	ask_as_tool(f, MSG_IMPORT_RECORD, &m, MSG_OK, NULL);
	contents_take(f, &once);
	ask_as_tool(f, MSG_IMPORT_RECORD, &m, MSG_OK, NULL);
	contents_expect(f, &once);
	contents_clear(&once);
}

static void
import_error(struct fixture *f, enum msg_type type, const void *record, enum store_error code)
{
	struct msg_import_record m = import_of(type, record);

	tool_ask_error(f, MSG_IMPORT_RECORD, &m, code);
}

STORE_TEST(an_organization_replaces_the_one_with_its_id)
{
	struct fixture *f = *state;
	struct msg_widget_record w = widget_of(&id_default_org, &id_default_agent, "wid_1");
	const struct msg_record_delete first = {
	    .kind = MSG_WIDGET_RECORD, id_default_org, id_default_widget};
	struct msg_org_record r = {.v = RECORD_VERSION,
	    .id = id_default_org,
	    .name = slice_str("Ours"),
	    .widget = w.id,
	    .created_at = 7};
	const struct msg_org_get get = {.org = id_default_org};
	union msg m;

	import_error(f, MSG_ORG_RECORD, &r, STORE_INVALID);
	import(f, MSG_WIDGET_RECORD, &w);
	import(f, MSG_ORG_RECORD, &r);
	ask(f, MSG_ORG_GET, &get, MSG_ORG, &m);
	assert_int_equal(record_decode(m.org.org, MSG_ORG_RECORD, &r), WIRE_OK);
	assert_text(r.name, "Ours");
	assert_int_equal(r.created_at, 7);
	/* Another widget is the first one now. */
	ask(f, MSG_RECORD_DELETE, &first, MSG_OK, NULL);
	r.v = 0;
	import_error(f, MSG_ORG_RECORD, &r, STORE_INVALID);
}

static void
expect_email(struct fixture *f, const char *email, const struct id *user)
{
	const struct msg_record_get get = {.kind = MSG_USER_RECORD, .name = slice_str(email)};
	struct msg_user_record r;
	union msg m;

	if (user == NULL) {
		ask_error(f, MSG_RECORD_GET, &get, STORE_NOT_FOUND);
		return;
	}
	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_USER_RECORD, &r), WIRE_OK);
	assert_true(id_equal(&r.id, user));
	assert_int_equal(r.created_at, 5);
	assert_int_equal(r.updated_at, 6);
}

STORE_TEST(a_users_email_moves_and_clashes)
{
	struct fixture *f = *state;
	struct msg_user_record a = user_of(&id_default_org, "a@example.com"), bad;
	struct msg_user_record b = user_of(&id_default_org, "B@example.com");

	a.created_at = b.created_at = 5;
	a.updated_at = b.updated_at = 6;
	import(f, MSG_USER_RECORD, &a);
	import(f, MSG_USER_RECORD, &b);
	a.email = slice_str("Changed@example.com");
	import(f, MSG_USER_RECORD, &a);
	expect_email(f, "changed@example.com", &a.id);
	expect_email(f, "a@example.com", NULL);
	bad = a;
	bad.email = slice_str("b@EXAMPLE.com");
	import_error(f, MSG_USER_RECORD, &bad, STORE_INVALID);
	bad.id = id_new();
	import_error(f, MSG_USER_RECORD, &bad, STORE_INVALID);
	bad.email = slice_str("");
	import_error(f, MSG_USER_RECORD, &bad, STORE_INVALID);
	bad = a;
	bad.password = slice_str("");
	import_error(f, MSG_USER_RECORD, &bad, STORE_INVALID);
	expect_email(f, "b@example.com", &b.id);
	assert_int_equal(table_count(f, TABLE_USERS_BY_EMAIL), 2);
}

STORE_TEST(a_keys_hash_moves_and_clashes)
{
	struct fixture *f = *state;
	struct msg_key_record a = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .key = secret_hash(slice_str("a")),
	    .created_at = 5};
	struct msg_key_record b = a, bad;
	struct msg_key_check check = {.key = a.key};

	b.id = id_new();
	b.key = secret_hash(slice_str("b"));
	import(f, MSG_KEY_RECORD, &a);
	import(f, MSG_KEY_RECORD, &b);
	bad = a;
	bad.key = b.key;
	import_error(f, MSG_KEY_RECORD, &bad, STORE_INVALID);
	bad.key = (struct hash256){0};
	import_error(f, MSG_KEY_RECORD, &bad, STORE_INVALID);
	a.key = secret_hash(slice_str("changed"));
	import(f, MSG_KEY_RECORD, &a);
	ask_error(f, MSG_KEY_CHECK, &check, STORE_NOT_FOUND);
	check.key = a.key;
	ask(f, MSG_KEY_CHECK, &check, MSG_KEY, NULL);
	assert_int_equal(table_count(f, TABLE_KEYS), 2);
	assert_int_equal(table_count(f, TABLE_KEYS_BY_ORG), 2);
}

STORE_TEST(an_agent_replaces_the_one_with_its_id)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Imported");
	const struct msg_record_get get = {
	    .kind = MSG_AGENT_RECORD, id_default_org, id_default_agent};
	union msg m;

	r.id = id_default_agent;
	r.created_at = 5;
	import(f, MSG_AGENT_RECORD, &r);
	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_AGENT_RECORD, &r), WIRE_OK);
	assert_text(r.name, "Imported");
	assert_int_equal(r.created_at, 5);
	assert_int_equal(table_count(f, TABLE_AGENTS), 1);
	r.id = (struct id){0};
	import_error(f, MSG_AGENT_RECORD, &r, STORE_INVALID);
}

STORE_TEST(an_agent_replaces_one_that_cannot_be_read)
{
	struct fixture *f = *state;
	struct msg_agent_record r = agent_of(&id_default_org, "Anna");
	const struct key key = key_of_org(&id_default_org, &r.id);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_AGENTS, &key, slice_str("damaged")), 0);
	assert_int_equal(txn_commit(&t), 0);
	import(f, MSG_AGENT_RECORD, &r);
}

STORE_TEST(a_widgets_public_id_moves_and_clashes)
{
	struct fixture *f = *state;
	struct msg_widget_record w = widget_of(&id_default_org, &id_default_agent, "wid_1"),
				 bad;
	struct msg_record_get get = {.kind = MSG_WIDGET_RECORD, .name = slice_str("wid_1")};
	struct msg_widget_record back;
	union msg m;

	/* As into a new store, whose own widget has another public id. */
	w.id = id_default_widget;
	w.generation = 3;
	w.created_at = 5;
	import(f, MSG_WIDGET_RECORD, &w);
	w.public_id = slice_str("wid_2");
	import(f, MSG_WIDGET_RECORD, &w);
	ask_error(f, MSG_RECORD_GET, &get, STORE_NOT_FOUND);
	get.name = slice_str("wid_2");
	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_WIDGET_RECORD, &back), WIRE_OK);
	assert_true(id_equal(&back.id, &id_default_widget));
	assert_int_equal(back.generation, 3);
	assert_int_equal(back.created_at, 5);
	assert_int_equal(table_count(f, TABLE_WIDGETS_BY_PUBLIC), 1);

	bad = w;
	bad.id = id_new();
	import_error(f, MSG_WIDGET_RECORD, &bad, STORE_INVALID);
	bad.public_id = slice_str("");
	import_error(f, MSG_WIDGET_RECORD, &bad, STORE_INVALID);
	bad = w;
	bad.agent = id_new();
	import_error(f, MSG_WIDGET_RECORD, &bad, STORE_INVALID);
}

/* A visitor that client b follows. */
static struct id
follow_a_visitor(struct fixture *f, const char *public_id, const char *token)
{
	const struct msg_visitor_open open = {.public_id = slice_str(public_id),
	    .fresh_token = secret_hash(slice_str(token)),
	    .fresh_id = id_new()};
	const struct msg_visitor_follow follow = {.token = open.fresh_token};
	uint64_t request;

	ask(f, MSG_VISITOR_OPEN, &open, MSG_VISITOR_OPENED, NULL);
	request = send_request(f, &f->b, MSG_VISITOR_FOLLOW, &follow);
	commit(f);
	expect_answer(f, &f->b, request, MSG_VISITOR_STATE, NULL);
	return open.fresh_id;
}

static void
expect_end(struct fixture *f, const struct id *visitor)
{
	union msg m;

	expect_answer(f, &f->b, 0, MSG_LIVE_VISITOR_END, &m);
	assert_true(id_equal(&m.live_visitor_end.visitor, visitor));
	assert_int_equal(buf_len(&f->b.out), 0);
}

STORE_TEST(visitors_end_with_what_their_token_hangs_on)
{
	struct fixture *f = *state;
	struct msg_widget_record w = widget_of(&id_default_org, &id_default_agent, "wid_1");
	struct msg_widget_record r = w;
	const struct msg_widget_reset reset = {w.org, w.id, slice_str("wid_2")};
	const struct msg_record_delete gone = {.kind = MSG_WIDGET_RECORD, w.org, w.id};
	struct id visitor;

	put_widget(f, &r, true);
	visitor = follow_a_visitor(f, "wid_1", "one");
	w.updated_at = r.updated_at;
	r = w;
	r.greeting = slice_str("Hello");
	put_widget(f, &r, false);
	assert_int_equal(buf_len(&f->b.out), 0);
	w.updated_at = r.updated_at;
	r = w;
	r.enabled = false;
	put_widget(f, &r, false);
	expect_end(f, &visitor);
	w.updated_at = r.updated_at;
	r = w;
	put_widget(f, &r, false);
	visitor = follow_a_visitor(f, "wid_1", "two");
	ask(f, MSG_WIDGET_RESET, &reset, MSG_RECORD, NULL);
	expect_end(f, &visitor);
	visitor = follow_a_visitor(f, "wid_2", "three");
	w.public_id = slice_str("wid_3");
	w.generation = 8;
	import(f, MSG_WIDGET_RECORD, &w);
	expect_end(f, &visitor);
	visitor = follow_a_visitor(f, "wid_3", "four");
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	expect_end(f, &visitor);
}

TEST_MAIN(NULL, NULL)
