/*
 * Users: an e-mail is one user's, an organization keeps an owner, and logins end with their user.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/users.h"
#include "tests/unit/unit.h"

static void
create_error(struct fixture *f, const struct msg_user_record *r, enum store_error code)
{
	const struct msg_record_put m = {
	    .kind = MSG_USER_RECORD, .fresh = true, .record = encoded(MSG_USER_RECORD, r)};

	ask_error(f, MSG_RECORD_PUT, &m, code);
}

static struct msg_user_record
stored(struct fixture *f, const struct msg_record_get *get)
{
	struct msg_user_record r;
	union msg m;

	ask(f, MSG_RECORD_GET, get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_USER_RECORD, &r), WIRE_OK);
	return r;
}

static struct msg_record_get
by_id(const struct msg_user_record *r)
{
	return (struct msg_record_get){.kind = MSG_USER_RECORD, .org = r->org, .id = r->id};
}

static struct msg_record_get
by_email(const char *email)
{
	return (struct msg_record_get){.kind = MSG_USER_RECORD, .name = slice_str(email)};
}

static struct msg_user_change
change_of(const struct msg_user_record *r, uint8_t what)
{
	return (struct msg_user_change){.org = r->org,
	    .user = r->id,
	    .what = what,
	    .name = slice_str("Changed"),
	    .role = USER_MEMBER,
	    .password = slice_str("$scrypt$two")};
}

STORE_TEST(a_user_is_found_by_id_and_by_email_in_any_case)
{
	struct fixture *f = *state;
	struct msg_user_record r = user_of(&id_default_org, "Ann\xc3\x84@Example.com"), back;
	const char *const ways[] = {
	    "Ann\xc3\x84@Example.com", "ann\xc3\xa4@example.com", "ANNA\xcc\x88@EXAMPLE.COM"};
	struct msg_record_get get = by_id(&r);

	r.created_at = r.updated_at = 1;
	make_user(f, &r);
	back = stored(f, &get);
	assert_text(back.email, "Ann\xc3\x84@Example.com");
	assert_text(back.password, "$scrypt$one");
	assert_true(back.created_at > 1 && back.created_at == back.updated_at);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		get = by_email(ways[i]);
		back = stored(f, &get);
		assert_true(id_equal(&back.id, &r.id));
	}
	get = by_email("anna@example.com");
	ask_error(f, MSG_RECORD_GET, &get, STORE_NOT_FOUND);
	get = by_email("");
	ask_error(f, MSG_RECORD_GET, &get, STORE_NOT_FOUND);
}

STORE_TEST(an_email_is_one_users_in_all_organizations)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_user_record r = user_of(&id_default_org, "anna@example.com");
	struct msg_user_record same = user_of(&id_default_org, "ANNA@example.com");
	struct msg_user_record foreign = user_of(&other.org, "Anna@Example.com");
	const struct msg_record_delete gone = {.kind = MSG_USER_RECORD, r.org, r.id};
	struct msg_user_record berta = user_of(&id_default_org, "berta@example.com");

	make_user(f, &r);
	make_user(f, &berta);
	create_error(f, &same, STORE_EXISTS);
	create_error(f, &foreign, STORE_EXISTS);
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	make_user(f, &foreign);
	assert_int_equal(table_count(f, TABLE_USERS), 2);
	assert_int_equal(table_count(f, TABLE_USERS_BY_EMAIL), 2);
}

STORE_TEST(a_repeat_makes_no_second_user)
{
	struct fixture *f = *state;
	struct msg_user_record r = user_of(&id_default_org, "anna@example.com"), other = r;

	make_user(f, &r);
	make_user(f, &r);
	other.email = slice_str("berta@example.com");
	create_error(f, &other, STORE_EXISTS);
	other = r;
	other.password = slice_str("$scrypt$two");
	create_error(f, &other, STORE_EXISTS);
	assert_int_equal(table_count(f, TABLE_USERS), 1);
	assert_int_equal(table_count(f, TABLE_USERS_BY_EMAIL), 1);
}

STORE_TEST(a_user_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	const struct msg_user_record good = user_of(&id_default_org, "anna@example.com");
	const struct msg_record_put nothing = {.kind = MSG_USER_RECORD, .fresh = true};
	struct msg_user_record bad = good;
	struct msg_user_change change;

	ask_error(f, MSG_RECORD_PUT, &nothing, STORE_INVALID);
	bad.id = (struct id){0};
	create_error(f, &bad, STORE_INVALID);
	bad = good;
	bad.org = (struct id){0};
	create_error(f, &bad, STORE_INVALID);
	bad.org = id_new();
	create_error(f, &bad, STORE_NOT_FOUND);
	bad = good;
	bad.email = (struct slice){0};
	create_error(f, &bad, STORE_INVALID);
	bad = good;
	bad.password = (struct slice){0};
	create_error(f, &bad, STORE_INVALID);
	bad = good;
	bad.v = 0;
	create_error(f, &bad, STORE_INVALID);
	change = change_of(&good, USER_NAME);
	ask_error(f, MSG_USER_CHANGE, &change, STORE_NOT_FOUND);
	make_user(f, &good);
	change = change_of(&good, USER_PASSWORD);
	change.password = (struct slice){0};
	ask_error(f, MSG_USER_CHANGE, &change, STORE_INVALID);
}

STORE_TEST(only_what_is_meant_is_changed)
{
	struct fixture *f = *state;
	struct msg_user_record boss = user_of(&id_default_org, "boss@example.com");
	struct msg_user_record r = user_of(&id_default_org, "anna@example.com"), back;
	struct msg_record_get get = by_id(&r);
	static const struct {
		uint8_t what;
		const char *name;
		int role;
		const char *password;
	} cases[] = {
	    {0, "Somebody", USER_OWNER, "$scrypt$one"},
	    {USER_NAME, "Changed", USER_OWNER, "$scrypt$one"},
	    {USER_ROLE, "Changed", USER_MEMBER, "$scrypt$one"},
	    {USER_PASSWORD, "Changed", USER_MEMBER, "$scrypt$two"},
	};
	uint64_t before;

	make_user(f, &boss);
	make_user(f, &r);
	before = stored(f, &get).updated_at;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_user_change change = change_of(&r, cases[i].what);

		next_ms();
		ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
		back = stored(f, &get);
		assert_text(back.name, cases[i].name);
		assert_int_equal(back.role, cases[i].role);
		assert_text(back.password, cases[i].password);
		assert_int_equal(back.updated_at > before, cases[i].what != 0);
		/* The same change again is a repeat. */
		before = back.updated_at;
		next_ms();
		ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
		assert_int_equal(stored(f, &get).updated_at, before);
	}
}

