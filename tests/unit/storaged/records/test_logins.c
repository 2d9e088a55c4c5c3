/*
 * Logins: good until they expire or are ended, gone some time after, and listed by their user.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/logins.h"
#include "tests/unit/unit.h"

static struct msg_login_create
login_of(const char *token, uint64_t expires_in_ms)
{
	return (struct msg_login_create){
	    .org = id_default_org,
	    .id = id_new(),
	    .token = secret_hash(slice_str(token)),
	    .expires_at = clock_wall_ms() + expires_in_ms,
	    .address = slice_str("192.0.2.1"),
	    .program = slice_str("Firefox"),
	};
}

/* A login of a user. */
static struct msg_login_create
login_by(const struct msg_user_record *user, const char *token)
{
	struct msg_login_create m = login_of(token, 60000);

	m.org = user->org;
	m.user = user->id;
	return m;
}

static void
log_in(struct fixture *f, const struct msg_login_create *m)
{
	ask(f, MSG_LOGIN_CREATE, m, MSG_OK, NULL);
}

static void
expect_good(struct fixture *f, const struct msg_login_create *m)
{
	const struct msg_login_check check = {.token = m->token};

	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
}

static void
expect_ended(struct fixture *f, const struct msg_login_create *m)
{
	const struct msg_login_check check = {.token = m->token};

	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
}

STORE_TEST(a_login_is_good_until_it_is_deleted)
{
	struct fixture *f = *state;
	struct msg_login_create create = login_of("t1", 60000);
	struct msg_login_check check = {.token = create.token};
	struct msg_login_delete delete = {.token = create.token};
	struct msg_login_record record;
	union msg m;

	expect_ended(f, &create);
	log_in(f, &create);
	log_in(f, &create);
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, &m);
	assert_int_equal(record_decode(m.login.login, MSG_LOGIN_RECORD, &record), WIRE_OK);
	assert_true(id_equal(&record.org, &id_default_org));
	assert_true(id_equal(&record.id, &create.id));
	assert_true(id_is_zero(&record.user));
	assert_int_equal(record.expires_at, create.expires_at);
	assert_text(record.address, "192.0.2.1");
	assert_text(record.program, "Firefox");
	assert_int_equal(m.login.user.len, 0);
	ask(f, MSG_LOGIN_DELETE, &delete, MSG_OK, NULL);
	ask(f, MSG_LOGIN_DELETE, &delete, MSG_OK, NULL);
	expect_ended(f, &create);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), 0);
}

STORE_TEST(an_expired_login_does_not_exist)
{
	struct fixture *f = *state;
	struct msg_login_create create = login_of("t1", 60000);
	const struct msg_login_list list = {.org = id_default_org};
	union msg m;

	clock_freeze_wall(create.expires_at - 1);
	log_in(f, &create);
	clock_freeze_wall(create.expires_at);
	expect_ended(f, &create);
	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), 0);
	clock_freeze_wall(0);
}

STORE_TEST(a_login_that_contradicts_is_refused)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_login_create expired = login_of("t1", 0);
	struct msg_login_create good = login_of("t2", 60000);
	struct msg_login_create bad = good;

	ask_error(f, MSG_LOGIN_CREATE, &expired, STORE_INVALID);
	log_in(f, &good);
	bad.org = other.org;
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.id = id_new();
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_INVALID);
	bad.id = (struct id){0};
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_INVALID);
	bad = good;
	bad.token = secret_hash(slice_str("t3"));
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_EXISTS);
	bad = login_of("t4", 60000);
	bad.org = id_new();
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_NOT_FOUND);
	bad = login_of("t4", 60000);
	bad.user = id_new();
	ask_error(f, MSG_LOGIN_CREATE, &bad, STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
}

STORE_TEST(a_login_tells_whose_it_is)
{
	struct fixture *f = *state;
	struct msg_user_record user = user_of(&id_default_org, "Anna@Example.com");
	struct msg_login_create create;
	struct msg_login_check check;
	struct msg_user_record item;
	union msg m;

	make_user(f, &user);
	create = login_by(&user, "t1");
	log_in(f, &create);
	check.token = create.token;
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, &m);
	assert_int_equal(record_decode(m.login.user, MSG_USER_RECORD, &item), WIRE_OK);
	assert_true(id_equal(&item.id, &user.id));
	assert_text(item.email, "Anna@Example.com");
	assert_int_equal(item.role, USER_OWNER);
}

