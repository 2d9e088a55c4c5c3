/*
 * Logins: good until they expire or are deleted, and gone some time after.
 */
#include "test_store_fixture.h"

static struct msg_login_create
login_of(const char *token, uint64_t expires_in_ms)
{
	return (struct msg_login_create){
	    .org = id_default_org,
	    .token = secret_hash(slice_str(token)),
	    .expires_at = clock_wall_ms() + expires_in_ms,
	};
}

static void
a_login_is_good_until_it_is_deleted(void **state)
{
	struct fixture *f = *state;
	struct msg_login_create create = login_of("t1", 60000);
	struct msg_login_check check = {.token = create.token};
	struct msg_login_delete delete = {.token = create.token};
	struct msg_login_record record;
	union msg m;

	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
	ask(f, MSG_LOGIN_CREATE, &create, MSG_OK, NULL);
	ask(f, MSG_LOGIN_CREATE, &create, MSG_OK, NULL);
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, &m);
	assert_int_equal(record_decode(m.login.login, MSG_LOGIN_RECORD, &record), WIRE_OK);
	assert_true(id_equal(&record.org, &id_default_org));
	assert_int_equal(record.expires_at, create.expires_at);
	ask(f, MSG_LOGIN_DELETE, &delete, MSG_OK, NULL);
	ask(f, MSG_LOGIN_DELETE, &delete, MSG_OK, NULL);
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
}

static void
an_expired_login_does_not_exist(void **state)
{
	struct fixture *f = *state;
	struct msg_login_create create = login_of("t1", 300);
	struct msg_login_check check = {.token = create.token};

	ask(f, MSG_LOGIN_CREATE, &create, MSG_OK, NULL);
	while (clock_wall_ms() < create.expires_at)
		usleep(1000);
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
}

static void
a_login_that_contradicts_is_refused(void **state)
{
	struct fixture *f = *state;
	struct msg_login_create expired = login_of("t1", 0);
	struct msg_login_create good = login_of("t2", 60000);
	struct msg_login_create foreign = good;

	foreign.org = id_new();
	ask_error(f, MSG_LOGIN_CREATE, &expired, STORE_INVALID);
	ask(f, MSG_LOGIN_CREATE, &good, MSG_OK, NULL);
	ask_error(f, MSG_LOGIN_CREATE, &foreign, STORE_INVALID);
}

static void
put_expired(struct fixture *f, const char *token)
{
	struct msg_login_record record = {
	    .v = RECORD_VERSION, .org = id_default_org, .created_at = 1, .expires_at = 2};
	struct hash256 hash = secret_hash(slice_str(token));
	struct key key = key_login(&hash);
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put_record(&t, TABLE_LOGINS, &key, MSG_LOGIN_RECORD, &record), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static void
new_logins_purge_expired_ones(void **state)
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
	ask(f, MSG_LOGIN_CREATE, &first, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_LOGINS), 1);

	/* Never many at once. */
	for (int i = 0; i < 100; i++) {
		snprintf(token, sizeof(token), "more%d", i);
		put_expired(f, token);
	}
	before = table_count(f, TABLE_LOGINS);
	ask(f, MSG_LOGIN_CREATE, &second, MSG_OK, NULL);
	after = table_count(f, TABLE_LOGINS);
	assert_true(after < before && before - after <= 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(a_login_is_good_until_it_is_deleted),
	    STORE_TEST(an_expired_login_does_not_exist),
	    STORE_TEST(a_login_that_contradicts_is_refused),
	    STORE_TEST(new_logins_purge_expired_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
