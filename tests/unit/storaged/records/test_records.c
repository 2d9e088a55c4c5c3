/*
 * The requests that all kinds of records share: which kinds there are, and what each refuses.
 */
#include "tests/unit/storaged/store_organization.h"

#include "storaged/records/record_requests.h"
#include "tests/unit/unit.h"

static const uint16_t kinds[] = {
    MSG_AGENT_RECORD, MSG_WIDGET_RECORD, MSG_CONTACT_RECORD, MSG_USER_RECORD};

TEST(each_kind_is_found_by_its_record)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(record_kind_of(kinds[i])->type, kinds[i]);
	assert_null(record_kind_of(0));
	assert_null(record_kind_of(MSG_KEY_RECORD));
	assert_null(record_kind_of(MSG_RECORD));
}

STORE_TEST(an_unknown_kind_is_refused)
{
	struct fixture *f = *state;
	const uint16_t unknown[] = {
	    0, MSG_ORG_RECORD, MSG_VISITOR_RECORD, MSG_RECORD_GET, 0xffff};

	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		const uint16_t kind = unknown[i];

		ask_error(
		    f, MSG_RECORD_LIST, &(struct msg_record_list){.kind = kind}, STORE_INVALID);
		ask_error(
		    f, MSG_RECORD_GET, &(struct msg_record_get){.kind = kind}, STORE_INVALID);
		ask_error(
		    f, MSG_RECORD_PUT, &(struct msg_record_put){.kind = kind}, STORE_INVALID);
		ask_error(f, MSG_RECORD_DELETE, &(struct msg_record_delete){.kind = kind},
		    STORE_INVALID);
	}
}

STORE_TEST(a_record_of_another_kind_is_refused)
{
	struct fixture *f = *state;
	const struct msg_agent_record agent = {
	    .v = RECORD_VERSION, .id = id_new(), .org = id_default_org};
	struct msg_record_put put = {
	    .fresh = true, .record = encoded(MSG_AGENT_RECORD, &agent)};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		put.kind = kinds[i];
		if (put.kind != MSG_AGENT_RECORD)
			ask_error(f, MSG_RECORD_PUT, &put, STORE_INVALID);
	}
	put.kind = MSG_AGENT_RECORD;
	put.record.len--;
	ask_error(f, MSG_RECORD_PUT, &put, STORE_INVALID);
}

STORE_TEST(a_contact_is_not_created_and_a_user_is_not_replaced)
{
	struct fixture *f = *state;
	const struct msg_contact_record contact = {
	    .v = RECORD_VERSION, .id = id_new(), .org = id_default_org};
	struct msg_user_record user = user_of(&id_default_org, "user@example.com");
	struct msg_record_put put = {.kind = MSG_CONTACT_RECORD,
	    .fresh = true,
	    .record = encoded(MSG_CONTACT_RECORD, &contact)};

	ask_error(f, MSG_RECORD_PUT, &put, STORE_INVALID);
	make_user(f, &user);
	put = (struct msg_record_put){
	    .kind = MSG_USER_RECORD, .record = encoded(MSG_USER_RECORD, &user)};
	ask_error(f, MSG_RECORD_PUT, &put, STORE_INVALID);
}

STORE_TEST(only_contacts_are_listed_by_email_and_phone)
{
	struct fixture *f = *state;
	union msg m;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct msg_record_list list = {.kind = kinds[i],
		    .org = id_default_org,
		    .email = slice_str("a@example.com")};

		if (kinds[i] != MSG_CONTACT_RECORD) {
			ask_error(f, MSG_RECORD_LIST, &list, STORE_INVALID);
			continue;
		}
		ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
		assert_int_equal(m.record_page.records.len, 0);
	}
}

STORE_TEST(a_kind_without_names_finds_nothing_by_name)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		ask_error(f, MSG_RECORD_GET,
		    &(struct msg_record_get){
			.kind = kinds[i], .org = id_default_org, .name = slice_str("unknown")},
		    STORE_NOT_FOUND);
}

TEST_MAIN(NULL, NULL)