STORE_TEST(a_password_that_was_changed_while_it_was_checked_lets_nobody_in)
{
	struct fixture *f = *state;
	struct msg_user_record user = user_of(&id_default_org, "anna@example.com");
	struct msg_login_create create = login_by(&user, "t1");
	const struct msg_user_change change = {.org = user.org,
	    .user = user.id,
	    .what = USER_PASSWORD,
	    .password = slice_str("$scrypt$two")};

	make_user(f, &user);
	create.checked = secret_hash(user.password);
	log_in(f, &create);
	ask(f, MSG_USER_CHANGE, &change, MSG_OK, NULL);
	expect_ended(f, &create);
	/* The same request again, after its answer was lost. */
	ask_error(f, MSG_LOGIN_CREATE, &create, STORE_STALE);
	expect_ended(f, &create);
	create.checked = secret_hash(change.password);
	log_in(f, &create);
	expect_good(f, &create);
}

/* The login at this position of a list. */
static void
expect_listed(struct fixture *f, const struct msg_user_record *user, size_t n,
    const struct msg_login_create *const *newest_first)
{
	const struct msg_login_list list = {user->org, user->id};
	struct msg_login_record r;
	union msg m;

	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), n);
	for (size_t i = 0; i < n; i++) {
		list_item(m.login_page.logins, i, MSG_LOGIN_RECORD, &r);
		assert_true(id_equal(&r.id, &newest_first[i]->id));
	}
}
#define EXPECT_LISTED(f, user, ...)                                                           \
	expect_listed(f, user, ARRAY_LEN(((const struct msg_login_create *[]){__VA_ARGS__})), \
	    (const struct msg_login_create *[]){__VA_ARGS__})

STORE_TEST(logins_are_listed_and_ended_by_their_user)
{
	struct fixture *f = *state;
	struct msg_user_record anna = user_of(&id_default_org, "anna@example.com");
	struct msg_user_record berta = user_of(&id_default_org, "berta@example.com");
	struct msg_login_create a = login_by(&anna, "a"), b = login_by(&anna, "b");
	struct msg_login_create c = login_by(&anna, "c"), other = login_by(&berta, "d");
	struct msg_login_create shared = login_of("e", 60000);
	struct msg_login_revoke one = {.org = anna.org, .user = anna.id, .id = b.id};
	struct msg_login_revoke rest = {.org = anna.org, .user = anna.id, .except = c.token};
	struct msg_login_revoke all = {.org = anna.org, .user = anna.id};

	make_user(f, &anna);
	make_user(f, &berta);
	log_in(f, &a);
	log_in(f, &b);
	log_in(f, &c);
	log_in(f, &other);
	log_in(f, &shared);
	EXPECT_LISTED(f, &anna, &c, &b, &a);
	EXPECT_LISTED(f, &berta, &other);
	EXPECT_LISTED(f, (&(struct msg_user_record){.org = id_default_org}), &shared);

	one.user = berta.id;
	ask_error(f, MSG_LOGIN_REVOKE, &one, STORE_NOT_FOUND);
	one.user = anna.id;
	ask(f, MSG_LOGIN_REVOKE, &one, MSG_OK, NULL);
	ask_error(f, MSG_LOGIN_REVOKE, &one, STORE_NOT_FOUND);
	expect_ended(f, &b);
	EXPECT_LISTED(f, &anna, &c, &a);
	log_in(f, &b);
	for (int i = 0; i < 2; i++) {
		ask(f, MSG_LOGIN_REVOKE, &rest, MSG_OK, NULL);
		EXPECT_LISTED(f, &anna, &c);
	}
	ask(f, MSG_LOGIN_REVOKE, &all, MSG_OK, NULL);
	expect_ended(f, &c);
	expect_good(f, &other);
	expect_good(f, &shared);
	assert_int_equal(table_count(f, TABLE_LOGINS), 2);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), 2);
}

STORE_TEST(a_users_oldest_login_ends_for_one_too_many)
{
	struct fixture *f = *state;
	struct msg_user_record anna = user_of(&id_default_org, "anna@example.com");
	struct msg_user_record berta = user_of(&id_default_org, "berta@example.com");
	struct msg_login_create other = login_by(&berta, "other"), of[LOGINS_MAX + 2];
	char token[16];

	make_user(f, &anna);
	make_user(f, &berta);
	log_in(f, &other);
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		snprintf(token, sizeof(token), "%zu", i);
		of[i] = login_by(&anna, token);
	}
	/* As if the clock went back: the newest id sorts first. */
	of[LOGINS_MAX + 1].id = (struct id){.b = {1}};
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		log_in(f, &of[i]);
	expect_ended(f, &of[0]);
	expect_ended(f, &of[1]);
	for (size_t i = 2; i < ARRAY_LEN(of); i++)
		expect_good(f, &of[i]);
	expect_good(f, &other);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), LOGINS_MAX + 1);
}

