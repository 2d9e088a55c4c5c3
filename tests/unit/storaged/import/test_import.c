/*
 * Imports: an export comes back byte by byte, however often it is imported; and no line of a file
 * breaks the store (the fixture checks every invariant at the end).
 */
#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/storaged/store_everything.h"

#include "storaged/conversations/conversations.h"
#include "tests/unit/unit.h"

#define TIME_MAX_MS 253402300799999ull

/* Client b is the banter command. */
static enum msg_type
import(struct fixture *f, enum msg_type type, const void *msg, enum store_error *code)
{
	uint64_t request;
	enum msg_type answer;
	union msg m;

	f->b.role = ROLE_TOOL;
	request = send_request(f, &f->b, type, msg);
	commit(f);
	answer = take_answer(f, &f->b, request, &m);
	*code = answer == MSG_ERROR ? (enum store_error)m.error.code : 0;
	return answer;
}

static void
expect_import(struct fixture *f, enum msg_type type, const void *msg, enum store_error expected)
{
	enum store_error code;
	enum msg_type answer = import(f, type, msg, &code);

	assert_int_equal(answer, expected == 0 ? MSG_OK : MSG_ERROR);
	assert_int_equal(code, expected);
}

static struct slice
encode(struct buf *b, enum msg_type type, const void *record)
{
	buf_init(b, RECORD_MAX);
	assert_int_equal(record_encode(b, type, record), 0);
	return buf_slice(b);
}

/* 0: imported. */
static void
put_conversation(
    struct fixture *f, const struct msg_conversation_record *record, enum store_error expected)
{
	struct msg_import_conversation msg;
	struct buf b;

	msg.conversation = encode(&b, MSG_CONVERSATION_RECORD, record);
	expect_import(f, MSG_IMPORT_CONVERSATION, &msg, expected);
	buf_clear(&b);
}

static void
put_message(struct fixture *f, const struct id *conversation, uint64_t seq,
    const struct msg_message_record *record, enum store_error expected)
{
	struct msg_import_message msg = {.conversation = *conversation, .seq = seq};
	struct buf b;

	msg.message = encode(&b, MSG_MESSAGE_RECORD, record);
	expect_import(f, MSG_IMPORT_MESSAGE, &msg, expected);
	buf_clear(&b);
}

static void
put_login(struct fixture *f, const char *token, const struct msg_login_record *record,
    enum store_error expected)
{
	struct msg_import_login msg = {.token = secret_hash(slice_str(token))};
	struct buf b;

	msg.login = encode(&b, MSG_LOGIN_RECORD, record);
	expect_import(f, MSG_IMPORT_LOGIN, &msg, expected);
	buf_clear(&b);
}

static void
put_client_id(struct fixture *f, const struct id *conversation, uint64_t seq, const char *name,
    enum store_error expected)
{
	struct msg_import_client_id msg = {
	    .conversation = *conversation, .seq = seq, .client_id = slice_str(name)};

	expect_import(f, MSG_IMPORT_CLIENT_ID, &msg, expected);
}

static struct msg_conversation_record
conversation_of(const char *session)
{
	return (struct msg_conversation_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(session),
	    .created_at = 1000,
	    .updated_at = 2000,
	    .next_seq = 5,
	    .messages = 77,
	    .last_message = slice_str("last"),
	};
}

static struct msg_message_record
question_of(const char *text)
{
	return (struct msg_message_record){
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .role = MESSAGE_USER,
	    .created_at = 1500,
	    .text = slice_str(text),
	};
}

static struct msg_message_record
reply_of(const char *text)
{
	struct msg_message_record reply = question_of(text);

	reply.role = MESSAGE_ASSISTANT;
	reply.prompt_tokens = 3;
	reply.completion_tokens = 4;
	return reply;
}

static struct msg_login_record
login_of(uint64_t expires_at)
{
	return (struct msg_login_record){.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .created_at = 1,
	    .expires_at = expires_at};
}

/* Calls each for every entry of a table. */
static void
for_each(struct fixture *from, enum table table, struct fixture *to,
    void (*each)(struct fixture *to, struct slice key, struct slice value))
{
	const struct key all = {0};
	struct walk w;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &from->env, TXN_READ), 0);
	assert_int_equal(walk_open(&w, &t, table, &all), 0);
	for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w))
		each(to, w.key, w.value);
	assert_int_equal(rc, MDB_NOTFOUND);
	walk_close(&w);
	txn_abort(&t);
}

