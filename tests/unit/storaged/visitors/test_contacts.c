/*
 * Contacts: whom a visitor turns out to be (API.md, section 7), and what is done with whom an organization
 * knows.
 */
#include "tests/unit/storaged/store_visitors.h"

#include "storaged/conversations/conversations.h"
#include "storaged/records/contacts.h"
#include "tests/unit/unit.h"

struct person {
	const char *name, *email, *phone;
};

/* Contacts that exist before: created by earlier submissions. */
#define ADA                                        \
	{                                          \
		"Ada", "ada@example.com", "+1 234" \
	}
#define BOB                                        \
	{                                          \
		"Bob", "bob@example.com", "+2 345" \
	}
#define CLEO                               \
	{                                  \
		"", "cleo@example.com", "" \
	}
#define DREW                     \
	{                        \
		"", "", "+4 567" \
	}

enum whom { KNOWN_0 = 0, KNOWN_1 = 1, NEW = 9 };

static const struct resolution {
	const char *name;
	struct person known[2];
	struct person says;
	enum whom is;          /* the expected contact: an existing or a new one */
	struct person becomes; /* its fields afterwards */
} resolutions[] = {
    /* No match: a new contact. */
    {"nobody is known", {{0}}, ADA, NEW, ADA},
    {"neither matches", {ADA, BOB}, {"Eve", "eve@example.com", "+9"}, NEW,
	{"Eve", "eve@example.com", "+9"}},
    {"a name is nobody's", {ADA}, {"Ada", "", ""}, NEW, {"Ada", "", ""}},
    {"an e-mail alone", {{0}}, {"", "x@y", ""}, NEW, {"", "x@y", ""}},
    {"a phone alone", {{0}}, {"", "", "1"}, NEW, {"", "", "1"}},
    {"white space at the ends", {{0}}, {" Ada ", "\tada@example.com\n", "\u00a0+1 234 "}, NEW,
	ADA},

    /* Both match the same contact: unchanged. */
    {"both the same", {ADA, BOB}, ADA, KNOWN_0, ADA},
    {"both the same, another name", {ADA, BOB}, {"Lady A.", "ada@example.com", "+1 234"},
	KNOWN_0, ADA},
    {"both the same, otherwise written", {ADA, BOB}, {"", "ADA@Example.Com", "(+1) 2-3-4"},
	KNOWN_0, ADA},

    /* One matches: its empty fields are filled. */
    {"the e-mail", {ADA, BOB}, {"", "bob@example.com", ""}, KNOWN_1, BOB},
    {"the phone", {ADA, BOB}, {"", "", "+2345"}, KNOWN_1, BOB},
    {"the e-mail, and no phone was known", {CLEO}, {"Cleo", "cleo@example.com", "+3"}, KNOWN_0,
	{"Cleo", "cleo@example.com", "+3"}},
    {"the phone, and no e-mail was known", {DREW}, {"Drew", "drew@example.com", "+4567"},
	KNOWN_0, {"Drew", "drew@example.com", "+4 567"}},
    {"the e-mail, with another phone", {ADA}, {"", "ada@example.com", "+9"}, KNOWN_0, ADA},
    {"the phone, with another e-mail", {ADA}, {"A", "other@example.com", "+1234"}, KNOWN_0,
	ADA},
    {"the e-mail, otherwise written", {CLEO}, {"Cleo", "CLEO@EXAMPLE.COM", ""}, KNOWN_0,
	{"Cleo", "cleo@example.com", ""}},

    /* Two different contacts match: the e-mail's wins, unchanged. */
    {"two different", {ADA, BOB}, {"", "ada@example.com", "+2 345"}, KNOWN_0, ADA},
    {"two different, the other way", {ADA, BOB}, {"", "bob@example.com", "+1 234"}, KNOWN_1,
	BOB},
    {"two different, one without a phone", {CLEO, DREW}, {"C", "cleo@example.com", "+4 567"},
	KNOWN_0, CLEO},

    /* In any script. */
    {"umlauts", {{"", "j\u00fcrgen@b\u00fccher.example", ""}},
	{"", "J\u00dcRGEN@B\u00dcCHER.EXAMPLE", ""}, KNOWN_0,
	{"", "j\u00fcrgen@b\u00fccher.example", ""}},
    {"decomposed", {{"", "ju\u0308rgen@x", ""}}, {"", "J\u00dcRGEN@x", ""}, KNOWN_0,
	{"", "ju\u0308rgen@x", ""}},
    {"sharp s", {{"", "stra\u00dfe@x", ""}}, {"", "STRASSE@x", ""}, KNOWN_0,
	{"", "stra\u00dfe@x", ""}},
    {"Cyrillic", {{"", "\u0418\u0432\u0430\u043d@x", ""}},
	{"", "\u0438\u0412\u0410\u041d@x", ""}, KNOWN_0,
	{"", "\u0418\u0432\u0430\u043d@x", ""}},
    {"Cyrillic is not Latin", {{"", "ada@x", ""}}, {"", "\u0430d\u0430@x", ""}, NEW,
	{"", "\u0430d\u0430@x", ""}},
    {"a number with + is another", {DREW}, {"", "", "4567"}, NEW, {"", "", "4567"}},
    {"a number with 00 is another", {DREW}, {"", "", "004567"}, NEW, {"", "", "004567"}},
    {"digits of another width are none", {DREW}, {"", "", "+4567 \uff11"}, KNOWN_0, DREW},
};

