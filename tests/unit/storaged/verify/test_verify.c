/*
 * The check of the store: an intact store has no fault, and each fault is reported. A table lists
 * changes to the entries of a store, and the lines that the check must then report.
 */
#include "tests/unit/storaged/store_everything.h"
#include "tests/unit/storaged/store_report.h"

#include "storaged/records/match_keys.h"

#define CHANGES_MAX 4

/* The ids in the store. In reported lines their names replace them. */
enum name {
	A, /* a conversation with a question and the reply TA */
	TA,
	B, /* one with a stopped reply TB; its question has the client's id "name" */
	TB,
	C, /* one with an open turn TC, and two pieces of its reply */
	TC,
	D, /* one with an interrupted reply TD that was opened again, and has a piece */
	TD,
	E, /* one of the organization O2, with the reply TE */
	TE,
	V, /* one of VISITOR, with the contact K */
	O, /* the default organization; FIRST is its first widget */
	O2,
	O3,
	X, /* an id that does not exist */
	K,
	USER,
	AGENT,
	WIDGET,
	VISITOR,
	KEY,
	FIRST,
	NAMES,
};
static const char *const names[] = {"A", "TA", "B", "TB", "C", "TC", "D", "TD", "E", "TE", "V",
    "O", "O2", "O3", "X", "K", "USER", "AGENT", "WIDGET", "VISITOR", "KEY", "FIRST"};
_Static_assert(sizeof(names) / sizeof(names[0]) == NAMES, "each id has a name");

static const struct id no_id;
static struct fixture *f;
static struct id ids[NAMES];
static struct everything all;
static struct hash256 login; /* of a token without a user */

static void
begin(enum name conversation, enum name turn, enum name org, const char *client_id)
{
	struct msg_turn_begin m = begin_of(names[conversation], "question");

	m.org = ids[org];
	m.client_id = slice_str(client_id);
	ids[conversation] = m.conversation;
	ids[turn] = m.turn;
	ask(f, MSG_TURN_BEGIN, &m, MSG_TURN_BEGUN, NULL);
}

static void
finish(enum name turn, enum message_status status)
{
	struct msg_turn_finish m = finish_of(&ids[turn], "answer");

	m.status = (uint8_t)status;
	ask(f, MSG_TURN_FINISH, &m, MSG_OK, NULL);
}

static void
checkpoint(enum name turn, uint32_t offset, const char *text)
{
	struct msg_turn_checkpoint m = piece_of(&ids[turn], offset, text);

	ask(f, MSG_TURN_CHECKPOINT, &m, MSG_OK, NULL);
}

static void
fill_store(void)
{
	struct msg_login_create m = {.org = id_default_org,
	    .id = id_new(),
	    .token = login = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 60000};

	ids[O] = id_default_org;
	ids[O2] = make_org(f);
	ids[X] = id_new();
	begin(A, TA, O, "");
	finish(TA, MESSAGE_COMPLETE);
	begin(B, TB, O, "name");
	finish(TB, MESSAGE_STOPPED);
	begin(D, TD, O, "");
	checkpoint(TD, 0, "once ");
	lose(f, &f->a);
	checkpoint(TD, 0, "");
	checkpoint(TD, 5, "upon");
	begin(C, TC, O, "");
	checkpoint(TC, 0, "one ");
	checkpoint(TC, 4, "two");
	begin(E, TE, O2, "");
	finish(TE, MESSAGE_COMPLETE);
	ask(f, MSG_LOGIN_CREATE, &m, MSG_OK, NULL);
	all = make_everything(f);
	ids[V] = all.conversation;
	ids[O3] = all.org;
	ids[K] = all.contact;
	ids[USER] = all.user;
	ids[AGENT] = all.agent;
	ids[WIDGET] = all.widget;
	ids[VISITOR] = all.visitor;
	ids[KEY] = all.key;
	ids[FIRST] = id_default_widget;
}

static int
set_up(void **state)
{
	fixture_setup(state);
	f = *state;
	fill_store();
	return 0;
}

/* A change to the entry of a key. */
struct change {
	enum { NONE, PUT, DELETE, COPY, SET } kind;
	enum table table;
	struct key key;
	struct key value;   /* PUT: the new value; COPY: the key of the entry that has it */
	enum msg_type type; /* SET: a field of the record */
	size_t offset, size;
	const void *field;
};

