/*
 * Keys: whose a key is, until it is revoked.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/keys.h"
#include "tests/unit/unit.h"

static struct msg_key_record
key_with(const struct id *org, const char *key, uint8_t kind)
{
	return (struct msg_key_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = *org,
	    .key = secret_hash(slice_str(key)),
	    .kind = kind,
	    .name = slice_str("The shop's"),
	    .hint = slice_str("…wxyz"),
	    .created_at = 1000,
	};
}

static void
make_key(struct fixture *f, const struct msg_key_record *r)
{
	const struct msg_key_create m = {.key = encoded(MSG_KEY_RECORD, r)};

	ask(f, MSG_KEY_CREATE, &m, MSG_OK, NULL);
}

static void
create_error(struct fixture *f, const struct msg_key_record *r, enum store_error code)
{
	const struct msg_key_create m = {.key = encoded(MSG_KEY_RECORD, r)};

	ask_error(f, MSG_KEY_CREATE, &m, code);
}

static void
expect_unknown(struct fixture *f, const char *key)
{
	const struct msg_key_check check = {.key = secret_hash(slice_str(key))};

	ask_error(f, MSG_KEY_CHECK, &check, STORE_NOT_FOUND);
}

STORE_TEST(a_key_tells_whose_it_is_until_it_is_revoked)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_key_record r = key_with(&other.org, "k1", KEY_ADMIN), back;
	const struct msg_key_check check = {.key = r.key};
	const struct msg_key_revoke revoke = {r.org, r.id};
	union msg m;

	expect_unknown(f, "k1");
	make_key(f, &r);
	ask(f, MSG_KEY_CHECK, &check, MSG_KEY, &m);
	assert_true(id_equal(&m.key.widget, &other.widget));
	assert_int_equal(record_decode(m.key.key, MSG_KEY_RECORD, &back), WIRE_OK);
	assert_true(id_equal(&back.org, &other.org) && id_equal(&back.id, &r.id));
	assert_int_equal(back.kind, KEY_ADMIN);
	assert_text(back.name, "The shop's");
	assert_int_equal(back.created_at, 1000);
	expect_unknown(f, "k2");
	ask(f, MSG_KEY_REVOKE, &revoke, MSG_OK, NULL);
	ask_error(f, MSG_KEY_REVOKE, &revoke, STORE_NOT_FOUND);
	expect_unknown(f, "k1");
	assert_int_equal(table_count(f, TABLE_KEYS), 0);
	assert_int_equal(table_count(f, TABLE_KEYS_BY_ORG), 0);
}

STORE_TEST(a_repeat_makes_no_second_key)
{
	struct fixture *f = *state;
	struct msg_key_record r = key_with(&id_default_org, "k1", KEY_WIDGET), other;

	make_key(f, &r);
	next_ms();
	make_key(f, &r);
	other = r;
	other.kind = KEY_ADMIN;
	create_error(f, &other, STORE_EXISTS);
	other = r;
	other.id = id_new();
	create_error(f, &other, STORE_EXISTS);
	other = key_with(&id_default_org, "k2", KEY_WIDGET);
	other.id = r.id;
	create_error(f, &other, STORE_EXISTS);
	assert_int_equal(table_count(f, TABLE_KEYS), 1);
	assert_int_equal(table_count(f, TABLE_KEYS_BY_ORG), 1);
}

STORE_TEST(a_key_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	const struct msg_key_record good = key_with(&id_default_org, "k1", KEY_WIDGET);
	const struct msg_key_create nothing = {0};
	struct msg_key_record bad = good;

	ask_error(f, MSG_KEY_CREATE, &nothing, STORE_INVALID);
	bad.id = (struct id){0};
	create_error(f, &bad, STORE_INVALID);
	bad = good;
	bad.org = (struct id){0};
	create_error(f, &bad, STORE_INVALID);
	bad.org = id_new();
	create_error(f, &bad, STORE_NOT_FOUND);
	bad = good;
	bad.key = (struct hash256){0};
	create_error(f, &bad, STORE_INVALID);
	bad = good;
	bad.v = 0;
	create_error(f, &bad, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_KEYS), 0);
}

STORE_TEST(all_keys_of_an_organization_are_listed)
{
	struct fixture *f = *state;
	struct msg_org_create other = make_other_org(f);
	struct msg_key_list list = {.org = id_default_org};
	struct msg_key_record foreign = key_with(&other.org, "foreign", KEY_WIDGET), r;
	char name[16];
	union msg m;

	make_key(f, &foreign);
	for (unsigned i = 0; i < KEYS_MAX; i++) {
		snprintf(name, sizeof(name), "key %u", i);
		r = key_with(&id_default_org, name, KEY_WIDGET);
		make_key(f, &r);
	}
	ask(f, MSG_KEY_LIST, &list, MSG_KEY_PAGE, &m);
	assert_int_equal(list_len(m.key_page.keys), KEYS_MAX);
	list_item(m.key_page.keys, KEYS_MAX - 1, MSG_KEY_RECORD, &r);
	assert_text(r.hint, "…wxyz");
	assert_true(id_equal(&r.org, &id_default_org));
	r = key_with(&id_default_org, "one too many", KEY_WIDGET);
	create_error(f, &r, STORE_LIMIT);
	list.org = other.org;
	ask(f, MSG_KEY_LIST, &list, MSG_KEY_PAGE, &m);
	assert_int_equal(list_len(m.key_page.keys), 1);
	list_item(m.key_page.keys, 0, MSG_KEY_RECORD, &r);
	assert_true(id_equal(&r.id, &foreign.id));
}

TEST_MAIN(NULL, NULL)