static void
expect_person(const struct msg_contact_record *contact, const struct person *person)
{
	assert_text(contact->name, person->name);
	assert_text(contact->email, person->email);
	assert_text(contact->phone, person->phone);
}

static bool
says_something(const struct person *p)
{
	return p->name != NULL;
}

static struct msg_contact_submit
submission_of(const struct guest *guest, const struct person *p)
{
	return submit_of(guest, p->name, p->email, p->phone);
}

static size_t
names_of_contacts(struct fixture *f)
{
	return table_count(f, TABLE_CONTACTS_BY_EMAIL) +
	    table_count(f, TABLE_CONTACTS_BY_PHONE);
}

static void
check_resolution(struct fixture *f, const struct resolution *r)
{
	struct msg_contact_submit submission;
	struct msg_contact_record contact;
	struct id known[2] = {{{0}}};
	size_t n = 0, names;
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	for (size_t i = 0; i < 2 && says_something(&r->known[i]); i++) {
		guest = make_guest(f, PUBLIC_ID);
		submission = submission_of(&guest, &r->known[i]);
		known[i] = submit(f, &submission).id;
		assert_true(id_equal(&known[i], &submission.fresh_id));
		n++;
	}
	guest = make_guest(f, PUBLIC_ID);
	submission = submission_of(&guest, &r->says);
	contact = submit(f, &submission);
	assert_true(id_equal(&contact.id, r->is == NEW ? &submission.fresh_id : &known[r->is]));
	expect_person(&contact, &r->becomes);
	assert_int_equal(table_count(f, TABLE_CONTACTS), n + (r->is == NEW));
	known[0] = contact.id;
	guest.record = stored_guest(f, &guest);
	assert_true(id_equal(&guest.record.contact, &known[0]));

	/* A repeat changes nothing, by the same request or by another visitor. */
	names = names_of_contacts(f);
	contact = submit(f, &submission);
	assert_true(id_equal(&contact.id, &known[0]));
	expect_person(&contact, &r->becomes);
	assert_int_equal(table_count(f, TABLE_CONTACTS), n + (r->is == NEW));
	assert_int_equal(names_of_contacts(f), names);
}

TEST(a_visitor_is_resolved_as_the_contract_orders)
{
	for (size_t i = 0; i < ARRAY_LEN(resolutions); i++) {
		void *f;

		print_message("  %s\n", resolutions[i].name);
		assert_int_equal(fixture_setup(&f), 0);
		check_resolution(f, &resolutions[i]);
		assert_int_equal(fixture_teardown(&f), 0);
	}
}