static struct change
lead(enum table table, struct key key, struct key to)
{
	return (struct change){.kind = PUT, .table = table, .key = key, .value = to};
}

static struct change
put(enum table table, struct key key, const char *value)
{
	return lead(table, key, key_meta(value));
}

static struct change
copy(enum table table, struct key key, struct key from)
{
	return (struct change){.kind = COPY, .table = table, .key = key, .value = from};
}

static struct change
del(enum table table, struct key key)
{
	return (struct change){.kind = DELETE, .table = table, .key = key};
}

struct fault {
	const char *report; /* the expected lines */
	struct change changes[CHANGES_MAX];
};

/* The value of an entry; not if the entry does not exist. */
struct value {
	bool exists;
	struct buf bytes;
};

static struct value
value_of(struct txn *t, enum table table, const struct key *key)
{
	struct value v;
	struct slice bytes;

	buf_init(&v.bytes, RECORD_MAX);
	v.exists = txn_get(t, table, key, &bytes) == 0;
	if (v.exists)
		assert_int_equal(buf_append(&v.bytes, bytes.p, bytes.len), 0);
	return v;
}

/* Sets the value of an entry, or removes it. */
static void
restore(struct txn *t, const struct change *c, struct value *v)
{
	assert_int_equal(v->exists ? txn_put(t, c->table, &c->key, buf_slice(&v->bytes))
				   : txn_del(t, c->table, &c->key),
	    0);
	buf_clear(&v->bytes);
}

static void
apply(struct txn *t, const struct change *c)
{
	struct value from = {0};
	union msg record;

	switch (c->kind) {
	case COPY:
		from = value_of(t, c->table, &c->value);
		restore(t, c, &from);
		break;
	case DELETE:
		assert_int_equal(txn_del(t, c->table, &c->key), 0);
		break;
	case SET:
		assert_int_equal(txn_get_record(t, c->table, &c->key, c->type, &record), 0);
		memcpy((uint8_t *)&record + c->offset, c->field, c->size);
		assert_int_equal(txn_put_record(t, c->table, &c->key, c->type, &record), 0);
		break;
	default:
		assert_int_equal(txn_put(t, c->table, &c->key, key_slice(&c->value)), 0);
	}
}

/* Runs the check, and replaces the ids in its report by their names. */
static struct report
verify(void)
{
	struct report report;

	assert_int_equal(report_make(f, &report), 0);
	for (enum name i = 0; i < NAMES; i++) {
		char text[ID_TEXT_LEN + 1], *at;

		id_format(&ids[i], text);
		while ((at = strstr(report.text, text)) != NULL) {
			char *rest = stpcpy(at, names[i]);

			memmove(rest, at + ID_TEXT_LEN, strlen(at + ID_TEXT_LEN) + 1);
		}
	}
	return report;
}

/* Makes the changes, runs the check, and undoes them. */
static void
expect_report(const struct fault *fault)
{
	struct value old[CHANGES_MAX];
	struct txn t;
	size_t n = 0;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	for (; n < CHANGES_MAX && fault->changes[n].kind != NONE; n++) {
		old[n] = value_of(&t, fault->changes[n].table, &fault->changes[n].key);
		apply(&t, &fault->changes[n]);
	}
	assert_int_equal(txn_commit(&t), 0);
	assert_string_equal(verify().text, fault->report);
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	while (n-- > 0)
		restore(&t, &fault->changes[n], &old[n]);
	assert_int_equal(txn_commit(&t), 0);
}

static struct key
session_of(enum name conversation)
{
	return key_session(&ids[O], &id_default_widget, slice_str(names[conversation]));
}

/* The key of a conversation's entry in the list of all; or of a widget or a contact. */
static struct key
listed(enum name conversation, const struct id *of)
{
	struct key key = key_id(&ids[conversation]);
	struct msg_conversation_record r;
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(
	    txn_get_record(&t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &r), 0);
	txn_abort(&t);
	return of == NULL ? key_activity(&r.org, r.updated_at, &r.id)
			  : key_activity_of(&r.org, of, r.updated_at, &r.id);
}