STORE_TEST(an_organization_keeps_an_owner)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_user_record a = user_of(&id_default_org, "a@example.com");
	struct msg_user_record b = user_of(&id_default_org, "b@example.com");
	struct msg_user_record m = user_of(&id_default_org, "m@example.com");
	struct msg_user_record elsewhere = user_of(&other.org, "e@example.com");
	struct msg_user_change demote = change_of(&a, USER_ROLE);
	struct msg_user_change rename = change_of(&a, USER_NAME);
	const struct msg_record_delete leave = {.kind = MSG_USER_RECORD, a.org, a.id},
				       member = {MSG_USER_RECORD, m.org, m.id};

	m.role = USER_MEMBER;
	make_user(f, &a);
	make_user(f, &m);
	make_user(f, &elsewhere);
	ask_error(f, MSG_USER_CHANGE, &demote, STORE_LAST_OWNER);
	ask_error(f, MSG_RECORD_DELETE, &leave, STORE_LAST_OWNER);
	ask(f, MSG_USER_CHANGE, &rename, MSG_OK, NULL);
	ask(f, MSG_RECORD_DELETE, &member, MSG_OK, NULL);
	ask_error(f, MSG_RECORD_DELETE, &member, STORE_NOT_FOUND);
	make_user(f, &b);
	ask(f, MSG_USER_CHANGE, &demote, MSG_OK, NULL);
	ask(f, MSG_USER_CHANGE, &demote, MSG_OK, NULL);
	demote.user = b.id;
	ask_error(f, MSG_USER_CHANGE, &demote, STORE_LAST_OWNER);
	ask(f, MSG_RECORD_DELETE, &leave, MSG_OK, NULL);
}

static struct msg_login_create
log_in(struct fixture *f, const struct msg_user_record *r, const char *token)
{
	const struct msg_login_create m = {
	    .org = r->org,
	    .user = r->id,
	    .id = id_new(),
	    .token = secret_hash(slice_str(token)),
	    .expires_at = clock_wall_ms() + 60000,
	};

	ask(f, MSG_LOGIN_CREATE, &m, MSG_OK, NULL);
	return m;
}