STORE_TEST(what_says_nothing_is_refused)
{
	static const struct person nothing[] = {
	    {"", "", ""},
	    {" ", "\n", "\u2028"},
	    {"Ada", "", "none"},
	    {"", "", "+"},
	    {"", "", "\uff11"},
	};
	struct fixture *f = *state;
	struct msg_contact_submit submission;
	char email[EMAIL_MAX + 1] = "";
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		submission = submission_of(&guest, &nothing[i]);
		ask_error(f, MSG_CONTACT_SUBMIT, &submission, STORE_INVALID);
	}
	/* Its folded form would exceed the key. */
	for (size_t i = 0; i + 3 <= EMAIL_MAX; i += 3)
		memcpy(email + i, "\u1f80", 4);
	submission = submit_of(&guest, "", email, "");
	ask_error(f, MSG_CONTACT_SUBMIT, &submission, STORE_INVALID);
	submission = submit_of(&guest, "Ada", "", "");
	submission.fresh_id = (struct id){0};
	ask_error(f, MSG_CONTACT_SUBMIT, &submission, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 0);
	assert_int_equal(stored_guest(f, &guest).used, 0);
}

STORE_TEST(only_a_good_token_says_who_it_is)
{
	struct fixture *f = *state;
	struct id widget = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_contact_submit submission = submit_of(&guest, "Ada", "", "");
	struct msg_contact_submit unknown = submission;

	unknown.token = fresh_token();
	ask_error(f, MSG_CONTACT_SUBMIT, &unknown, STORE_GONE);
	reset_widget(f, &widget);
	ask_error(f, MSG_CONTACT_SUBMIT, &submission, STORE_GONE);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 0);
}

/* A visitor of another organization's widget. */
static struct guest
make_foreign_guest(struct fixture *f, struct id *org)
{
	struct msg_record_list list = {.kind = MSG_WIDGET_RECORD, .limit = 1};
	struct msg_widget_record widget;
	struct msg_visitor_open open;
	union msg m;

	*org = list.org = make_org(f);
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	list_item(m.record_page.records, 0, MSG_WIDGET_RECORD, &widget);
	open = open_of("", NULL);
	open.public_id = widget.public_id;
	return open_as(f, &open, false);
}

STORE_TEST(organizations_know_nothing_of_each_others_contacts)
{
	struct fixture *f = *state;
	struct msg_contact_submit mine, theirs;
	struct msg_record_list list = {
	    .kind = MSG_CONTACT_RECORD, .email = slice_str("ada@example.com")};
	struct guest guest, foreign;
	struct id org, id;
	union msg m;

	make_widget(f, PUBLIC_ID);
	guest = make_guest(f, PUBLIC_ID);
	foreign = make_foreign_guest(f, &org);
	mine = submit_of(&guest, "Ada", "ada@example.com", "+1 234");
	theirs = submit_of(&foreign, "A. L.", "ADA@example.com", "+1234");
	id = submit(f, &mine).id;
	assert_true(id_equal(&id, &mine.fresh_id));
	id = submit(f, &theirs).id;
	assert_true(id_equal(&id, &theirs.fresh_id));

	list.org = org;
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 1);
	ask_error(f, MSG_RECORD_GET,
	    &(struct msg_record_get){
		.kind = MSG_CONTACT_RECORD, .org = org, .id = mine.fresh_id},
	    STORE_NOT_FOUND);
	ask_error(f, MSG_RECORD_DELETE,
	    &(struct msg_record_delete){
		.kind = MSG_CONTACT_RECORD, .org = org, .id = mine.fresh_id},
	    STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 2);
}

/* The contact of the only conversation of these ids, by its record and by the list. */
static void
expect_conversation_of(
    struct fixture *f, const struct id *conversation, const struct id *contact)
{
	struct msg_conversation_list list = {.org = id_default_org, .contact = *contact};
	struct msg_conversation_record record = conversation_record(f, conversation);
	union msg m;

	assert_true(id_equal(&record.contact, contact));
	if (id_is_zero(contact))
		return;
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(list_len(m.conversation_page.conversations), 1);
	list_item(m.conversation_page.conversations, 0, MSG_CONVERSATION_RECORD, &record);
	assert_true(id_equal(&record.id, conversation));
}