static void
copy_conversation(struct fixture *to, struct slice key, struct slice value)
{
	(void)key;
	expect_import(to, MSG_IMPORT_CONVERSATION,
	    &(struct msg_import_conversation){.conversation = value}, 0);
}

static void
copy_message(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_message msg = {
	    .conversation = key_front(key), .seq = message_seq(key), .message = value};

	expect_import(to, MSG_IMPORT_MESSAGE, &msg, 0);
}

static void
copy_client_id(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_client_id msg = {
	    .conversation = key_front(key), .client_id = client_id_name(key)};
	struct msg_client_id_record record;

	assert_int_equal(record_decode(value, MSG_CLIENT_ID_RECORD, &record), WIRE_OK);
	msg.seq = record.seq;
	expect_import(to, MSG_IMPORT_CLIENT_ID, &msg, 0);
}

static void
copy_login(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_login msg = {.login = value};

	memcpy(msg.token.b, key.p, sizeof(msg.token.b));
	expect_import(to, MSG_IMPORT_LOGIN, &msg, 0);
}

/* Like copy_conversation(), for a table that is imported as records of a type. */
static enum msg_type copied;

static void
copy_record(struct fixture *to, struct slice key, struct slice value)
{
	(void)key;
	expect_import(to, MSG_IMPORT_RECORD,
	    &(struct msg_import_record){.type = (uint16_t)copied, .record = value}, 0);
}

static void
copy_store(struct fixture *from, struct fixture *to)
{
	static const struct {
		enum table table;
		enum msg_type type;
	} records[] = {
	    {TABLE_AGENTS, MSG_AGENT_RECORD},
	    {TABLE_WIDGETS, MSG_WIDGET_RECORD},
	    {TABLE_ORGS, MSG_ORG_RECORD},
	    {TABLE_USERS, MSG_USER_RECORD},
	    {TABLE_KEYS, MSG_KEY_RECORD},
	    {TABLE_CONTACTS, MSG_CONTACT_RECORD},
	    {TABLE_VISITORS, MSG_VISITOR_RECORD},
	};

	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		copied = records[i].type;
		for_each(from, records[i].table, to, copy_record);
	}
	for_each(from, TABLE_CONVERSATIONS, to, copy_conversation);
	for_each(from, TABLE_MESSAGES, to, copy_message);
	for_each(from, TABLE_CLIENT_IDS, to, copy_client_id);
	for_each(from, TABLE_LOGINS, to, copy_login);
}