STORE_TEST(a_new_password_ends_the_other_logins)
{
	struct fixture *f = *state;
	struct msg_user_record a = user_of(&id_default_org, "a@example.com");
	struct msg_user_record b = user_of(&id_default_org, "b@example.com");
	struct msg_user_change change = change_of(&a, USER_PASSWORD);
	struct msg_login_check check;

	make_user(f, &a);
	make_user(f, &b);
	log_in(f, &a, "a1");
	log_in(f, &b, "b");
	change.except = check.token = log_in(f, &a, "a2").token;
	log_in(f, &a, "a3");
	ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_LOGINS), 2);
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
	change.except = (struct hash256){0};
	change.password = slice_str("$scrypt$three");
	ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
}

STORE_TEST(a_password_is_changed_by_who_has_checked_the_one_that_is_there)
{
	struct fixture *f = *state;
	struct msg_user_record r = user_of(&id_default_org, "a@example.com");
	struct msg_user_change change = change_of(&r, USER_PASSWORD), late = change;
	struct msg_record_get get = by_id(&r);

	make_user(f, &r);
	change.checked = late.checked = secret_hash(r.password);
	late.password = slice_str("$scrypt$late");
	ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
	ask_error(f, MSG_USER_CHANGE, &late, STORE_STALE);
	/* A repeat is not refused as stale. */
	ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
	assert_text(stored(f, &get).password, "$scrypt$two");
	late.checked = secret_hash(change.password);
	ask(f, MSG_USER_CHANGE, &late, MSG_OK, NULL);
	assert_text(stored(f, &get).password, "$scrypt$late");
}

STORE_TEST(a_users_logins_end_with_it)
{
	struct fixture *f = *state;
	struct msg_user_record a = user_of(&id_default_org, "a@example.com");
	struct msg_user_record b = user_of(&id_default_org, "b@example.com");
	const struct msg_record_delete gone = {.kind = MSG_USER_RECORD, a.org, a.id};
	struct msg_login_check check;

	make_user(f, &a);
	make_user(f, &b);
	check.token = log_in(f, &a, "a1").token;
	log_in(f, &a, "a2");
	log_in(f, &b, "b");
	ask(f, MSG_RECORD_DELETE, &gone, MSG_OK, NULL);
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), 1);
}

STORE_TEST(a_list_shows_no_password)
{
	struct fixture *f = *state;
	struct msg_record_list list = {
	    .kind = MSG_USER_RECORD, .org = id_default_org, .limit = 2};
	struct msg_user_record r[3];
	struct msg_user_record item;
	union msg m;

	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		char email[32];

		snprintf(email, sizeof(email), "%zu@example.com", i);
		r[i] = user_of(&id_default_org, email);
		make_user(f, &r[i]);
	}
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 2);
	assert_null(memmem(
	    m.record_page.records.p, m.record_page.records.len, "scrypt", strlen("scrypt")));
	list_item(m.record_page.records, 1, MSG_USER_RECORD, &item);
	assert_true(id_equal(&item.id, &r[1].id));
	assert_text(item.email, "1@example.com");
	assert_int_equal(item.role, USER_OWNER);
	assert_true(item.created_at > 0);
	list.cursor = m.record_page.next;
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
	assert_true(id_is_zero(&m.record_page.next));
}

STORE_TEST(an_organization_has_so_many_users_at_most)
{
	struct fixture *f = *state;
	struct msg_user_record r = user_of(&id_default_org, "one.too@many.example.com");
	uint64_t first = 0;

	for (unsigned i = 0; i < USERS_MAX; i++) {
		char email[32];
		struct msg_user_record one;
		struct msg_record_put m = {.kind = MSG_USER_RECORD, .fresh = true};

		snprintf(email, sizeof(email), "%u@example.com", i);
		one = user_of(&id_default_org, email);
		m.record = encoded(MSG_USER_RECORD, &one);
		first = i == 0 ? f->requests + 1 : first;
		send_request(f, &f->a, MSG_RECORD_PUT, &m);
	}
	commit(f);
	for (uint64_t request = first; request <= f->requests; request++)
		expect_answer(f, &f->a, request, MSG_RECORD, NULL);
	create_error(f, &r, STORE_LIMIT);
}

TEST_MAIN(NULL, NULL)