STORE_TEST(a_conversation_is_with_its_visitors_contact)
{
	struct fixture *f = *state;
	struct msg_contact_submit first, second, later;
	struct msg_turn_begin begin, begin_later;
	struct guest guest, late;
	struct id contact;

	make_widget(f, PUBLIC_ID);
	/* A visitor that writes first and submits a contact later. */
	guest = make_guest(f, PUBLIC_ID);
	begin = guest_says(&guest, "hello");
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	first = submit_of(&guest, "Ada", "ada@example.com", "");
	contact = submit(f, &first).id;
	expect_conversation_of(f, &begin.conversation, &contact);
	/* Another e-mail is another contact. */
	second = submit_of(&guest, "Bob", "bob@example.com", "");
	contact = submit(f, &second).id;
	assert_true(id_equal(&contact, &second.fresh_id));
	expect_conversation_of(f, &begin.conversation, &contact);
	/* A visitor that submits a contact first and writes later. */
	late = make_guest(f, PUBLIC_ID);
	later = submit_of(&late, "", "ada@example.com", "");
	contact = submit(f, &later).id;
	assert_true(id_equal(&contact, &first.fresh_id));
	begin_later = guest_says(&late, "me too");
	ask(f, MSG_TURN_BEGIN, &begin_later, MSG_TURN_BEGUN, NULL);
	expect_conversation_of(f, &begin_later.conversation, &contact);
}

/* Creates n contacts, oldest first. */
static void
make_contacts(struct fixture *f, struct id *ids, size_t n)
{
	struct guest guest = make_guest(f, PUBLIC_ID);

	for (size_t i = 0; i < n; i++) {
		struct msg_contact_submit submission;
		char email[48], phone[32];

		snprintf(email, sizeof(email), "c%zu@example.com", i);
		snprintf(phone, sizeof(phone), "+49 %zu", i);
		submission = submit_of(&guest, "C", email, phone);
		ids[i] = submit(f, &submission).id;
	}
}

STORE_TEST(contacts_are_listed_from_the_newest)
{
	struct fixture *f = *state;
	struct msg_record_list list = {
	    .kind = MSG_CONTACT_RECORD, .org = id_default_org, .limit = 3};
	struct msg_contact_record record;
	struct id ids[10], org;
	size_t seen = 0;
	union msg m;

	make_widget(f, PUBLIC_ID);
	make_foreign_guest(f, &org);
	make_contacts(f, ids, ARRAY_LEN(ids));
	do {
		size_t n;

		ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
		n = list_len(m.record_page.records);
		for (size_t i = 0; i < n; i++) {
			list_item(m.record_page.records, i, MSG_CONTACT_RECORD, &record);
			assert_true(id_equal(&record.id, &ids[ARRAY_LEN(ids) - 1 - seen++]));
		}
		list.cursor = m.record_page.next;
	} while (!id_is_zero(&m.record_page.next));
	assert_int_equal(seen, ARRAY_LEN(ids));
	list = (struct msg_record_list){.kind = MSG_CONTACT_RECORD, .org = org};
	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	assert_int_equal(list_len(m.record_page.records), 0);
	assert_true(id_is_zero(&m.record_page.next));
}

STORE_TEST(a_contact_is_found_by_what_it_has)
{
	static const struct {
		const char *email, *phone;
		int found; /* -1: nobody */
	} cases[] = {
	    {"c1@example.com", "", 1},
	    {"C1@EXAMPLE.COM", "", 1},
	    {"", "+492", 2},
	    {"c2@example.com", "+49-2", 2},
	    {"c1@example.com", "+492", -1},
	    {"c1@example.com", "+499", -1},
	    {"nobody@example.com", "", -1},
	    {"", "none", -1},
	};
	struct fixture *f = *state;
	struct id ids[3];

	make_widget(f, PUBLIC_ID);
	make_contacts(f, ids, ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct msg_record_list list = {.kind = MSG_CONTACT_RECORD,
		    .org = id_default_org,
		    .email = slice_str(cases[i].email),
		    .phone = slice_str(cases[i].phone)};
		struct msg_contact_record record;
		union msg m;

		ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
		assert_int_equal(list_len(m.record_page.records), cases[i].found == -1 ? 0 : 1);
		if (cases[i].found == -1)
			continue;
		list_item(m.record_page.records, 0, MSG_CONTACT_RECORD, &record);
		assert_true(id_equal(&record.id, &ids[cases[i].found]));
		/* The cursor of the contact itself gives an empty last page. */
		list.cursor = record.id;
		ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
		assert_int_equal(list_len(m.record_page.records), 0);
	}
}