/* Removes what an export does not contain. */
static void
forget_caps(struct fixture *f)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(mdb_drop(t.mdb, f->env.dbi[TABLE_CAPS], 0), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Conversations of two organizations, with every kind of ended reply, and one record of every
 * other kind. */
static void
make_store(struct fixture *f)
{
	struct msg_turn_begin foreign = begin_of("visitor", "bonjour");
	struct msg_turn_begin stopped = begin_of("visitor", "stop");
	struct msg_turn_begin broken = begin_of("visitor", "break");
	struct msg_turn_finish stop = finish_of(&stopped.turn, "stopp");
	struct msg_turn_finish end = finish_of(&foreign.turn, "");
	struct msg_turn_checkpoint piece = piece_of(&broken.turn, 0, "half a re");
	struct msg_login_create login = {
	    .org = id_default_org,
	    .id = id_new(),
	    .token = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 1000000,
	};

	chat(f, "visitor", "question", "answer");
	foreign.org = make_org(f);
	foreign.client_id = broken.client_id = slice_str("the first");
	stopped.client_id = slice_str("a second");
	ask(f, MSG_TURN_BEGIN, &foreign, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	stop.status = MESSAGE_STOPPED;
	ask(f, MSG_TURN_BEGIN, &stopped, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_FINISH, &stop, MSG_OK, NULL);
	chat(f, "other", "\xf0\x9f\x98\x80", "\xe2\x80\xaf");
	ask(f, MSG_TURN_BEGIN, &broken, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	lose(f, &f->a);
	ask(f, MSG_LOGIN_CREATE, &login, MSG_OK, NULL);
	make_everything(f);
	forget_caps(f);
}

/* The export may have been made to achieve that. */
STORE_TEST(a_thread_does_not_go_on_beyond_the_last_place)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_turn_begin first = begin_of("visitor", "first");
	struct msg_turn_begin second = begin_of("visitor", "second");

	r.next_seq = SEQ_MAX - 1;
	put_conversation(f, &r, 0);
	ask(f, MSG_TURN_BEGIN, &first, MSG_TURN_BEGUN, NULL);
	ask_error(f, MSG_TURN_BEGIN, &second, STORE_INVALID);
	r = conversation_record(f, &r.id);
	assert_int_equal(r.next_seq, SEQ_MAX + 1);
	/* The exported part comes back. */
	r.session = slice_str("visitor");
	r.last_message = slice_str("first");
	put_conversation(f, &r, 0);
}

STORE_TEST(an_export_can_be_imported_repeatedly)
{
	struct fixture *from = *state, *to;
	struct contents whole;
	void *other;

	make_store(from);
	contents_take(from, &whole);
	assert_int_equal(fixture_setup(&other), 0);
	to = other;
	for (int i = 0; i < 3; i++) {
		copy_store(from, to);
		contents_expect(to, &whole);
	}
	assert_int_equal(fixture_teardown(&other), 0);
	contents_clear(&whole);
}

STORE_TEST(what_was_erased_comes_back_among_the_rest)
{
	struct fixture *from = *state, *to;
	struct msg_visitor_erase gone = {.org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("visitor")};
	struct contents whole;
	void *other;

	make_store(from);
	contents_take(from, &whole);
	assert_int_equal(fixture_setup(&other), 0);
	to = other;
	copy_store(from, to);
	ask(to, MSG_VISITOR_ERASE, &gone, MSG_ERASED, NULL);
	copy_store(from, to);
	contents_expect(to, &whole);
	assert_int_equal(fixture_teardown(&other), 0);
	contents_clear(&whole);
}

STORE_TEST(an_imported_conversation_continues)
{
	struct fixture *f = *state;
	struct msg_conversation_record conversation = conversation_of("visitor");
	struct msg_message_record one = question_of("one"), uno = reply_of("un");
	struct msg_turn_begin begin = begin_of("visitor", "two");
	struct msg_turn_checkpoint piece = piece_of(&uno.id, 0, "uno");
	struct msg_turn_finish finish = finish_of(&uno.id, "uno");
	union msg m;

	uno.status = MESSAGE_INTERRUPTED;
	put_conversation(f, &conversation, 0);
	put_message(f, &conversation.id, 1, &one, 0);
	put_message(f, &conversation.id, 2, &uno, 0);
	/* The reply's worker was only slow. */
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	assert_true(id_equal(&m.turn_begun.conversation, &conversation.id));
	EXPECT_MESSAGES(f, &conversation.id, "ccc", "one", "uno", "two");
	assert_int_equal(conversation_record(f, &conversation.id).next_seq, 7);
}

static void
import_record_of(
    struct fixture *f, enum msg_type type, const void *record, enum store_error refused)
{
	expect_import(f, MSG_IMPORT_RECORD,
	    &(struct msg_import_record){
		.type = (uint16_t)type, .record = encoded(type, record)},
	    refused);
}

STORE_TEST(records_that_name_missing_ones_are_refused)
{
	struct fixture *f = *state;
	const struct id nobody = id_new();
	struct msg_widget_record widget = widget_of(&id_default_org, &nobody, "wid_x");
	struct msg_org_record org = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .name = slice_str("Org"),
	    .widget = id_default_widget};
	struct msg_user_record user = user_of(&nobody, "u@example.com");
	struct msg_key_record key = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = nobody,
	    .key = secret_hash(slice_str("k"))};
	struct msg_import_login login = {.token = secret_hash(slice_str("l"))};
	struct msg_login_record record = login_of(1000);
	struct contents before;

	contents_take(f, &before);
	import_record_of(f, MSG_WIDGET_RECORD, &widget, STORE_INVALID);
	import_record_of(f, MSG_ORG_RECORD, &org, STORE_INVALID);
	import_record_of(f, MSG_USER_RECORD, &user, STORE_INVALID);
	import_record_of(f, MSG_KEY_RECORD, &key, STORE_INVALID);
	record.user = nobody;
	login.login = encoded(MSG_LOGIN_RECORD, &record);
	expect_import(f, MSG_IMPORT_LOGIN, &login, STORE_INVALID);
	contents_expect(f, &before);
	contents_clear(&before);

	widget.agent = id_default_agent;
	user.org = key.org = id_default_org;
	import_record_of(f, MSG_WIDGET_RECORD, &widget, 0);
	import_record_of(f, MSG_USER_RECORD, &user, 0);
	import_record_of(f, MSG_KEY_RECORD, &key, 0);
}

