/*
 * An export is restored byte by byte, however often it is imported. Everything else is in the scenarios
 * next to this file.
 */
#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/storaged/store_everything.h"

/* Client b is the banter command. */
static void
import(struct fixture *f, enum msg_type type, const void *msg)
{
	uint64_t request;

	f->b.role = ROLE_TOOL;
	request = send_request(f, &f->b, type, msg);
	commit(f);
	expect_answer(f, &f->b, request, MSG_OK, NULL);
}

static void
import_message(struct fixture *to, struct slice key, struct slice value)
{
	const struct msg_import_message m = {
	    .conversation = key_front(key), .seq = message_seq(key), .message = value};

	import(to, MSG_IMPORT_MESSAGE, &m);
}

static void
import_client_id(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_client_id m = {
	    .conversation = key_front(key), .client_id = client_id_name(key)};
	struct msg_client_id_record record;

	assert_int_equal(record_decode(value, MSG_CLIENT_ID_RECORD, &record), WIRE_OK);
	m.seq = record.seq;
	import(to, MSG_IMPORT_CLIENT_ID, &m);
}

static void
import_login(struct fixture *to, struct slice key, struct slice value)
{
	struct msg_import_login m = {.login = value};

	memcpy(m.token.b, key.p, sizeof(m.token.b));
	import(to, MSG_IMPORT_LOGIN, &m);
}

static void
import_conversation(struct fixture *to, struct slice key, struct slice value)
{
	const struct msg_import_conversation m = {.conversation = value};

	(void)key;
	import(to, MSG_IMPORT_CONVERSATION, &m);
}

/* The tables of an export in their order: either the kind of their records, or their own import. */
static const struct exported {
	enum table table;
	enum msg_type kind;
	void (*import)(struct fixture *to, struct slice key, struct slice value);
} exported[] = {
    {TABLE_AGENTS, MSG_AGENT_RECORD, NULL},
    {TABLE_WIDGETS, MSG_WIDGET_RECORD, NULL},
    {TABLE_ORGS, MSG_ORG_RECORD, NULL},
    {TABLE_USERS, MSG_USER_RECORD, NULL},
    {TABLE_KEYS, MSG_KEY_RECORD, NULL},
    {TABLE_CONTACTS, MSG_CONTACT_RECORD, NULL},
    {TABLE_VISITORS, MSG_VISITOR_RECORD, NULL},
    {TABLE_CONVERSATIONS, 0, import_conversation},
    {TABLE_MESSAGES, 0, import_message},
    {TABLE_CLIENT_IDS, 0, import_client_id},
    {TABLE_LOGINS, 0, import_login},
};

static void
copy_table(struct fixture *from, struct fixture *to, const struct exported *e)
{
	const struct key all = {0};
	struct walk w;
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &from->env, TXN_READ), 0);
	assert_int_equal(walk_open(&w, &t, e->table, &all), 0);
	for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w)) {
		const struct msg_import_record m = {
		    .type = (uint16_t)e->kind, .record = w.value};

		if (e->import != NULL)
			e->import(to, w.key, w.value);
		else
			import(to, MSG_IMPORT_RECORD, &m);
	}
	assert_int_equal(rc, MDB_NOTFOUND);
	walk_close(&w);
	txn_abort(&t);
}

static void
copy_store(struct fixture *from, struct fixture *to)
{
	for (size_t i = 0; i < ARRAY_LEN(exported); i++)
		copy_table(from, to, &exported[i]);
}

/* A turn with a client id and this end; interrupted: its worker disconnects. */
static void
make_turn(struct fixture *f, const struct id *org, const char *client_id,
    enum message_status status, const char *text)
{
	struct msg_turn_begin begin = begin_of("visitor", client_id);
	struct msg_turn_finish finish = finish_of(&begin.turn, text);
	struct msg_turn_checkpoint piece = piece_of(&begin.turn, 0, text);

	begin.org = *org;
	begin.client_id = slice_str(client_id);
	finish.status = (uint8_t)status;
	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, NULL);
	if (status != MESSAGE_INTERRUPTED) {
		ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
		return;
	}
	ask(f, MSG_TURN_CHECKPOINT, &piece, MSG_OK, NULL);
	lose(f, &f->a);
}

/* Conversations of two organizations, with every kind of ended reply, and one record of every other kind. */
static void
make_store(struct fixture *f)
{
	struct msg_login_create login = {
	    .org = id_default_org,
	    .id = id_new(),
	    .token = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 1000000,
	};
	struct id org = make_org(f);
	struct txn t;

	make_turn(f, &org, "the first", MESSAGE_COMPLETE, "");
	chat(f, "visitor", "question", "answer");
	chat(f, "other", "\xf0\x9f\x98\x80", "\xe2\x80\xaf");
	make_turn(f, &id_default_org, "a second", MESSAGE_STOPPED, "stopp");
	make_turn(f, &id_default_org, "the first", MESSAGE_INTERRUPTED, "half a re");
	ask(f, MSG_LOGIN_CREATE, &login, MSG_OK, NULL);
	make_everything(f);
	/* An export does not contain these. */
	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(mdb_drop(t.mdb, f->env.dbi[TABLE_CAPS], 0), 0);
	assert_int_equal(txn_commit(&t), 0);
}

STORE_TEST(an_export_can_be_imported_repeatedly_also_after_a_part_was_erased)
{
	const struct msg_visitor_erase erase = {.org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str("visitor")};
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
	ask(to, MSG_VISITOR_ERASE, &erase, MSG_ERASED, NULL);
	copy_store(from, to);
	contents_expect(to, &whole);
	assert_int_equal(fixture_teardown(&other), 0);
	contents_clear(&whole);
}

TEST(only_the_banter_command_may_import)
{
	static const enum msg_type imports[] = {MSG_IMPORT_CONVERSATION, MSG_IMPORT_MESSAGE,
	    MSG_IMPORT_LOGIN, MSG_IMPORT_CLIENT_ID, MSG_IMPORT_RECORD};

	for (size_t i = 0; i < ARRAY_LEN(imports); i++)
		assert_int_equal(msg_desc((uint16_t)imports[i])->from, ROLE_TOOL);
}

TEST_MAIN(NULL, NULL)