static struct msg_contact_record
record_of(const struct id *id, const char *name, const char *email, const char *phone)
{
	return (struct msg_contact_record){
	    .v = RECORD_VERSION,
	    .id = *id,
	    .org = id_default_org,
	    .name = slice_str(name),
	    .email = slice_str(email),
	    .phone = slice_str(phone),
	    .created_at = 1,
	    .updated_at = 1,
	};
}

/* Puts a contact, or imports it as a tool. code 0: it succeeds. */
static void
put_as(struct fixture *f, bool import, const struct msg_contact_record *record,
    enum store_error code)
{
	struct msg_import_record tools = {.type = MSG_CONTACT_RECORD};
	struct msg_record_put put = {.kind = MSG_CONTACT_RECORD};
	enum msg_type type = import ? MSG_IMPORT_RECORD : MSG_RECORD_PUT;

	tools.record = put.record = encoded(MSG_CONTACT_RECORD, record);
	f->a.role = import ? ROLE_TOOL : ROLE_WORKER;
	if (code != 0)
		ask_error(f, type, import ? (const void *)&tools : &put, code);
	else
		ask(f, type, import ? (const void *)&tools : &put, import ? MSG_OK : MSG_RECORD,
		    NULL);
	f->a.role = ROLE_WORKER;
}