STORE_TEST(unknown_record_types_are_refused)
{
	struct fixture *f = *state;
	static const enum msg_type types[] = {MSG_CONVERSATION_RECORD, MSG_LOGIN_RECORD,
	    MSG_CAP_RECORD, MSG_HELLO, (enum msg_type)0, (enum msg_type)0xffff};
	struct msg_import_record m = {.record = slice_str("x")};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		m.type = (uint16_t)types[i];
		expect_import(f, MSG_IMPORT_RECORD, &m, STORE_INVALID);
	}
	for (unsigned type = MSG_ORG_RECORD; type <= MSG_CONTACT_RECORD; type++) {
		m.type = (uint16_t)type;
		expect_import(f, MSG_IMPORT_RECORD, &m, STORE_INVALID);
	}
}

STORE_TEST(a_conversation_is_imported_without_a_contact_that_is_not_there)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_contact_record contact = {.v = RECORD_VERSION,
	    .id = id_new(),
	    .org = id_default_org,
	    .name = slice_str("Zoe")};

	r.contact = contact.id;
	put_conversation(f, &r, 0);
	r = conversation_record(f, &r.id);
	assert_true(id_is_zero(&r.contact));
	import_record_of(f, MSG_CONTACT_RECORD, &contact, 0);
	r = conversation_of("visitor2");
	r.contact = contact.id;
	put_conversation(f, &r, 0);
	r = conversation_record(f, &r.id);
	assert_true(id_equal(&r.contact, &contact.id));
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS_BY_CONTACT), 1);
}

STORE_TEST(an_imported_conversation_s_state_follows_from_its_messages)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_message_record question = question_of("q"), reply = reply_of("a");

	r.next_seq = 3;
	r.state = CONVERSATION_ACTIVE;
	put_conversation(f, &r, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_ANY);
	put_message(f, &r.id, 1, &question, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_ANY);
	reply.status = MESSAGE_STOPPED;
	put_message(f, &r.id, 2, &reply, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_STOPPED);
	/* A reply replaces another one. */
	reply = reply_of("b");
	put_message(f, &r.id, 2, &reply, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_COMPLETE);
	question = question_of("q2");
	put_message(f, &r.id, 2, &question, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_ANY);
	/* The same conversation with a larger next place. */
	put_message(f, &r.id, 2, &reply, 0);
	r.next_seq = 5;
	put_conversation(f, &r, 0);
	assert_int_equal(conversation_record(f, &r.id).state, CONVERSATION_ANY);
}

STORE_TEST(a_conversation_comes_without_messages)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor"), got;

	put_conversation(f, &r, 0);
	got = conversation_record(f, &r.id);
	assert_int_equal(got.created_at, 1000);
	assert_int_equal(got.updated_at, 2000);
	assert_int_equal(got.next_seq, 5);
	assert_int_equal(got.messages, 0);
	assert_text(got.last_message, "last");
	assert_int_equal(stored_totals(f).conversations, 1);
	assert_int_equal(stored_totals(f).messages, 0);
}

STORE_TEST(one_that_is_there_gets_the_times_and_keeps_its_messages)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor"), got;
	struct msg_conversation_list list = {.org = id_default_org};
	union msg m;

	r.id = chat(f, "visitor", "one", "uno");
	chat(f, "visitor", "two", "due");
	chat(f, "other", "q", "a");
	r.updated_at = clock_wall_ms() + 100000;
	put_conversation(f, &r, 0);
	got = conversation_record(f, &r.id);
	assert_int_equal(got.created_at, 1000);
	assert_int_equal(got.updated_at, r.updated_at);
	assert_int_equal(got.messages, 4);
	assert_text(got.last_message, "last");
	EXPECT_MESSAGES(f, &r.id, "cccc", "one", "uno", "two", "due");
	assert_int_equal(stored_totals(f).conversations, 2);
	assert_int_equal(stored_totals(f).messages, 6);
	/* It moved in the list; the larger next place counts. */
	ask(f, MSG_CONVERSATION_LIST, &list, MSG_CONVERSATION_PAGE, &m);
	assert_int_equal(list_len(m.conversation_page.conversations), 2);
	list_item(m.conversation_page.conversations, 0, MSG_CONVERSATION_RECORD, &got);
	assert_true(id_equal(&got.id, &r.id));
	assert_int_equal(got.next_seq, 5);
	r.next_seq = 3;
	put_conversation(f, &r, 0);
	assert_int_equal(conversation_record(f, &r.id).next_seq, 5);
	r.next_seq = 30;
	put_conversation(f, &r, 0);
	assert_int_equal(conversation_record(f, &r.id).next_seq, 30);
}