STORE_TEST(the_shared_password_has_any_number_of_logins)
{
	struct fixture *f = *state;
	struct msg_login_create of[LOGINS_MAX + 2];
	char token[16];

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		snprintf(token, sizeof(token), "%zu", i);
		of[i] = login_of(token, 60000);
		log_in(f, &of[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		expect_good(f, &of[i]);
}

/* Creates n logins by DASHBOARD_PASSWORD in one batch. */
static void
put_shared(struct fixture *f, unsigned n)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (unsigned i = 0; i < n; i++) {
		struct msg_login_record record = {.v = RECORD_VERSION,
		    .org = id_default_org,
		    .created_at = 1,
		    .expires_at = clock_wall_ms() + 60000,
		    .id = id_new()};
		char token[32];
		struct hash256 hash;

		snprintf(token, sizeof(token), "shared %u", i);
		hash = secret_hash(slice_str(token));
		assert_int_equal(login_put(&t, &hash, &record), 0);
	}
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(very_many_logins_are_ended_in_steps)
{
	struct fixture *f = *state;
	struct msg_login_create stays = login_of("stays", 60000);
	struct msg_login_revoke rest = {.org = id_default_org, .except = stays.token};
	struct msg_login_revoke all = {.org = id_default_org};

	log_in(f, &stays);
	put_shared(f, 2 * LOGINS_STEP + 1);
	for (unsigned left = LOGINS_STEP + 1; left <= LOGINS_STEP + 1; left -= LOGINS_STEP) {
		ask(f, MSG_LOGIN_REVOKE, &rest, MSG_UNFINISHED, NULL);
		assert_int_equal(table_count(f, TABLE_LOGINS), 1 + left);
		assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), 1 + left);
		expect_whole(f);
	}
	for (int i = 0; i < 2; i++)
		ask(f, MSG_LOGIN_REVOKE, &rest, MSG_OK, NULL);
	expect_good(f, &stays);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
	/* The last step may remove as many as a full step. */
	put_shared(f, LOGINS_STEP - 1);
	ask(f, MSG_LOGIN_REVOKE, &all, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_LOGINS), 0);
}

STORE_TEST(the_newest_thousand_are_listed)
{
	struct fixture *f = *state;
	const struct msg_login_list list = {.org = id_default_org};
	struct msg_login_create newest;
	struct msg_login_record first;
	union msg m;

	put_shared(f, 1000);
	newest = login_of("newest", 60000);
	log_in(f, &newest);
	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), 1000);
	list_item(m.login_page.logins, 0, MSG_LOGIN_RECORD, &first);
	assert_true(id_equal(&first.id, &newest.id));
}

static void
put_expired(struct fixture *f, const char *token)
{
	struct msg_login_record record = {.v = RECORD_VERSION,
	    .org = id_default_org,
	    .created_at = 1,
	    .expires_at = 2,
	    .id = id_new()};
	struct hash256 hash = secret_hash(slice_str(token));
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(login_put(&t, &hash, &record), 0);
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(new_logins_purge_expired_ones)
{
	struct fixture *f = *state;
	struct msg_login_create first = login_of("t1", 60000);
	struct msg_login_create second = login_of("t2", 60000);
	size_t before, after;
	char token[16];

	for (int i = 0; i < 10; i++) {
		snprintf(token, sizeof(token), "old%d", i);
		put_expired(f, token);
	}
	log_in(f, &first);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), 1);

	/* Each purge removes only a few. */
	for (int i = 0; i < 100; i++) {
		snprintf(token, sizeof(token), "more%d", i);
		put_expired(f, token);
	}
	before = table_count(f, TABLE_LOGINS);
	log_in(f, &second);
	after = table_count(f, TABLE_LOGINS);
	assert_true(after < before && before - after <= 16);
	assert_int_equal(table_count(f, TABLE_LOGINS_BY_USER), after);
}

STORE_TEST(a_login_that_cannot_be_read_can_be_ended)
{
	struct fixture *f = *state;
	struct msg_login_create create = login_of("t1", 60000), other = login_of("t2", 60000);
	const struct msg_login_delete gone = {.token = create.token};
	const struct msg_login_list list = {.org = id_default_org};
	struct key key = key_hash(&create.token);
	struct txn t;
	union msg m;

	log_in(f, &create);
	log_in(f, &other);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, TABLE_LOGINS, &key, slice_str("damaged")), 0);
	assert_int_equal(txn_commit(&t), 0);
	f->damaged = true;
	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), 1);
	ask(f, MSG_LOGIN_DELETE, &gone, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);
	/* The owner of a damaged login is unknown, so its index entry stays. */
	ask(f, MSG_LOGIN_LIST, &list, MSG_LOGIN_PAGE, &m);
	assert_int_equal(list_len(m.login_page.logins), 1);
}

TEST_MAIN(NULL, NULL)