static struct msg_contact_record
get(struct fixture *f, const struct id *id)
{
	struct msg_record_get get = {
	    .kind = MSG_CONTACT_RECORD, .org = id_default_org, .id = *id};
	struct msg_contact_record record;
	union msg m;

	ask(f, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	assert_int_equal(record_decode(m.record.record, MSG_CONTACT_RECORD, &record), WIRE_OK);
	return record;
}

/* The contact that a filtered list finds; a zero id: none. */
static struct id
found_by(struct fixture *f, const char *email, const char *phone)
{
	struct msg_record_list list = {.kind = MSG_CONTACT_RECORD,
	    .org = id_default_org,
	    .email = slice_str(email),
	    .phone = slice_str(phone)};
	struct msg_contact_record record = {.v = 0};
	union msg m;

	ask(f, MSG_RECORD_LIST, &list, MSG_RECORD_PAGE, &m);
	if (list_len(m.record_page.records) > 0)
		list_item(m.record_page.records, 0, MSG_CONTACT_RECORD, &record);
	return record.id;
}

/* A changed copy of the stored contact with this id. */
static struct msg_contact_record
change_of(struct fixture *f, const struct id *id, const char *name, const char *email,
    const char *phone)
{
	struct msg_contact_record record = record_of(id, name, email, phone);

	record.updated_at = get(f, id).updated_at;
	return record;
}

STORE_TEST(a_contact_is_changed_with_what_it_is_found_by)
{
	struct fixture *f = *state;
	struct msg_contact_record record;
	struct id ids[2], found;
	uint64_t created_at;

	make_widget(f, PUBLIC_ID);
	make_contacts(f, ids, ARRAY_LEN(ids));
	created_at = get(f, &ids[0]).created_at;
	record = change_of(f, &ids[0], "Zoe", "zoe@example.com", "+49 0");
	put_as(f, false, &record, 0);
	record = get(f, &ids[0]);
	assert_text(record.name, "Zoe");
	assert_int_equal(record.created_at, created_at);
	assert_true(record.updated_at >= created_at);
	found = found_by(f, "zoe@example.com", "");
	assert_true(id_equal(&found, &ids[0]));
	found = found_by(f, "", "+490");
	assert_true(id_equal(&found, &ids[0]));
	found = found_by(f, "c0@example.com", "");
	assert_true(id_is_zero(&found));
	/* Written differently, e-mail and phone still belong to it; it may lose both. */
	record = change_of(f, &ids[0], "", "ZOE@example.com", "");
	put_as(f, false, &record, 0);
	assert_text(get(f, &ids[0]).email, "ZOE@example.com");
	record = change_of(f, &ids[0], "", "", "");
	put_as(f, false, &record, 0);
	assert_int_equal(table_count(f, TABLE_CONTACTS_BY_EMAIL), 1);
	assert_int_equal(table_count(f, TABLE_CONTACTS_BY_PHONE), 1);
}

STORE_TEST(a_contact_does_not_become_another_one)
{
	struct fixture *f = *state;
	struct id ids[2], unknown = id_new();
	struct msg_contact_record record;

	make_widget(f, PUBLIC_ID);
	make_contacts(f, ids, ARRAY_LEN(ids));
	record = change_of(f, &ids[0], "C", "C1@example.com", "+490");
	put_as(f, false, &record, STORE_EXISTS);
	record = change_of(f, &ids[0], "C", "c0@example.com", "+491");
	put_as(f, false, &record, STORE_EXISTS);
	record = change_of(f, &ids[0], "C", "", "none");
	put_as(f, false, &record, STORE_INVALID);
	record = record_of(&unknown, "C", "", "");
	put_as(f, false, &record, STORE_NOT_FOUND);
	record = change_of(f, &ids[0], "C", "", "");
	record.org = id_new();
	put_as(f, false, &record, STORE_NOT_FOUND);
	record = change_of(f, &ids[0], "C", "", "");
	record.v = 0;
	put_as(f, false, &record, STORE_INVALID);
	assert_text(get(f, &ids[0]).email, "c0@example.com");
	assert_text(get(f, &ids[0]).phone, "+49 0");
}

STORE_TEST(a_change_of_what_was_changed_meanwhile_is_refused)
{
	struct fixture *f = *state;
	struct id id = make_widget(f, PUBLIC_ID);
	struct guest guest = make_guest(f, PUBLIC_ID);
	struct msg_contact_submit first = submit_of(&guest, "", "c@example.com", "");
	struct msg_contact_submit more = submit_of(&guest, "", "c@example.com", "+49 1");
	struct msg_contact_record record, stale;

	record = submit(f, &first);
	id = record.id;
	/* Not even when the clock stands still. */
	clock_freeze_wall(record.updated_at);
	stale = change_of(f, &id, "Ann", "c@example.com", "");
	submit(f, &more);
	put_as(f, false, &stale, STORE_STALE);
	assert_text(get(f, &id).phone, "+49 1");
	record = change_of(f, &id, "Ann", "c@example.com", "+49 1");
	put_as(f, false, &record, 0);
	/* A repeated request is recognized by its content, and changes nothing. */
	put_as(f, false, &record, 0);
	assert_int_equal(get(f, &id).updated_at, record.updated_at + 1);
	put_as(f, false, &stale, STORE_STALE);
	clock_freeze_wall(0);
}

/* The contact in a visitor's stored record, whether it exists or not. */
static struct id
contact_named_by(struct fixture *f, const struct guest *guest)
{
	struct key key = key_hash(&guest->token);
	struct msg_visitor_record record;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(
	    txn_get_record(&t, TABLE_VISITORS, &key, MSG_VISITOR_RECORD, &record), 0);
	txn_abort(&t);
	return record.contact;
}

STORE_TEST(a_contact_that_is_deleted_leaves_its_conversations)
{
	struct fixture *f = *state;
	struct msg_record_delete delete = {.kind = MSG_CONTACT_RECORD, .org = id_default_org};
	struct msg_contact_submit submission;
	struct msg_visitor_open open;
	struct guest guests[3], silent;
	struct msg_turn_begin begins[3];
	const struct id none = {0};
	struct id contact;

	make_widget(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(guests); i++) {
		guests[i] = make_guest(f, PUBLIC_ID);
		begins[i] = guest_says(&guests[i], "hello");
		ask(f, MSG_TURN_BEGIN, &begins[i], MSG_TURN_BEGUN, NULL);
		submission = submit_of(&guests[i], "Ada", "ada@example.com", "+1 234");
		delete.id = submit(f, &submission).id;
	}
	silent = make_guest(f, PUBLIC_ID);
	submission = submit_of(&silent, "", "ada@example.com", "");
	submit(f, &submission);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 3);

	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
	ask_error(f, MSG_RECORD_DELETE, &delete, STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 0);
	assert_int_equal(names_of_contacts(f), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 0);
	for (size_t i = 0; i < ARRAY_LEN(guests); i++) {
		expect_conversation_of(f, &begins[i].conversation, &none);
		contact = contact_named_by(f, &guests[i]);
		assert_true(id_is_zero(&contact));
	}
	/* A visitor without a conversation loses its contact, too. */
	open = open_of(PUBLIC_ID, &silent.token);
	silent = open_as(f, &open, true);
	assert_true(id_is_zero(&silent.record.contact));
	submission = submit_of(&silent, "", "ada@example.com", "");
	submit(f, &submission);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 1);
}