STORE_TEST(newer_messages_than_the_export_are_kept)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor"), got;
	uint64_t updated_at;

	r.id = chat(f, "visitor", "since", "then");
	updated_at = conversation_record(f, &r.id).updated_at;
	put_conversation(f, &r, 0);
	got = conversation_record(f, &r.id);
	assert_int_equal(got.created_at, 1000);
	assert_int_equal(got.updated_at, updated_at);
	assert_text(got.last_message, "then");
}

STORE_TEST(a_conversation_that_contradicts_the_store_is_refused)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor"), other;
	struct contents before;

	put_conversation(f, &r, 0);
	contents_take(f, &before);
	/* Another id for the session. */
	other = r;
	other.id = id_new();
	put_conversation(f, &other, STORE_INVALID);
	/* Another session, widget or organization for the id. */
	other = r;
	other.session = slice_str("visitor2");
	put_conversation(f, &other, STORE_INVALID);
	other = r;
	other.widget = id_new();
	put_conversation(f, &other, STORE_INVALID);
	other = r;
	other.org = id_new();
	put_conversation(f, &other, STORE_INVALID);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(a_conversation_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	const struct msg_conversation_record good = conversation_of("visitor");
	struct msg_import_conversation none = {0};
	char long_text[LAST_MESSAGE_UNITS + 2] = {0};
	struct msg_conversation_record bad[12];
	size_t n = 0;

	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[n++].v = 0;
	bad[n++].id = (struct id){0};
	bad[n++].org = (struct id){0};
	bad[n++].widget = (struct id){0};
	bad[n++].session = (struct slice){0};
	bad[n++].created_at = 2001;
	bad[n++].updated_at = TIME_MAX_MS + 1;
	bad[n++].updated_at = UINT64_MAX;
	bad[n++].next_seq = 0;
	bad[n++].next_seq = SEQ_MAX + 2;
	bad[n++].next_seq = UINT64_MAX;
	bad[n++].last_message = slice_str(long_text);
	assert_int_equal(n, ARRAY_LEN(bad));
	for (size_t i = 0; i < n; i++)
		put_conversation(f, &bad[i], STORE_INVALID);
	expect_import(f, MSG_IMPORT_CONVERSATION, &none, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_CONVERSATIONS), 0);
	assert_int_equal(table_count(f, TABLE_TOTALS), 0);
	put_conversation(f, &good, 0);
}

STORE_TEST(the_greatest_values_are_taken)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_message_record question, reply;
	char *text = xcalloc(1, TEXT_MAX + 1);

	memset(text, 'x', TEXT_MAX);
	reply = reply_of(text);
	text[12000] = '\0';
	question = question_of(text);
	r.created_at = r.updated_at = TIME_MAX_MS;
	r.next_seq = SEQ_MAX + 1;
	question.created_at = TIME_MAX_MS;
	put_conversation(f, &r, 0);
	put_message(f, &r.id, SEQ_MAX - 1, &question, 0);
	put_message(f, &r.id, SEQ_MAX, &reply, 0);
	assert_int_equal(conversation_record(f, &r.id).messages, 2);
	free(text);
}

STORE_TEST(messages_come_in_any_order)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor"), got;
	struct msg_message_record q = question_of("q"), a = reply_of("a");
	struct msg_message_record late = question_of("late");

	put_conversation(f, &r, 0);
	put_message(f, &r.id, 9, &late, 0);
	put_message(f, &r.id, 2, &a, 0);
	put_message(f, &r.id, 1, &q, 0);
	EXPECT_MESSAGES(f, &r.id, "ccc", "q", "a", "late");
	got = conversation_record(f, &r.id);
	assert_int_equal(got.messages, 3);
	assert_int_equal(got.next_seq, 10);
	/* The conversation itself determines these. */
	assert_int_equal(got.updated_at, 2000);
	assert_text(got.last_message, "last");
	assert_int_equal(stored_totals(f).messages, 3);
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
}

