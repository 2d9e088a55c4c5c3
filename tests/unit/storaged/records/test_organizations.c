/*
 * What a new store contains, and that organizations.scenario tries all requests. Everything else is in the
 * scenarios next to this file.
 */
#include "tests/unit/storaged/store_contents.h"

STORE_TEST(the_first_widget_of_a_new_store_has_a_random_public_id)
{
	static const char base62[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	const struct msg_record_get get = {
	    .kind = MSG_WIDGET_RECORD, .org = id_default_org, .id = id_default_widget};
	struct msg_widget_record r;
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_WIDGET_RECORD, &r), WIRE_OK);
	assert_int_equal(r.public_id.len, 26);
	assert_memory_equal(r.public_id.p, "wid_", 4);
	for (size_t i = 4; i < r.public_id.len; i++)
		assert_non_null(strchr(base62, r.public_id.p[i]));
}

STORE_TEST(the_default_organization_is_created_once)
{
	struct contents before;
	struct txn t;

	contents_take(f, &before);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(organization_make_default(&t), 0);
	assert_int_equal(txn_commit(&t), 0);
	contents_expect(f, &before, NULL);
	contents_clear(&before);
}

/* A login, an invitation or a link for a new password that is named by its token belongs to the holder of the token; the
 * secret of logins to nobody. */
static bool
names_an_object(const struct msg_desc *d)
{
	if (d->type == MSG_LOGIN_CHECK || d->type == MSG_LOGIN_DELETE ||
	    d->type == MSG_LOGIN_SECRET_GET || d->type == MSG_INVITATION_CHECK ||
	    d->type == MSG_INVITATION_ACCEPT || d->type == MSG_RESET_ASK ||
	    d->type == MSG_RESET_CHECK || d->type == MSG_RESET_USE ||
	    d->type == MSG_CRASH_REPORT)
		return false;
	return (d->from & ROLE_WORKER) != 0 && (d->to & ROLE_STORE) != 0 &&
	    ((d->type >> 8) == 4 || (d->type >> 8) == 7 || (d->type >> 8) == 8);
}

TEST(organizations_scenario_has_a_row_for_each_request)
{
	char text[32768], row[64];
	const struct msg_desc *table;
	size_t n, wanted = 0;
	FILE *file = fopen("tests/unit/storaged/records/organizations.scenario", "re");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	table = msg_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (!names_an_object(&table[i]))
			continue;
		wanted++;
		snprintf(row, sizeof(row), "| %s ", table[i].name);
		if (strstr(text, row) == NULL)
			fail_msg("%s has no row there", table[i].name);
	}
	assert_true(wanted >= 13);
}

TEST_MAIN(NULL, NULL)