/* A damaged conversation keeps its contact id; `banter verify` reports it. */
STORE_TEST(a_contact_with_a_damaged_conversation_can_be_deleted)
{
	struct fixture *f = *state;
	struct msg_record_delete delete = {.kind = MSG_CONTACT_RECORD, .org = id_default_org};
	struct msg_contact_submit submission;
	struct msg_turn_begin begins[3];
	const struct id none = {0};
	struct guest guest;

	make_widget(f, PUBLIC_ID);
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		guest = make_guest(f, PUBLIC_ID);
		submission = submit_of(&guest, "", "ada@example.com", "");
		delete.id = submit(f, &submission).id;
		begins[i] = guest_says(&guest, "hello");
		ask(f, MSG_TURN_BEGIN, &begins[i], MSG_TURN_BEGUN, NULL);
	}
	damage(f, TABLE_CONVERSATIONS, &begins[1].conversation);
	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 0);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 0);
	expect_conversation_of(f, &begins[0].conversation, &none);
	expect_conversation_of(f, &begins[2].conversation, &none);
}

/* Conversations of a contact, without messages. */
static void
give_conversations(struct fixture *f, const struct id *contact, unsigned n)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (unsigned i = 0; i < n; i++) {
		struct id id = id_new(), visitor = id_new();
		const struct visitor_session session = visitor_session(&visitor);
		const struct msg_conversation_record conversation = {
		    .v = RECORD_VERSION,
		    .id = id,
		    .org = id_default_org,
		    .widget = id_default_widget,
		    .session = slice_str(session.s),
		    .created_at = 1,
		    .updated_at = 1 + i,
		    .next_seq = 1,
		    .contact = *contact,
		};

		assert_int_equal(conversation_put(&t, &conversation, NULL, 0), 0);
	}
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(a_contact_with_very_many_conversations_is_deleted_in_steps)
{
	struct fixture *f = *state;
	struct id id = id_new();
	const struct msg_contact_record record = record_of(&id, "", "ada@example.com", "");
	const struct msg_record_delete delete = {
	    .kind = MSG_CONTACT_RECORD, id_default_org, id};

	put_as(f, true, &record, 0);
	give_conversations(f, &id, 2 * UNLINKS_MAX + 1);
	for (unsigned left = UNLINKS_MAX + 1; left <= UNLINKS_MAX + 1; left -= UNLINKS_MAX) {
		ask(f, MSG_RECORD_DELETE, &delete, MSG_UNFINISHED, NULL);
		assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), left);
		assert_text(get(f, &id).email, "ada@example.com");
		expect_whole(f);
	}
	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 0);
	assert_int_equal(table_count(f, TABLE_CONTACTS), 0);
	/* The last step may unlink as many as a full step. */
	put_as(f, true, &record, 0);
	give_conversations(f, &id, UNLINKS_MAX);
	ask(f, MSG_RECORD_DELETE, &delete, MSG_OK, NULL);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 3 * UNLINKS_MAX + 1);
}

STORE_TEST(an_imported_contact_comes_back)
{
	struct fixture *f = *state;
	struct id id = id_new(), other = id_new(), found;
	struct msg_contact_record record = record_of(&id, "Ada", "ada@example.com", "+1"), bad;

	put_as(f, true, &record, 0);
	put_as(f, true, &record, 0);
	assert_int_equal(get(f, &id).created_at, 1);
	assert_int_equal(get(f, &id).updated_at, 1);
	record.email = slice_str("countess@example.com");
	put_as(f, true, &record, 0);
	found = found_by(f, "countess@example.com", "");
	assert_true(id_equal(&found, &id));
	assert_int_equal(names_of_contacts(f), 2);
	bad = record_of(&other, "", "", "+1");
	put_as(f, true, &bad, STORE_INVALID);
	bad = record_of(&other, "", "", "none");
	put_as(f, true, &bad, STORE_INVALID);
	bad = record;
	bad.id = (struct id){0};
	put_as(f, true, &bad, STORE_INVALID);
}

TEST_MAIN(NULL, NULL)