STORE_TEST(a_message_takes_the_place_of_another)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_message_record q = question_of("q"), a = reply_of("a"), b = reply_of("b");
	struct msg_turn_checkpoint old = piece_of(&a.id, 0, "x");

	put_conversation(f, &r, 0);
	put_message(f, &r.id, 1, &q, 0);
	put_message(f, &r.id, 1, &a, 0);
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
	put_message(f, &r.id, 1, &b, 0);
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
	ask_error(f, MSG_TURN_CHECKPOINT, &old, STORE_NOT_FOUND);
	a.text = slice_str("the same, later");
	put_message(f, &r.id, 3, &a, 0);
	a.text = slice_str("and changed");
	put_message(f, &r.id, 3, &a, 0);
	EXPECT_MESSAGES(f, &r.id, "cc", "b", "and changed");
	put_message(f, &r.id, 1, &q, 0);
	EXPECT_MESSAGES(f, &r.id, "cc", "q", "and changed");
	assert_int_equal(table_count(f, TABLE_TURNS), 1);
	assert_int_equal(conversation_record(f, &r.id).messages, 2);
	assert_int_equal(stored_totals(f).messages, 2);
}

/* It was exported while it was written, and is complete by now. */
STORE_TEST(half_a_reply_does_not_replace_the_whole)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_message_record whole = reply_of("all of it"), half = whole;

	half.status = MESSAGE_INTERRUPTED;
	half.text = slice_str("all");
	put_conversation(f, &r, 0);
	put_message(f, &r.id, 2, &half, 0);
	EXPECT_MESSAGES(f, &r.id, "i", "all");
	put_message(f, &r.id, 2, &whole, 0);
	put_message(f, &r.id, 2, &half, 0);
	EXPECT_MESSAGES(f, &r.id, "c", "all of it");
}

STORE_TEST(the_place_of_a_running_reply_is_kept)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("visitor", "one");
	struct msg_turn_begin again = begin_of("visitor", "two");
	struct msg_turn_checkpoint piece = piece_of(&again.turn, 0, "du");
	struct msg_message_record q = question_of("q"), a = reply_of("a");
	struct msg_turn_finish end;
	struct contents before;
	struct id thread;

	/* Place 2 holds an interrupted text, place 4 nothing yet. */
	ask(f, MSG_TURN_BEGIN, &again, MSG_TURN_BEGUN, NULL);
	lose(f, &f->a);
	thread = again.conversation;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	assert_int_equal(f->open.n, 2);
	contents_take(f, &before);
	for (uint64_t seq = 2; seq <= 4; seq += 2) {
		put_message(f, &thread, seq, &q, STORE_INVALID);
		put_message(f, &thread, seq, &a, STORE_INVALID);
	}
	contents_expect(f, &before);
	contents_clear(&before);
	/* The questions before them, and the places behind, may be imported. */
	put_message(f, &thread, 1, &q, 0);
	put_message(f, &thread, 3, &q, 0);
	put_message(f, &thread, 5, &q, 0);
	put_message(f, &thread, 6, &a, 0);
	assert_int_equal(conversation_record(f, &thread).next_seq, 7);
	/* When it has ended, its place may be imported too. */
	end = finish_of(&begin.turn, "");
	ask(f, MSG_TURN_FINISH, &end, MSG_OK, NULL);
	put_message(f, &thread, 4, &q, 0);
}

STORE_TEST(the_id_of_another_turn_is_refused)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("visitor", "one");
	struct msg_conversation_record r = conversation_of("other");
	struct msg_message_record a = reply_of("a"), mine = reply_of("b");
	struct contents before;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	put_conversation(f, &r, 0);
	put_message(f, &r.id, 2, &a, 0);
	contents_take(f, &before);
	put_message(f, &r.id, 4, &a, STORE_INVALID);
	put_message(f, &begin.conversation, 7, &a, STORE_INVALID);
	mine.id = begin.turn;
	put_message(f, &r.id, 2, &mine, STORE_INVALID);
	put_message(f, &r.id, 4, &mine, STORE_INVALID);
	put_message(f, &begin.conversation, 2, &mine, STORE_INVALID);
	contents_expect(f, &before);
	contents_clear(&before);
	/* A question's id is not a turn's. */
	mine.role = MESSAGE_USER;
	put_message(f, &r.id, 1, &mine, 0);
}