static struct key
email_key(const char *email)
{
	uint8_t folded[FOLDED_MAX];
	size_t len;

	assert_int_equal(match_fold_email(slice_str(email), folded, &len), 0);
	return key_email((struct slice){folded, len});
}

static struct key
id_of(enum name name)
{
	return key_id(&ids[name]);
}

static struct key
of_org(enum name name)
{
	return key_of_org(&ids[O], &ids[name]);
}

#define VERIFY_TEST(name) TEST_WITH(name, set_up, fixture_teardown)

/* A change of a field of a record. */
#define SET(KIND, kind, TABLE, key, name, value)                            \
	((struct change){SET, TABLE_##TABLE, key, {0}, MSG_##KIND##_RECORD, \
	    offsetof(struct msg_##kind##_record, name),                     \
	    sizeof(((struct msg_##kind##_record *)0)->name),                \
	    (typeof(((struct msg_##kind##_record *)0)->name)[]){value}})
#define CONVERSATION(id, field, value) \
	SET(CONVERSATION, conversation, CONVERSATIONS, id_of(id), field, value)
#define MESSAGE(id, seq, field, value) \
	SET(MESSAGE, message, MESSAGES, key_message(&ids[id], seq), field, value)
#define TURN(id, field, value) SET(TURN, turn, TURNS, id_of(id), field, value)
#define OPEN_TURN(id, field, value) \
	SET(OPEN_TURN, open_turn, OPEN_TURNS, id_of(id), field, value)
#define CLIENT_ID(field, value)   SET(CLIENT_ID, client_id, CLIENT_IDS, client_id, field, value)
#define TOTALS(org, field, value) SET(TOTALS, totals, TOTALS, id_of(org), field, value)
#define ORG(id, field, value)     SET(ORG, org, ORGS, id_of(id), field, value)
#define USER(field, value)        SET(USER, user, USERS, of_org(USER), field, value)
#define AGENT(field, value)       SET(AGENT, agent, AGENTS, of_org(AGENT), field, value)
#define WIDGET(field, value)      SET(WIDGET, widget, WIDGETS, of_org(WIDGET), field, value)
#define CONTACT(field, value)     SET(CONTACT, contact, CONTACTS, of_org(K), field, value)
#define LOGIN(hash, field, value) SET(LOGIN, login, LOGINS, key_hash(hash), field, value)
#define KEY(field, value)         SET(KEY, key, KEYS, key_hash(&all.key_hash), field, value)
#define VISITOR(field, value) \
	SET(VISITOR, visitor, VISITORS, key_hash(&all.visitor_token), field, value)

VERIFY_TEST(every_fault_is_reported)
{
	const struct key client_id = key_client_id(&ids[B], slice_str("name"));
	const struct key nameless = {.len = sizeof(struct id), .b = "0123456789abcde"};
	const struct key public_id = key_public(slice_str("wid_everything"));
	const struct key contact_email =
	    key_contact_name(&ids[O], slice_str("zoe@example.com"));
	const struct key contact_phone = key_contact_name(&ids[O], slice_str("+49301234"));
	static const uint8_t zeros[501];
	const struct slice long_text = {zeros, sizeof(zeros)};
	const struct fault faults[] = {
	    {"meta: unknown entry \"colo?[31mur\"",
		{put(TABLE_META, key_meta("colo\x1b[31mur"), "red")}},
	    {"meta: the schema's version is missing or invalid",
		{del(TABLE_META, key_meta(META_VERSION))}},
	    {"meta: the schema is version 5, not 1",
		{put(TABLE_META, key_meta(META_VERSION), "5")}},
	    /* Conversations and their lists. */
	    {"conversations: conversation A does not decode: short",
		{put(TABLE_CONVERSATIONS, id_of(A), "\1")}},
	    {"conversations: conversation A is of version 0, not 1", {CONVERSATION(A, v, 0)}},
	    {"conversations: conversation A has another id than its key",
		{CONVERSATION(A, id, ids[X])}},
	    {"conversations: conversation A has no session\n"
	     "conversations_by_session: an entry does not match its record, conversation A",
		{CONVERSATION(A, session, slice_str(""))}},
	    {"conversations: conversation A was updated before it was made",
		{CONVERSATION(A, created_at, UINT64_MAX)}},
	    {"conversations: conversation A has a last message that is too long",
		{CONVERSATION(A, last_message, long_text)}},
	    {"conversations: conversation A counts 3 messages and has 2",
		{CONVERSATION(A, messages, 3)}},
	    {"conversations: conversation A has a message at 2, but 2 is its next place\n"
	     "conversations: conversation A is marked complete, but its newest message makes "
	     "it unanswered",
		{CONVERSATION(A, next_seq, 2)}},
	    {"conversations_by_session: the session of conversation A does not lead to it",
		{del(TABLE_CONVERSATIONS_BY_SESSION, session_of(A))}},
	    {"conversations_by_session: the session of conversation A leads to another\n"
	     "conversations_by_session: an entry does not match its record, conversation B",
		{lead(TABLE_CONVERSATIONS_BY_SESSION, session_of(A), id_of(B))}},
	    {"conversations_by_session: an entry does not match its record, conversation A",
		{lead(TABLE_CONVERSATIONS_BY_SESSION, session_of(X), id_of(A))}},
	    {"conversations_by_session: an entry leads to conversation X, which does not exist",
		{lead(TABLE_CONVERSATIONS_BY_SESSION, session_of(X), id_of(X))}},
	    {"conversations_by_session: an entry has 3 bytes, which are no id",
		{put(TABLE_CONVERSATIONS_BY_SESSION, session_of(X), "abc")}},
	    {"conversations_by_activity: conversation A is not where its last activity puts it",
		{del(TABLE_CONVERSATIONS_BY_ACTIVITY, listed(A, NULL))}},
	    {"conversations_by_activity: an entry does not match its record, conversation A",
		{put(TABLE_CONVERSATIONS_BY_ACTIVITY, key_activity(&ids[O], 7, &ids[A]), "")}},
	    {"conversations_by_activity: an entry leads to conversation X, which does not "
	     "exist",
		{put(TABLE_CONVERSATIONS_BY_ACTIVITY, key_activity(&ids[O], 7, &ids[X]), "")}},
	    {"conversations_by_activity: the entry of conversation A has 1 unexpected bytes",
		{put(TABLE_CONVERSATIONS_BY_ACTIVITY, listed(A, NULL), "x")}},
	    /* Messages. */
	    {"messages: 2 messages of conversation X, which does not exist",
		{put(TABLE_MESSAGES, key_message(&ids[X], 1), "x"),
		    put(TABLE_MESSAGES, key_message(&ids[X], 2), "x")}},
	    {"messages: message 2 of conversation A does not decode: short",
		{put(TABLE_MESSAGES, key_message(&ids[A], 2), "\1")}},
	    {"messages: message 1 of conversation A is of version 0, not 1",
		{MESSAGE(A, 1, v, 0)}},
	    {"messages: message 0 of conversation A has position 0; positions count from 1",
		{copy(TABLE_MESSAGES, key_message(&ids[A], 0), key_message(&ids[A], 1)),
		    del(TABLE_MESSAGES, key_message(&ids[A], 1))}},
	    {"messages: message 1 of conversation A has no id", {MESSAGE(A, 1, id, no_id)}},
	    {"messages: message 2 of conversation A has an invalid status",
		{MESSAGE(A, 2, status, 3)}},
	    {"messages: message 1 of conversation A is a question that is not complete",
		{MESSAGE(A, 1, status, MESSAGE_STOPPED)}},
	    {"messages: reply TA of conversation A has no turn", {del(TABLE_TURNS, id_of(TA))}},
	    {"messages: reply TB stands at 2 of conversation A, its turn names 2 of B\n"
	     "turns: turn TA has its place at 2 of conversation A, where another message is",
		{MESSAGE(A, 2, id, ids[TB])}},
	    {"messages: reply TA stands at 2 of conversation A, its turn names 4 of A\n"
	     "turns: turn TA has no reply and is not open",
		{TURN(TA, seq, 4)}},
	    {"messages: reply TA stands at 2 of conversation A, its turn names 1 of A\n"
	     "turns: turn TA has its place at 1 of conversation A, where another message is",
		{TURN(TA, seq, 1)}},
	    /* Turns. */
	    {"turns: turn TA does not decode: short", {put(TABLE_TURNS, id_of(TA), "\1")}},
	    {"turns: turn TC belongs to conversation X, which does not exist\n"
	     "open_turns: turn TC is open in conversation C, but belongs to X\n"
	     "conversations: 1 conversations are active without an open turn",
		{TURN(TC, conversation, ids[X])}},
	    {"turns: turn TA belongs to conversation A, which is another organization's",
		{TURN(TA, org, ids[O2])}},
	    {"conversations: conversation E counts 2 messages and has 1\n"
	     "conversations: conversation E is marked complete, but its newest message makes "
	     "it unanswered\n"
	     "turns: turn TE has no reply and is not open\n"
	     "totals: the total of organization O2 is 1 conversations and 2 messages; there "
	     "are 1 and 1",
		{del(TABLE_MESSAGES, key_message(&ids[E], 2))}},
	    {"conversations: conversation C is marked active, but its newest message makes it "
	     "unanswered\n"
	     "turns: turn TC waits for place 2 of conversation C, where 2 is the next",
		{CONVERSATION(C, next_seq, 2)}},
	    {"turns: turn TC has no reply and is not open\n"
	     "partials: 2 pieces of open turn TC, which does not exist\n"
	     "conversations: 1 conversations are active without an open turn",
		{del(TABLE_OPEN_TURNS, id_of(TC))}},
	    /* Open turns and the pieces of their replies. */
	    {"open_turns: open turn TC does not decode: short",
		{put(TABLE_OPEN_TURNS, id_of(TC), "\1")}},
	    {"open_turns: open turn TC is of version 0, not 1", {OPEN_TURN(TC, v, 0)}},
	    {"open_turns: turn X is open, but does not exist",
		{copy(TABLE_OPEN_TURNS, id_of(X), id_of(TC))}},
	    {"open_turns: turn TC is open in conversation A, but belongs to C",
		{OPEN_TURN(TC, conversation, ids[A])}},
	    {"open_turns: turn TD is open, but its reply has ended",
		{MESSAGE(D, 2, status, MESSAGE_COMPLETE)}},
	    {"partials: 1 pieces of open turn X, which does not exist\n"
	     "partials: 2 pieces of open turn TA, which does not exist",
		{put(TABLE_PARTIALS, key_partial(&ids[TA], 0), "x"),
		    put(TABLE_PARTIALS, key_partial(&ids[TA], 1), "y"),
		    put(TABLE_PARTIALS, key_partial(&ids[X], 0), "z")}},
	    {"partials: the piece at 7 of turn TC is empty",
		{put(TABLE_PARTIALS, key_partial(&ids[TC], 7), "")}},
	    {"partials: the piece at 524287 of turn TC ends beyond the longest reply\n"
	     "partials: the piece at 4294967295 of turn TC ends beyond the longest reply",
		{put(TABLE_PARTIALS, key_partial(&ids[TC], TEXT_MAX - 1), "xx"),
		    put(TABLE_PARTIALS, key_partial(&ids[TC], UINT32_MAX), "x")}},
	    {"partials: the piece at 7 of turn TC is no text",
		{put(TABLE_PARTIALS, key_partial(&ids[TC], 7), "\xff")}},
	    /* Client ids. */
	    {"client_ids: a key has an invalid length of 16 bytes: "
	     "30313233343536373839616263646500",
		{put(TABLE_CLIENT_IDS, nameless, "x")}},
	    {"client_ids: the client's id \"name\" of conversation B does not decode: short",
		{put(TABLE_CLIENT_IDS, client_id, "\1")}},
	    {"client_ids: the client's id \"name\" of conversation B is of version 0, not 1",
		{CLIENT_ID(v, 0)}},
	    {"client_ids: the client's id \"na?me\" of conversation X is of a conversation "
	     "that does not exist",
		{copy(TABLE_CLIENT_IDS, key_client_id(&ids[X], slice_str("na\x1bme")),
		    client_id)}},
	    {"client_ids: the client's id \"na?me\" of conversation B is no text",
		{copy(TABLE_CLIENT_IDS, key_client_id(&ids[B], slice_str("na\xffme")),
		    client_id)}},
	    {"client_ids: the client's id \"name\" of conversation B names a message that does "
	     "not exist",
		{CLIENT_ID(seq, 3)}},
	    {"client_ids: the client's id \"name\" of conversation B names a reply",
		{CLIENT_ID(seq, 2)}},
	    {"client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	     "not exist",
		{CLIENT_ID(turn, ids[X])}},
	    {"client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	     "not answer its message",
		{CLIENT_ID(turn, ids[TA])}},
	    {"messages: reply TB stands at 2 of conversation B, its turn names 3 of B\n"
	     "turns: turn TB has no reply and is not open\n"
	     "client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	     "not answer its message",
		{TURN(TB, seq, 3)}},
	    /* Each fault is reported in its own table. */
	    {"messages: message 1 of conversation B does not decode: short\n"
	     "turns: turn TB does not decode: short",
		{put(TABLE_MESSAGES, key_message(&ids[B], 1), "\1"),
		    put(TABLE_TURNS, id_of(TB), "\1")}},
	    /* Logins and totals. */
	    {"logins: the login 3c469e9d... does not decode: short",
		{put(TABLE_LOGINS, key_hash(&login), "\1")}},
	    {"logins: the login 3c469e9d... expired before it was made",
		{LOGIN(&login, expires_at, 1)}},
	    {"totals: the total of organization O does not decode: short",
		{put(TABLE_TOTALS, id_of(O), "\1")}},
	    {"totals: the total of organization O is 4 conversations and 9 messages; there are "
	     "5 and 9",
		{TOTALS(O, conversations, 4)}},
	    {"totals: the total of organization O2 is 1 conversations and 3 messages; there "
	     "are 1 and 2",
		{TOTALS(O2, messages, 3)}},
	    {"totals: organization O2 has no total", {del(TABLE_TOTALS, id_of(O2))}},
	    {"totals: the total of organization X is 1 conversations and 2 messages; there are "
	     "0 and 0",
		{copy(TABLE_TOTALS, id_of(X), id_of(O2))}},
	    /* Erased conversations. */
	    {"messages: 2 messages of conversation E, which does not exist\n"
	     "conversations_by_session: an entry leads to conversation E, which does not "
	     "exist\n"
	     "conversations_by_activity: an entry leads to conversation E, which does not "
	     "exist\n"
	     "conversations_by_widget: an entry leads to conversation E, which does not exist\n"
	     "turns: turn TE belongs to conversation E, which does not exist\n"
	     "totals: the total of organization O2 is 1 conversations and 2 messages; there "
	     "are 0 and 0",
		{del(TABLE_CONVERSATIONS, id_of(E))}},
	    {"meta: conversation A was erased, but exists",
		{put(TABLE_META, key_erased(&ids[A]), "")}},
	    /* Messages, turns and client ids of an erased conversation may remain. */
	    {"conversations_by_session: an entry leads to conversation B, which does not "
	     "exist\n"
	     "conversations_by_activity: an entry leads to conversation B, which does not "
	     "exist\n"
	     "conversations_by_widget: an entry leads to conversation B, which does not exist\n"
	     "totals: the total of organization O is 5 conversations and 9 messages; there are "
	     "4 and 7",
		{del(TABLE_CONVERSATIONS, id_of(B)), put(TABLE_META, key_erased(&ids[B]), "")}},
	    {"meta: unknown entry \"erased something\"",
		{put(TABLE_META, key_meta(META_ERASED "something"), "")}},
	    /* States of conversations; lists of widgets and contacts. */
	    {"conversations: conversation B is marked active, but its newest message makes it "
	     "stopped",
		{CONVERSATION(B, state, CONVERSATION_ACTIVE)}},
	    {"conversations: conversation C is marked complete, but its newest message makes "
	     "it unanswered\n"
	     "open_turns: turn TC is open, but conversation C is not active",
		{CONVERSATION(C, state, CONVERSATION_COMPLETE)}},
	    {"conversations: 1 conversations are active without an open turn",
		{CONVERSATION(A, next_seq, 5), CONVERSATION(A, state, CONVERSATION_ACTIVE)}},
	    {"conversations_by_widget: conversation A is not where its last activity puts it",
		{del(TABLE_CONVERSATIONS_BY_WIDGET, listed(A, &ids[FIRST]))}},
	    {"conversations_by_widget: an entry does not match its record, conversation A",
		{put(TABLE_CONVERSATIONS_BY_WIDGET, listed(A, &ids[X]), "")}},
	    {"conversations_by_contact: conversation V is not where its last activity puts it",
		{del(TABLE_CONVERSATIONS_BY_CONTACT, listed(V, &ids[K]))}},
	    {"conversations_by_contact: an entry does not match its record, conversation A",
		{put(TABLE_CONVERSATIONS_BY_CONTACT, listed(A, &no_id), "")}},
	    {"conversations: conversation V is with contact X, which does not exist\n"
	     "conversations_by_contact: conversation V is not where its last activity puts it\n"
	     "conversations_by_contact: an entry does not match its record, conversation V",
		{CONVERSATION(V, contact, ids[X])}},
	    /* Organizations and their records. */
	    {"orgs: organization O3 has another id than its key", {ORG(O3, id, ids[X])}},
	    {"orgs: organization O3 has as its first widget X, which does not exist",
		{ORG(O3, widget, ids[X])}},
	    {"users: user USER is of organization O, which does not exist\n"
	     "keys: key KEY is of organization O, which does not exist",
		{del(TABLE_ORGS, id_of(O))}},
	    {"users: user USER has other ids than its key", {USER(org, ids[X])}},
	    {"users: user USER has no password", {USER(password, slice_str(""))}},
	    {"users: user USER has no e-mail\n"
	     "users_by_email: an entry does not match its record in users",
		{USER(email, slice_str(""))}},
	    {"users_by_email: user USER is missing in this index",
		{del(TABLE_USERS_BY_EMAIL, email_key("owner@EXAMPLE.com"))}},
	    {"users_by_email: user USER has an index entry of another record\n"
	     "users_by_email: an entry leads to a record missing in users",
		{lead(TABLE_USERS_BY_EMAIL, email_key("owner@example.com"), of_org(X))}},
	    {"users_by_email: an entry has 3 bytes, which are an invalid value",
		{put(TABLE_USERS_BY_EMAIL, email_key("other@example.com"), "abc")}},
	    {"users_by_email: an entry does not match its record in users",
		{lead(TABLE_USERS_BY_EMAIL, email_key("other@example.com"), of_org(USER))}},
	    {"users_by_email: an entry leads to a record missing in users\n"
	     "logins: the login f9f42d3a... is of user USER, which does not exist",
		{del(TABLE_USERS, of_org(USER))}},
	    {"logins_by_user: the login f9f42d3a... is missing in this index",
		{del(TABLE_LOGINS_BY_USER, key_user_login(&ids[O], &ids[USER], &all.login))}},
	    {"logins_by_user: an entry leads to a record missing in logins",
		{del(TABLE_LOGINS, key_hash(&all.login_token))}},
	    {"logins_by_user: the login f9f42d3a... is missing in this index\n"
	     "logins_by_user: an entry does not match its record in logins",
		{LOGIN(&all.login_token, user, no_id)}},
	    {"keys: key KEY has another hash than its key",
		{KEY(key.b[0], all.key_hash.b[0] ^ 1)}},
	    {"keys_by_org: key KEY is missing in this index",
		{del(TABLE_KEYS_BY_ORG, of_org(KEY))}},
	    {"keys: key KEY is of organization X, which does not exist\n"
	     "keys_by_org: key KEY is missing in this index\n"
	     "keys_by_org: an entry does not match its record in keys",
		{KEY(org, ids[X])}},
	    {"keys_by_org: an entry leads to a record missing in keys",
		{del(TABLE_KEYS, key_hash(&all.key_hash))}},
	    {"agents: agent AGENT has other ids than its key", {AGENT(id, ids[X])}},
	    {"widgets: widget WIDGET has as its agent AGENT, which does not exist",
		{del(TABLE_AGENTS, of_org(AGENT))}},
	    {"widgets: widget WIDGET has other ids than its key", {WIDGET(id, ids[X])}},
	    {"widgets: widget WIDGET has no public id\n"
	     "widgets_by_public: an entry does not match its record in widgets",
		{WIDGET(public_id, slice_str(""))}},
	    {"widgets_by_public: widget WIDGET is missing in this index",
		{del(TABLE_WIDGETS_BY_PUBLIC, public_id)}},
	    {"widgets_by_public: widget WIDGET has an index entry of another record\n"
	     "widgets_by_public: an entry does not match its record in widgets",
		{lead(TABLE_WIDGETS_BY_PUBLIC, public_id, of_org(FIRST))}},
	    {"widgets_by_public: an entry leads to a record missing in widgets\n"
	     "caps: messages are counted of widget WIDGET, which does not exist",
		{del(TABLE_WIDGETS, of_org(WIDGET))}},
	    {"caps: a count of widget FIRST does not decode: short",
		{put(TABLE_CAPS, key_cap(&ids[FIRST], 7), "\1")}},
	    {"visitors: visitor VISITOR has another token than its key",
		{VISITOR(token.b[0], all.visitor_token.b[0] ^ 1)}},
	    {"visitors_by_id: visitor X is missing in this index\n"
	     "visitors_by_id: an entry does not match its record in visitors",
		{VISITOR(id, ids[X])}},
	    {"visitors_by_id: visitor VISITOR is missing in this index",
		{del(TABLE_VISITORS_BY_ID, id_of(VISITOR))}},
	    {"visitors_by_id: an entry leads to a record missing in visitors",
		{del(TABLE_VISITORS, key_hash(&all.visitor_token))}},
	    {"contacts: contact K has other ids than its key\n"
	     "contacts_by_email: an entry does not match its record in contacts\n"
	     "contacts_by_phone: an entry does not match its record in contacts",
		{CONTACT(org, ids[X])}},
	    {"contacts: contact K has a phone without a digit\n"
	     "contacts_by_phone: an entry does not match its record in contacts",
		{CONTACT(phone, slice_str("none"))}},
	    {"contacts_by_email: contact K is missing in this index\n"
	     "contacts_by_phone: contact K is missing in this index",
		{del(TABLE_CONTACTS_BY_EMAIL, contact_email),
		    del(TABLE_CONTACTS_BY_PHONE, contact_phone)}},
	    {"contacts_by_phone: contact K has an index entry of another record\n"
	     "contacts_by_phone: an entry leads to a record missing in contacts",
		{lead(TABLE_CONTACTS_BY_PHONE, contact_phone, id_of(X))}},
	    {"contacts_by_phone: an entry does not match its record in contacts",
		{lead(TABLE_CONTACTS_BY_PHONE, key_contact_name(&ids[O], slice_str("7")),
		    id_of(K))}},
	};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		expect_report(&faults[i]);
}

/* States that occur in normal operation. */
VERIFY_TEST(what_is_no_fault_is_not_reported)
{
	const struct fault faults[] = {
	    {"", {put(TABLE_META, key_meta(META_LAST_BACKUP), "0 0")}},
	    {"", {put(TABLE_META, key_meta(META_PROBE "7"), "x")}},
	    /* The total of an organization without conversations. */
	    {"",
		{copy(TABLE_TOTALS, id_of(X), id_of(O2)), TOTALS(X, conversations, 0),
		    TOTALS(X, messages, 0)}},
	    /* A visitor that never wrote keeps the id of its contact when that is deleted. */
	    {"", {VISITOR(contact, ids[X])}},
	};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		expect_report(&faults[i]);
}

VERIFY_TEST(a_key_of_an_invalid_length_is_reported_in_every_table)
{
	for (enum table i = TABLE_META + 1; i < TABLES; i++) {
		char line[96];

		/* These keys may be short. */
		if (i == TABLE_USERS_BY_EMAIL || i == TABLE_WIDGETS_BY_PUBLIC)
			continue;
		snprintf(line, sizeof(line),
		    "%s: a key has an invalid length of 3 bytes: 616263", table_name(i));
		expect_report(&(struct fault){line, {put(i, key_meta("abc"), "")}});
	}
}

VERIFY_TEST(an_unknown_table_is_reported)
{
	struct txn t;
	MDB_dbi dbi;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(mdb_dbi_open(t.mdb, "things", MDB_CREATE, &dbi), 0);
	assert_int_equal(txn_commit(&t), 0);
	assert_string_equal(verify().text, "meta: unknown table: \"things\"");
	f->damaged = true;
}

VERIFY_TEST(every_entry_is_checked)
{
	struct report report;
	size_t entries = 0;

	for (enum table i = 0; i < TABLES; i++)
		entries += table_count(f, i);
	report = verify();
	assert_int_equal(report.entries, entries);
	assert_string_equal(report.text, "");
}

TEST_MAIN(NULL, NULL)