STORE_TEST(a_message_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	struct msg_conversation_record r = conversation_of("visitor");
	const struct msg_message_record good = question_of("q"), reply = reply_of("a");
	struct msg_import_message none = {.conversation = r.id, .seq = 1};
	struct msg_message_record bad[9];
	struct id nowhere = id_new();
	char long_text[12002] = {0};
	struct contents before;
	size_t n = 0;

	memset(long_text, 'x', sizeof(long_text) - 1);
	put_conversation(f, &r, 0);
	contents_take(f, &before);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = good;
	bad[n++].v = 0;
	bad[n++].id = (struct id){0};
	bad[n++].created_at = TIME_MAX_MS + 1;
	bad[n++].status = MESSAGE_STOPPED;
	bad[n++].status = MESSAGE_INTERRUPTED;
	bad[n++].status = MESSAGE_INTERRUPTED + 1;
	bad[n++].text = (struct slice){0};
	bad[n++].text = slice_str(long_text);
	bad[n] = reply;
	bad[n++].status = MESSAGE_INTERRUPTED + 1;
	assert_int_equal(n, ARRAY_LEN(bad));
	for (size_t i = 0; i < n; i++)
		put_message(f, &r.id, 1, &bad[i], STORE_INVALID);
	put_message(f, &r.id, 0, &good, STORE_INVALID);
	put_message(f, &r.id, SEQ_MAX + 1, &good, STORE_INVALID);
	put_message(f, &r.id, UINT64_MAX, &reply, STORE_INVALID);
	expect_import(f, MSG_IMPORT_MESSAGE, &none, STORE_INVALID);
	put_message(f, &nowhere, 1, &good, STORE_NOT_FOUND);
	contents_expect(f, &before);
	contents_clear(&before);
}

STORE_TEST(a_login_comes_back_expired_or_not)
{
	struct fixture *f = *state;
	struct msg_login_record good = login_of(clock_wall_ms() + 1000000), old = login_of(2);
	struct msg_login_check check = {.token = secret_hash(slice_str("good"))};

	put_login(f, "good", &good, 0);
	put_login(f, "good", &good, 0);
	put_login(f, "old", &old, 0);
	assert_int_equal(table_count(f, TABLE_LOGINS), 2);
	ask(f, MSG_LOGIN_CHECK, &check, MSG_LOGIN, NULL);
	check.token = secret_hash(slice_str("old"));
	ask_error(f, MSG_LOGIN_CHECK, &check, STORE_NOT_FOUND);
}

STORE_TEST(a_login_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	const struct msg_login_record good = login_of(1000000);
	struct msg_import_login none = {0};
	struct msg_login_record bad = good;

	bad.v = 0;
	put_login(f, "token", &bad, STORE_INVALID);
	bad = good;
	bad.org = (struct id){0};
	put_login(f, "token", &bad, STORE_INVALID);
	bad = good;
	bad.id = (struct id){{0}};
	put_login(f, "l", &bad, STORE_INVALID);
	bad = good;
	bad.expires_at = 0;
	put_login(f, "token", &bad, STORE_INVALID);
	bad.expires_at = TIME_MAX_MS + 1;
	put_login(f, "token", &bad, STORE_INVALID);
	expect_import(f, MSG_IMPORT_LOGIN, &none, STORE_INVALID);
	assert_int_equal(table_count(f, TABLE_LOGINS), 0);
	put_login(f, "token", &good, 0);
	bad = good;
	bad.org = id_new();
	put_login(f, "token", &bad, STORE_INVALID);
}

/* A conversation of a question, its reply and another question. */
static struct id
make_thread(struct fixture *f, struct msg_message_record *q, struct msg_message_record *a)
{
	struct msg_conversation_record r = conversation_of("visitor");
	struct msg_message_record alone = question_of("what?");

	*q = question_of("q");
	*a = reply_of("a");
	put_conversation(f, &r, 0);
	put_message(f, &r.id, 1, q, 0);
	put_message(f, &r.id, 2, a, 0);
	put_message(f, &r.id, 3, &alone, 0);
	return r.id;
}

STORE_TEST(a_message_that_is_sent_again_after_an_import_is_known)
{
	struct fixture *f = *state;
	struct msg_message_record q, a;
	struct id thread = make_thread(f, &q, &a);
	struct msg_turn_begin begin = begin_of("visitor", "q");
	union msg m;

	begin.client_id = slice_str("name");
	put_client_id(f, &thread, 1, "name", 0);
	put_client_id(f, &thread, 1, "name", 0);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 1);
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_STATE, &m);
	assert_true(id_equal(&m.turn_state.turn, &a.id));
	assert_text(m.turn_state.text, "a");
	begin.text = slice_str("another");
	ask_error(f, MSG_TURN_BEGIN, &begin, STORE_CONFLICT);
}

STORE_TEST(a_client_id_that_cannot_be_is_refused)
{
	struct fixture *f = *state;
	struct msg_message_record q, a;
	struct id thread = make_thread(f, &q, &a), nowhere = id_new();

	put_client_id(f, &thread, 1, "", STORE_INVALID);
	put_client_id(f, &thread, 0, "name", STORE_INVALID);
	put_client_id(f, &thread, SEQ_MAX, "name", STORE_INVALID);
	put_client_id(f, &thread, UINT64_MAX, "name", STORE_INVALID);
	put_client_id(f, &nowhere, 1, "name", STORE_NOT_FOUND);
	/* A reply, a question without one, and nothing. */
	put_client_id(f, &thread, 2, "name", STORE_NOT_FOUND);
	put_client_id(f, &thread, 3, "name", STORE_NOT_FOUND);
	put_client_id(f, &thread, 4, "name", STORE_NOT_FOUND);
	/* A question, with another one behind it. */
	put_message(f, &thread, 4,
	    &(struct msg_message_record){
		.v = RECORD_VERSION, .id = id_new(), .text = slice_str("and?")},
	    0);
	put_client_id(f, &thread, 3, "name", STORE_NOT_FOUND);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 0);
}

STORE_TEST(a_client_id_stays_with_its_message)
{
	struct fixture *f = *state;
	struct msg_message_record q, a, answer = reply_of("that");
	struct id thread = make_thread(f, &q, &a);

	put_message(f, &thread, 4, &answer, 0);
	put_client_id(f, &thread, 1, "name", 0);
	put_client_id(f, &thread, 3, "name", STORE_INVALID);
	put_client_id(f, &thread, 3, "other", 0);
	/* The same messages, with other texts too, change nothing. */
	a.text = slice_str("A");
	q.text = slice_str("Q");
	put_message(f, &thread, 1, &q, 0);
	put_message(f, &thread, 2, &a, 0);
	assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 2);
}

/* When the question or the reply is replaced, the client id is gone. */
STORE_TEST(a_client_id_is_removed_with_its_message_or_its_reply)
{
	struct fixture *f = *state;
	struct msg_message_record q, a, same;
	struct id thread = make_thread(f, &q, &a);
	struct msg_message_record with[3];

	with[0] = question_of("another question");
	with[1] = reply_of("another reply");
	for (uint64_t seq = 1; seq <= 2; seq++) {
		same = seq == 1 ? q : a;
		/* With the id of the stored one, but another role. */
		same.role = !same.role;
		with[2] = same;
		for (size_t i = 0; i < 3; i++) {
			put_message(f, &thread, 1, &q, 0);
			put_message(f, &thread, 2, &a, 0);
			put_client_id(f, &thread, 1, "name", 0);
			put_client_id(f, &thread, 1, "its second name", 0);
			put_message(f, &thread, seq, &with[i], 0);
			assert_int_equal(table_count(f, TABLE_CLIENT_IDS), 0);
			expect_whole(f);
		}
	}
}

STORE_TEST(a_question_whose_reply_is_written_can_have_a_name)
{
	struct fixture *f = *state;
	struct msg_turn_begin begin = begin_of("visitor", "q");
	struct msg_client_id_record name;
	struct key key;
	uint64_t r[2];
	struct txn t;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	put_client_id(f, &begin.conversation, 1, "name", 0);
	key = key_client_id(&begin.conversation, slice_str("name"));
	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(
	    txn_get_record(&t, TABLE_CLIENT_IDS, &key, MSG_CLIENT_ID_RECORD, &name), 0);
	txn_abort(&t);
	assert_true(id_equal(&name.turn, &begin.turn));

	/* Also one that begins in the same batch. */
	begin = begin_of("visitor", "q2");
	r[0] = send_request(f, &f->a, MSG_TURN_BEGIN, &begin);
	r[1] = send_request(f, &f->b, MSG_IMPORT_CLIENT_ID,
	    &(struct msg_import_client_id){.conversation = key_front(key_slice(&key)),
		.seq = 3,
		.client_id = slice_str("n2")});
	commit(f);
	expect_answer(f, &f->a, r[0], MSG_TURN_BEGUN, NULL);
	expect_answer(f, &f->b, r[1], MSG_OK, NULL);
}

TEST(only_the_tool_imports)
{
	static const enum msg_type imports[] = {MSG_IMPORT_CONVERSATION, MSG_IMPORT_MESSAGE,
	    MSG_IMPORT_LOGIN, MSG_IMPORT_CLIENT_ID};

	for (size_t i = 0; i < ARRAY_LEN(imports); i++)
		assert_int_equal(msg_desc((uint16_t)imports[i])->from, ROLE_TOOL);
}

TEST_MAIN(NULL, NULL)
