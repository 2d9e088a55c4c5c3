/*
 * The check of the store: a whole store has nothing broken, and each thing that is broken on
 * purpose, behind the daemon's back, is found and named.
 */
#include "tests/unit/storaged/store_everything.h"

#include "storaged/records/match_keys.h"

#define LINES_MAX 8

/*
 * A store with one of everything. In the lines that the check writes, the ids of these stand by
 * their names:
 *	A  a conversation with a question and its reply TA
 *	B  one whose reply TB was stopped, and whose question has the client's id "name"
 *	C  one with an open turn TC, and two pieces of its reply
 *	D  one with an interrupted reply TD that was opened again, and has a piece
 *	E  one of another organization O2, with its reply TE
 *	V  a visitor's, with the contact K
 *	X  an id that nothing has
 */
struct named {
	const char *name;
	struct id id;
};

struct whole {
	struct fixture *f;
	struct named a, b, c, d, e, ta, tb, tc, td, te, o, o2, x;
	struct hash256 login;
	struct everything all;
	/* Of store_everything.h. */
	struct named v, k, user, agent, widget, visitor, key, o3, default_widget;
};

/* The reported lines. */
struct lines {
	const struct whole *w;
	size_t n;
	char line[LINES_MAX][320];
};

/* Replaces the text of each id by its name. */
static void
name_ids(const struct whole *w, char *line)
{
	const struct named *const all[] = {&w->a, &w->b, &w->c, &w->d, &w->e, &w->ta, &w->tb,
	    &w->tc, &w->td, &w->te, &w->o, &w->o2, &w->x, &w->v, &w->k, &w->user, &w->agent,
	    &w->widget, &w->visitor, &w->key, &w->o3, &w->default_widget};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char text[ID_TEXT_LEN + 1], *at;
		size_t len = strlen(all[i]->name);

		id_format(&all[i]->id, text);
		while ((at = strstr(line, text)) != NULL) {
			memcpy(at, all[i]->name, len);
			memmove(at + len, at + ID_TEXT_LEN, strlen(at + ID_TEXT_LEN) + 1);
		}
	}
}

static void
keep_line(void *arg, enum table table, const char *what)
{
	struct lines *lines = arg;
	char *line = lines->line[lines->n++];

	assert_true(lines->n < LINES_MAX);
	snprintf(line, sizeof(lines->line[0]), "%s: %s", table_name(table), what);
	name_ids(lines->w, line);
}

static int
verify(struct fixture *f, struct lines *lines, struct verify_result *result)
{
	const struct verify how = {.found = keep_line, .arg = lines};
	struct txn t;
	int rc;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	rc = verify_store(&t, &how, result);
	txn_abort(&t);
	assert_int_equal(result->broken, lines->n);
	return rc;
}

/* Begins a turn of its own conversation. */
static void
begin(struct whole *w, struct named *conversation, struct named *turn, const struct id *org)
{
	char session[32];
	struct msg_turn_begin m;

	snprintf(session, sizeof(session), "session-%s", conversation->name);
	m = begin_of(session, "question");
	m.org = *org;
	if (conversation == &w->b)
		m.client_id = slice_str("name");
	conversation->id = m.conversation;
	turn->id = m.turn;
	ask(w->f, MSG_TURN_BEGIN, &m, MSG_TURN_BEGUN, NULL);
}

static void
end(struct whole *w, const struct named *turn, enum message_status status)
{
	struct msg_turn_finish m = finish_of(&turn->id, "answer");

	m.status = (uint8_t)status;
	ask(w->f, MSG_TURN_FINISH, &m, MSG_OK, NULL);
}

static void
keep(struct whole *w, const struct named *turn, uint32_t offset, const char *text)
{
	struct msg_turn_checkpoint m = piece_of(&turn->id, offset, text);

	ask(w->f, MSG_TURN_CHECKPOINT, &m, MSG_OK, NULL);
}

static void
fill(struct whole *w)
{
	struct msg_login_create login = {.org = id_default_org,
	    .id = id_new(),
	    .token = secret_hash(slice_str("token")),
	    .expires_at = clock_wall_ms() + 60000};

	begin(w, &w->a, &w->ta, &w->o.id);
	end(w, &w->ta, MESSAGE_COMPLETE);
	begin(w, &w->b, &w->tb, &w->o.id);
	end(w, &w->tb, MESSAGE_STOPPED);
	begin(w, &w->d, &w->td, &w->o.id);
	keep(w, &w->td, 0, "once ");
	lose(w->f, &w->f->a);
	keep(w, &w->td, 0, "");
	keep(w, &w->td, 5, "upon");
	begin(w, &w->c, &w->tc, &w->o.id);
	keep(w, &w->tc, 0, "one ");
	keep(w, &w->tc, 4, "two");
	begin(w, &w->e, &w->te, &w->o2.id);
	end(w, &w->te, MESSAGE_COMPLETE);
	ask(w->f, MSG_LOGIN_CREATE, &login, MSG_OK, NULL);
	w->login = login.token;
	w->all = make_everything(w->f);
	w->v = (struct named){"V", w->all.conversation};
	w->k = (struct named){"K", w->all.contact};
	w->user = (struct named){"USER", w->all.user};
	w->agent = (struct named){"AGENT", w->all.agent};
	w->widget = (struct named){"WIDGET", w->all.widget};
	w->visitor = (struct named){"VISITOR", w->all.visitor};
	w->key = (struct named){"KEY", w->all.key};
	w->o3 = (struct named){"O3", w->all.org};
	w->default_widget = (struct named){"FIRST", id_default_widget};
}

static void
setup_whole(struct whole *w)
{
	void *f;

	assert_int_equal(fixture_setup(&f), 0);
	*w = (struct whole){
	    .f = f,
	    .a.name = "A",
	    .b.name = "B",
	    .c.name = "C",
	    .d.name = "D",
	    .e.name = "E",
	    .ta.name = "TA",
	    .tb.name = "TB",
	    .tc.name = "TC",
	    .td.name = "TD",
	    .te.name = "TE",
	    .o = {"O", id_default_org},
	    .o2 = {"O2", make_org(f)},
	    .x = {"X", id_new()},
	};
	fill(w);
}

static void
teardown_whole(struct whole *w)
{
	void *f = w->f;

	assert_int_equal(fixture_teardown(&f), 0);
}

static void
put(struct txn *t, enum table table, struct key key, const char *value)
{
	assert_int_equal(txn_put(t, table, &key, slice_str(value)), 0);
}

static void
del(struct txn *t, enum table table, struct key key)
{
	assert_int_equal(txn_del(t, table, &key), 0);
}

/* A key that is too short for every table except meta. */
static struct key
misfit(void)
{
	return (struct key){.len = 3, .b = {0x61, 0x62, 0x63}};
}

/* Rewrites a record after the statements changed it. */
#define ALTER(t, table, key_, TYPE, type, ...)                                              \
	do {                                                                                \
		struct msg_##type##_record r;                                               \
		struct key k = key_;                                                        \
		assert_int_equal(txn_get_record(t, table, &k, MSG_##TYPE##_RECORD, &r), 0); \
		__VA_ARGS__;                                                                \
		assert_int_equal(txn_put_record(t, table, &k, MSG_##TYPE##_RECORD, &r), 0); \
	} while (0)
#define CONVERSATION(t, w, which, ...)                                                    \
	ALTER(t, TABLE_CONVERSATIONS, key_id(&(w)->which.id), CONVERSATION, conversation, \
	    __VA_ARGS__)
#define MESSAGE(t, w, which, seq, ...)                                               \
	ALTER(t, TABLE_MESSAGES, key_message(&(w)->which.id, seq), MESSAGE, message, \
	    __VA_ARGS__)
#define TURN(t, w, which, ...) \
	ALTER(t, TABLE_TURNS, key_id(&(w)->which.id), TURN, turn, __VA_ARGS__)
#define OPEN_TURN(t, w, which, ...) \
	ALTER(t, TABLE_OPEN_TURNS, key_id(&(w)->which.id), OPEN_TURN, open_turn, __VA_ARGS__)
#define NAME(t, w, ...)                                                                     \
	ALTER(t, TABLE_CLIENT_IDS, key_client_id(&(w)->b.id, slice_str("name")), CLIENT_ID, \
	    client_id, __VA_ARGS__)
#define LOGIN(t, w, ...) \
	ALTER(t, TABLE_LOGINS, key_hash(&(w)->login), LOGIN, login, __VA_ARGS__)
#define TOTALS(t, w, which, ...) \
	ALTER(t, TABLE_TOTALS, key_id(&(w)->which.id), TOTALS, totals, __VA_ARGS__)

static struct key
session_key(const struct whole *w, const struct named *conversation)
{
	char session[32];

	snprintf(session, sizeof(session), "session-%s", conversation->name);
	return key_session(&w->o.id, &id_default_widget, slice_str(session));
}

static struct key
activity_key(struct txn *t, const struct whole *w, const struct named *conversation)
{
	struct key key = key_id(&conversation->id);
	struct msg_conversation_record r;

	assert_int_equal(
	    txn_get_record(t, TABLE_CONVERSATIONS, &key, MSG_CONVERSATION_RECORD, &r), 0);
	return key_activity(&w->o.id, r.updated_at, &conversation->id);
}

typedef void break_fn(struct txn *t, const struct whole *w);

#define BREAK(name) static void name(struct txn *t, const struct whole *w)

BREAK(an_unknown_name_in_meta)
{
	(void)w;
	put(t, TABLE_META, key_meta("colo\x1b[31mur"), "red");
}

BREAK(no_schema_version)
{
	(void)w;
	del(t, TABLE_META, key_meta(META_VERSION));
}

BREAK(another_schema_version)
{
	(void)w;
	put(t, TABLE_META, key_meta(META_VERSION), "5");
}

BREAK(an_unknown_table)
{
	MDB_dbi dbi;

	(void)w;
	assert_int_equal(mdb_dbi_open(t->mdb, "things", MDB_CREATE, &dbi), 0);
}

BREAK(a_conversation_key_that_is_no_id)
{
	(void)w;
	put(t, TABLE_CONVERSATIONS, misfit(), "x");
}

BREAK(a_conversation_that_does_not_decode)
{
	put(t, TABLE_CONVERSATIONS, key_id(&w->a.id), "\1");
}

BREAK(a_conversation_of_another_version)
{
	CONVERSATION(t, w, a, r.v = 0);
}

BREAK(a_conversation_with_another_id)
{
	CONVERSATION(t, w, a, r.id = w->x.id);
}

BREAK(a_conversation_without_a_session)
{
	CONVERSATION(t, w, a, r.session = (struct slice){0});
}

BREAK(a_conversation_updated_before_it_was_made)
{
	CONVERSATION(t, w, a, r.created_at = r.updated_at + 1);
}

BREAK(a_last_message_that_is_too_long)
{
	char text[502];

	memset(text, 'x', 501);
	text[501] = '\0';
	CONVERSATION(t, w, a, r.last_message = slice_str(text));
}

BREAK(a_wrong_count_of_messages)
{
	CONVERSATION(t, w, a, r.messages = 3);
}

BREAK(a_next_place_that_is_taken)
{
	CONVERSATION(t, w, a, r.next_seq = 2);
}

BREAK(no_session_entry)
{
	del(t, TABLE_CONVERSATIONS_BY_SESSION, session_key(w, &w->a));
}

BREAK(a_session_that_leads_to_another)
{
	struct key b = key_id(&w->b.id), key = session_key(w, &w->a);

	assert_int_equal(txn_put(t, TABLE_CONVERSATIONS_BY_SESSION, &key, key_slice(&b)), 0);
}

BREAK(a_second_session)
{
	struct key a = key_id(&w->a.id), key = session_key(w, &w->x);

	assert_int_equal(txn_put(t, TABLE_CONVERSATIONS_BY_SESSION, &key, key_slice(&a)), 0);
}

BREAK(a_session_that_leads_nowhere)
{
	struct key x = key_id(&w->x.id), key = session_key(w, &w->x);

	assert_int_equal(txn_put(t, TABLE_CONVERSATIONS_BY_SESSION, &key, key_slice(&x)), 0);
}

BREAK(a_session_without_an_id)
{
	put(t, TABLE_CONVERSATIONS_BY_SESSION, session_key(w, &w->x), "abc");
}

BREAK(a_session_key_that_is_too_short)
{
	(void)w;
	put(t, TABLE_CONVERSATIONS_BY_SESSION, misfit(), "x");
}

BREAK(no_activity_entry)
{
	del(t, TABLE_CONVERSATIONS_BY_ACTIVITY, activity_key(t, w, &w->a));
}

BREAK(a_second_activity)
{
	put(t, TABLE_CONVERSATIONS_BY_ACTIVITY, key_activity(&w->o.id, 7, &w->a.id), "");
}

BREAK(an_activity_that_leads_nowhere)
{
	put(t, TABLE_CONVERSATIONS_BY_ACTIVITY, key_activity(&w->o.id, 7, &w->x.id), "");
}

BREAK(an_activity_with_a_value)
{
	put(t, TABLE_CONVERSATIONS_BY_ACTIVITY, activity_key(t, w, &w->a), "x");
}

BREAK(an_activity_key_that_is_too_short)
{
	(void)w;
	put(t, TABLE_CONVERSATIONS_BY_ACTIVITY, misfit(), "");
}

BREAK(a_message_key_that_is_too_short)
{
	(void)w;
	put(t, TABLE_MESSAGES, misfit(), "x");
}

BREAK(messages_without_a_conversation)
{
	put(t, TABLE_MESSAGES, key_message(&w->x.id, 1), "x");
	put(t, TABLE_MESSAGES, key_message(&w->x.id, 2), "x");
}

BREAK(a_message_that_does_not_decode)
{
	put(t, TABLE_MESSAGES, key_message(&w->a.id, 2), "\1");
}

BREAK(a_message_of_another_version)
{
	MESSAGE(t, w, a, 1, r.v = 0);
}

BREAK(a_message_at_place_0)
{
	MESSAGE(t, w, a, 1, k = key_message(&w->a.id, 0));
	del(t, TABLE_MESSAGES, key_message(&w->a.id, 1));
}

BREAK(a_message_without_an_id)
{
	MESSAGE(t, w, a, 1, r.id = (struct id){0});
}

BREAK(a_status_that_there_is_not)
{
	MESSAGE(t, w, a, 2, r.status = 3);
}

BREAK(a_question_that_is_not_complete)
{
	MESSAGE(t, w, a, 1, r.status = MESSAGE_STOPPED);
}

BREAK(a_reply_without_its_turn)
{
	del(t, TABLE_TURNS, key_id(&w->ta.id));
}

BREAK(a_reply_of_another_turn)
{
	MESSAGE(t, w, a, 2, r.id = w->tb.id);
}

BREAK(a_turn_that_names_an_empty_place)
{
	TURN(t, w, ta, r.seq = 4);
}

BREAK(a_turn_that_names_the_question)
{
	TURN(t, w, ta, r.seq = 1);
}

BREAK(a_turn_key_that_is_no_id)
{
	(void)w;
	put(t, TABLE_TURNS, misfit(), "x");
}

BREAK(a_turn_that_does_not_decode)
{
	put(t, TABLE_TURNS, key_id(&w->ta.id), "\1");
}

BREAK(a_turn_of_no_conversation)
{
	TURN(t, w, tc, r.conversation = w->x.id);
}

BREAK(a_turn_of_another_organization)
{
	TURN(t, w, ta, r.org = w->o2.id);
}

BREAK(a_turn_without_its_reply)
{
	del(t, TABLE_MESSAGES, key_message(&w->e.id, 2));
}

BREAK(a_turn_beyond_the_next_place)
{
	CONVERSATION(t, w, c, r.next_seq = 2);
}

BREAK(a_turn_that_was_not_kept_open)
{
	del(t, TABLE_OPEN_TURNS, key_id(&w->tc.id));
}

BREAK(an_open_turn_key_that_is_no_id)
{
	(void)w;
	put(t, TABLE_OPEN_TURNS, misfit(), "x");
}

BREAK(an_open_turn_that_does_not_decode)
{
	put(t, TABLE_OPEN_TURNS, key_id(&w->tc.id), "\1");
}

BREAK(an_open_turn_of_another_version)
{
	OPEN_TURN(t, w, tc, r.v = 0);
}

BREAK(an_open_turn_without_a_turn)
{
	OPEN_TURN(t, w, tc, k = key_id(&w->x.id));
}

BREAK(an_open_turn_of_another_conversation)
{
	OPEN_TURN(t, w, tc, r.conversation = w->a.id);
}

BREAK(an_open_turn_whose_reply_has_ended)
{
	MESSAGE(t, w, d, 2, r.status = MESSAGE_COMPLETE);
}

BREAK(a_piece_key_that_is_too_short)
{
	(void)w;
	put(t, TABLE_PARTIALS, misfit(), "x");
}

BREAK(pieces_of_a_turn_that_is_not_open)
{
	put(t, TABLE_PARTIALS, key_partial(&w->ta.id, 0), "x");
	put(t, TABLE_PARTIALS, key_partial(&w->ta.id, 1), "y");
	put(t, TABLE_PARTIALS, key_partial(&w->x.id, 0), "z");
}

BREAK(an_empty_piece)
{
	put(t, TABLE_PARTIALS, key_partial(&w->tc.id, 7), "");
}

BREAK(a_piece_beyond_the_longest_reply)
{
	put(t, TABLE_PARTIALS, key_partial(&w->tc.id, TEXT_MAX - 1), "xx");
	put(t, TABLE_PARTIALS, key_partial(&w->tc.id, UINT32_MAX), "x");
}

BREAK(a_piece_that_is_no_text)
{
	put(t, TABLE_PARTIALS, key_partial(&w->tc.id, 7), "\xff");
}

BREAK(a_client_id_key_without_a_name)
{
	struct key key = {.len = sizeof(struct id), .b = "0123456789abcde"};

	(void)w;
	put(t, TABLE_CLIENT_IDS, key, "x");
}

BREAK(a_client_id_that_does_not_decode)
{
	put(t, TABLE_CLIENT_IDS, key_client_id(&w->b.id, slice_str("name")), "\1");
}

BREAK(a_client_id_of_another_version)
{
	NAME(t, w, r.v = 0);
}

BREAK(a_client_id_of_no_conversation)
{
	NAME(t, w, k = key_client_id(&w->x.id, slice_str("na\x1bme")));
}

BREAK(a_client_id_that_is_no_text)
{
	NAME(t, w, k = key_client_id(&w->b.id, slice_str("na\xffme")));
}

BREAK(a_client_id_of_no_message)
{
	NAME(t, w, r.seq = 3);
}

BREAK(a_client_id_of_a_reply)
{
	NAME(t, w, r.seq = 2);
}

BREAK(a_client_id_of_no_turn)
{
	NAME(t, w, r.turn = w->x.id);
}

BREAK(a_client_id_of_another_message_s_turn)
{
	NAME(t, w, r.turn = w->ta.id);
}

BREAK(a_client_id_whose_turn_is_elsewhere)
{
	TURN(t, w, tb, r.seq = 3);
}

/* Each fault is reported in its own table. */
BREAK(a_client_id_with_what_does_not_decode)
{
	put(t, TABLE_MESSAGES, key_message(&w->b.id, 1), "\1");
	put(t, TABLE_TURNS, key_id(&w->tb.id), "\1");
}

BREAK(a_login_key_that_is_too_short)
{
	(void)w;
	put(t, TABLE_LOGINS, misfit(), "x");
}

BREAK(a_login_that_does_not_decode)
{
	put(t, TABLE_LOGINS, key_hash(&w->login), "\1");
}

BREAK(a_login_that_expired_before_it_was_made)
{
	LOGIN(t, w, r.expires_at = r.created_at - 1);
}

BREAK(a_total_key_that_is_no_id)
{
	(void)w;
	put(t, TABLE_TOTALS, misfit(), "x");
}

BREAK(a_total_that_does_not_decode)
{
	put(t, TABLE_TOTALS, key_id(&w->o.id), "\1");
}

BREAK(a_wrong_total_of_conversations)
{
	TOTALS(t, w, o, r.conversations--);
}

BREAK(a_wrong_total_of_messages)
{
	TOTALS(t, w, o2, r.messages++);
}

BREAK(no_total)
{
	del(t, TABLE_TOTALS, key_id(&w->o2.id));
}

BREAK(a_total_of_nothing)
{
	TOTALS(t, w, o2, k = key_id(&w->x.id));
}

BREAK(a_conversation_that_is_gone)
{
	del(t, TABLE_CONVERSATIONS, key_id(&w->e.id));
}

BREAK(an_erased_conversation_that_is_there)
{
	put(t, TABLE_META, key_erased(&w->a.id), "");
}

BREAK(an_erased_conversation_that_is_listed)
{
	del(t, TABLE_CONVERSATIONS, key_id(&w->b.id));
	put(t, TABLE_META, key_erased(&w->b.id), "");
}

BREAK(something_that_was_erased_but_no_conversation)
{
	(void)w;
	put(t, TABLE_META, key_meta(META_ERASED "something"), "");
}

BREAK(another_state)
{
	CONVERSATION(t, w, b, r.state = CONVERSATION_ACTIVE);
}

BREAK(a_state_that_no_turn_has)
{
	CONVERSATION(t, w, c, r.state = CONVERSATION_COMPLETE);
}

BREAK(a_state_without_any_reply)
{
	CONVERSATION(t, w, a, r.next_seq = 5; r.state = CONVERSATION_ACTIVE);
}

BREAK(no_entry_of_the_widget)
{
	CONVERSATION(t, w, a,
	    del(t, TABLE_CONVERSATIONS_BY_WIDGET,
		key_activity_of(&r.org, &r.widget, r.updated_at, &r.id)));
}

BREAK(an_entry_of_another_widget)
{
	put(t, TABLE_CONVERSATIONS_BY_WIDGET, key_activity_of(&w->o.id, &w->x.id, 7, &w->a.id),
	    "");
}

BREAK(no_entry_of_the_contact)
{
	CONVERSATION(t, w, v,
	    del(t, TABLE_CONVERSATIONS_BY_CONTACT,
		key_activity_of(&r.org, &r.contact, r.updated_at, &r.id)));
}

BREAK(an_entry_of_no_contact)
{
	const struct id none = {0};

	CONVERSATION(t, w, a,
	    put(t, TABLE_CONVERSATIONS_BY_CONTACT,
		key_activity_of(&r.org, &none, r.updated_at, &r.id), ""));
}

BREAK(a_conversation_with_a_contact_that_is_gone)
{
	CONVERSATION(t, w, v, r.contact = w->x.id);
}

#define ORG(t, w, which, ...) \
	ALTER(t, TABLE_ORGS, key_id(&(w)->which.id), ORG, org, __VA_ARGS__)
#define OF_ORG(t, w, TABLE, TYPE, type, which, ...) \
	ALTER(t, TABLE_##TABLE, key_of_org(&(w)->o.id, &(w)->which.id), TYPE, type, __VA_ARGS__)
#define BY_HASH(t, TABLE, TYPE, type, hash, ...) \
	ALTER(t, TABLE_##TABLE, key_hash(hash), TYPE, type, __VA_ARGS__)

static struct key
email_key(const char *email)
{
	uint8_t folded[FOLDED_MAX];
	size_t len;

	assert_int_equal(match_fold_email(slice_str(email), folded, &len), 0);
	return key_email((struct slice){folded, len});
}

/* Sets the value of an index entry to a key. */
static void
lead(struct txn *t, enum table table, struct key key, struct key to)
{
	assert_int_equal(txn_put(t, table, &key, key_slice(&to)), 0);
}

BREAK(an_organization_with_another_id)
{
	ORG(t, w, o3, r.id = w->x.id);
}

BREAK(an_organization_without_its_widget)
{
	ORG(t, w, o3, r.widget = w->x.id);
}

BREAK(an_organization_that_is_gone)
{
	del(t, TABLE_ORGS, key_id(&w->o.id));
}

BREAK(a_user_with_other_ids)
{
	OF_ORG(t, w, USERS, USER, user, user, r.org = w->x.id);
}

BREAK(a_user_without_a_password)
{
	OF_ORG(t, w, USERS, USER, user, user, r.password = (struct slice){0});
}

BREAK(a_user_without_an_e_mail)
{
	OF_ORG(t, w, USERS, USER, user, user, r.email = (struct slice){0});
}

BREAK(an_e_mail_that_is_not_indexed)
{
	(void)w;
	del(t, TABLE_USERS_BY_EMAIL, email_key("owner@EXAMPLE.com"));
}

BREAK(an_e_mail_that_leads_to_another)
{
	lead(t, TABLE_USERS_BY_EMAIL, email_key("owner@example.com"),
	    key_of_org(&w->o.id, &w->x.id));
}

BREAK(an_e_mail_that_leads_nowhere)
{
	(void)w;
	put(t, TABLE_USERS_BY_EMAIL, email_key("other@example.com"), "abc");
}

BREAK(a_second_e_mail)
{
	lead(t, TABLE_USERS_BY_EMAIL, email_key("other@example.com"),
	    key_of_org(&w->o.id, &w->user.id));
}

BREAK(a_user_that_is_gone)
{
	del(t, TABLE_USERS, key_of_org(&w->o.id, &w->user.id));
}

BREAK(a_login_that_is_not_listed)
{
	del(t, TABLE_LOGINS_BY_USER, key_user_login(&w->o.id, &w->user.id, &w->all.login));
}

BREAK(a_login_that_is_gone)
{
	del(t, TABLE_LOGINS, key_hash(&w->all.login_token));
}

BREAK(a_login_of_another_user)
{
	BY_HASH(t, LOGINS, LOGIN, login, &w->all.login_token, r.user = (struct id){0});
}

BREAK(a_key_of_another_hash)
{
	BY_HASH(t, KEYS, KEY, key, &w->all.key_hash, r.key.b[0] ^= 1);
}

BREAK(a_key_that_is_not_listed)
{
	del(t, TABLE_KEYS_BY_ORG, key_of_org(&w->o.id, &w->key.id));
}

BREAK(a_key_of_another_organization)
{
	BY_HASH(t, KEYS, KEY, key, &w->all.key_hash, r.org = w->x.id);
}

BREAK(a_key_that_is_gone)
{
	del(t, TABLE_KEYS, key_hash(&w->all.key_hash));
}

BREAK(an_agent_with_other_ids)
{
	OF_ORG(t, w, AGENTS, AGENT, agent, agent, r.id = w->x.id);
}

BREAK(an_agent_that_is_gone)
{
	del(t, TABLE_AGENTS, key_of_org(&w->o.id, &w->agent.id));
}

BREAK(a_widget_with_other_ids)
{
	OF_ORG(t, w, WIDGETS, WIDGET, widget, widget, r.id = w->x.id);
}

BREAK(a_widget_without_a_public_id)
{
	OF_ORG(t, w, WIDGETS, WIDGET, widget, widget, r.public_id = (struct slice){0});
}

BREAK(a_public_id_that_is_not_indexed)
{
	(void)w;
	del(t, TABLE_WIDGETS_BY_PUBLIC, key_public(slice_str("wid_everything")));
}

BREAK(a_public_id_that_leads_to_another)
{
	lead(t, TABLE_WIDGETS_BY_PUBLIC, key_public(slice_str("wid_everything")),
	    key_of_org(&w->o.id, &w->default_widget.id));
}

BREAK(a_widget_that_is_gone)
{
	del(t, TABLE_WIDGETS, key_of_org(&w->o.id, &w->widget.id));
}

BREAK(a_count_that_does_not_decode)
{
	put(t, TABLE_CAPS, key_cap(&w->default_widget.id, 7), "\1");
}

BREAK(a_visitor_with_another_token)
{
	BY_HASH(t, VISITORS, VISITOR, visitor, &w->all.visitor_token, r.token.b[0] ^= 1);
}

BREAK(a_visitor_with_another_id)
{
	BY_HASH(t, VISITORS, VISITOR, visitor, &w->all.visitor_token, r.id = w->x.id);
}

BREAK(a_visitor_that_is_not_indexed)
{
	del(t, TABLE_VISITORS_BY_ID, key_id(&w->visitor.id));
}

BREAK(a_visitor_that_is_gone)
{
	del(t, TABLE_VISITORS, key_hash(&w->all.visitor_token));
}

BREAK(a_contact_with_other_ids)
{
	OF_ORG(t, w, CONTACTS, CONTACT, contact, k, r.org = w->x.id);
}

BREAK(a_contact_whose_phone_has_no_digit)
{
	OF_ORG(t, w, CONTACTS, CONTACT, contact, k, r.phone = slice_str("none"));
}

BREAK(a_contact_that_is_not_indexed)
{
	del(t, TABLE_CONTACTS_BY_EMAIL,
	    key_contact_name(&w->o.id, slice_str("zoe@example.com")));
	del(t, TABLE_CONTACTS_BY_PHONE, key_contact_name(&w->o.id, slice_str("+49301234")));
}

BREAK(a_name_that_leads_to_another)
{
	lead(t, TABLE_CONTACTS_BY_PHONE, key_contact_name(&w->o.id, slice_str("+49301234")),
	    key_id(&w->x.id));
}

BREAK(a_second_name)
{
	lead(t, TABLE_CONTACTS_BY_PHONE, key_contact_name(&w->o.id, slice_str("7")),
	    key_id(&w->k.id));
}

/* As after the contact was deleted: a visitor that never wrote keeps its id. */
BREAK(a_contact_that_is_gone_for_its_visitor)
{
	BY_HASH(t, VISITORS, VISITOR, visitor, &w->all.visitor_token, r.contact = w->x.id);
}

/* No fault: states that occur in normal operation. */
BREAK(nothing)
{
	put(t, TABLE_META, key_meta(META_LAST_BACKUP), "0 0");
	put(t, TABLE_META, key_meta(META_PROBE "7"), "x");
	TOTALS(t, w, o2, k = key_id(&w->x.id); r.conversations = r.messages = 0);
}

#define MISFIT ": a key has an invalid length of 3 bytes: 616263"

static struct breakage {
	const char *name;
	break_fn *run;
	const char *lines[LINES_MAX]; /* the expected lines, in order */
} breakages[] = {
    {"nothing", nothing, {NULL}},
    {"an unknown name in meta", an_unknown_name_in_meta,
	{"meta: unknown entry \"colo?[31mur\""}},
    {"no schema version", no_schema_version,
	{"meta: the schema's version is missing or invalid"}},
    {"another schema version", another_schema_version,
	{"meta: the schema is version 5, not 1"}},
    {"an unknown table", an_unknown_table, {"meta: unknown table: \"things\""}},
    {"a conversation key that is no id", a_conversation_key_that_is_no_id,
	{"conversations" MISFIT}},
    {"a conversation that does not decode", a_conversation_that_does_not_decode,
	{"conversations: conversation A does not decode: short"}},
    {"a conversation of another version", a_conversation_of_another_version,
	{"conversations: conversation A is of version 0, not 1"}},
    {"a conversation with another id", a_conversation_with_another_id,
	{"conversations: conversation A has another id than its key"}},
    {"a conversation without a session", a_conversation_without_a_session,
	{"conversations: conversation A has no session",
	    "conversations_by_session: an entry does not match its record, conversation A"}},
    {"a conversation updated before it was made", a_conversation_updated_before_it_was_made,
	{"conversations: conversation A was updated before it was made"}},
    {"a last message that is too long", a_last_message_that_is_too_long,
	{"conversations: conversation A has a last message that is too long"}},
    {"a wrong count of messages", a_wrong_count_of_messages,
	{"conversations: conversation A counts 3 messages and has 2"}},
    {"a next place that is taken", a_next_place_that_is_taken,
	{"conversations: conversation A has a message at 2, but 2 is its next place",
	    "conversations: conversation A is marked complete, but its newest message "
	    "makes it unanswered"}},
    {"no session entry", no_session_entry,
	{"conversations_by_session: the session of conversation A does not lead to it"}},
    {"a session that leads to another", a_session_that_leads_to_another,
	{"conversations_by_session: the session of conversation A leads to another",
	    "conversations_by_session: an entry does not match its record, conversation B"}},
    {"a second session", a_second_session,
	{"conversations_by_session: an entry does not match its record, conversation A"}},
    {"a session that leads nowhere", a_session_that_leads_nowhere,
	{"conversations_by_session: an entry leads to conversation X, which does not exist"}},
    {"a session without an id", a_session_without_an_id,
	{"conversations_by_session: an entry has 3 bytes, which are no id"}},
    {"a session key that is too short", a_session_key_that_is_too_short,
	{"conversations_by_session" MISFIT}},
    {"no activity entry", no_activity_entry,
	{"conversations_by_activity: conversation A is not where its last activity puts it"}},
    {"a second activity", a_second_activity,
	{"conversations_by_activity: an entry does not match its record, conversation A"}},
    {"an activity that leads nowhere", an_activity_that_leads_nowhere,
	{"conversations_by_activity: an entry leads to conversation X, which does not exist"}},
    {"an activity with a value", an_activity_with_a_value,
	{"conversations_by_activity: the entry of conversation A has 1 unexpected bytes"}},
    {"an activity key that is too short", an_activity_key_that_is_too_short,
	{"conversations_by_activity" MISFIT}},
    {"a message key that is too short", a_message_key_that_is_too_short, {"messages" MISFIT}},
    {"messages without a conversation", messages_without_a_conversation,
	{"messages: 2 messages of conversation X, which does not exist"}},
    {"a message that does not decode", a_message_that_does_not_decode,
	{"messages: message 2 of conversation A does not decode: short"}},
    {"a message of another version", a_message_of_another_version,
	{"messages: message 1 of conversation A is of version 0, not 1"}},
    {"a message at place 0", a_message_at_place_0,
	{"messages: message 0 of conversation A has position 0; positions count from 1"}},
    {"a message without an id", a_message_without_an_id,
	{"messages: message 1 of conversation A has no id"}},
    {"a status that there is not", a_status_that_there_is_not,
	{"messages: message 2 of conversation A has an invalid status"}},
    {"a question that is not complete", a_question_that_is_not_complete,
	{"messages: message 1 of conversation A is a question that is not complete"}},
    {"a reply without its turn", a_reply_without_its_turn,
	{"messages: reply TA of conversation A has no turn"}},
    {"a reply of another turn", a_reply_of_another_turn,
	{"messages: reply TB stands at 2 of conversation A, its turn names 2 of B",
	    "turns: turn TA has its place at 2 of conversation A, where another message is"}},
    {"a turn that names an empty place", a_turn_that_names_an_empty_place,
	{"messages: reply TA stands at 2 of conversation A, its turn names 4 of A",
	    "turns: turn TA has no reply and is not open"}},
    {"a turn that names the question", a_turn_that_names_the_question,
	{"messages: reply TA stands at 2 of conversation A, its turn names 1 of A",
	    "turns: turn TA has its place at 1 of conversation A, where another message is"}},
    {"a turn key that is no id", a_turn_key_that_is_no_id, {"turns" MISFIT}},
    {"a turn that does not decode", a_turn_that_does_not_decode,
	{"turns: turn TA does not decode: short"}},
    {"a turn of no conversation", a_turn_of_no_conversation,
	{"turns: turn TC belongs to conversation X, which does not exist",
	    "open_turns: turn TC is open in conversation C, but belongs to X",
	    "conversations: 1 conversations are active without an open turn"}},
    {"a turn of another organization", a_turn_of_another_organization,
	{"turns: turn TA belongs to conversation A, which is another organization's"}},
    {"a turn without its reply", a_turn_without_its_reply,
	{"conversations: conversation E counts 2 messages and has 1",
	    "conversations: conversation E is marked complete, but its newest message "
	    "makes it unanswered",
	    "turns: turn TE has no reply and is not open",
	    "totals: the total of organization O2 is 1 conversations and 2 messages; there are "
	    "1 and 1"}},
    {"a turn beyond the next place", a_turn_beyond_the_next_place,
	{"conversations: conversation C is marked active, but its newest message makes it "
	 "unanswered",
	    "turns: turn TC waits for place 2 of conversation C, where 2 is the next"}},
    {"a turn that was not kept open", a_turn_that_was_not_kept_open,
	{"turns: turn TC has no reply and is not open",
	    "partials: 2 pieces of open turn TC, which does not exist",
	    "conversations: 1 conversations are active without an open turn"}},
    {"an open turn key that is no id", an_open_turn_key_that_is_no_id, {"open_turns" MISFIT}},
    {"an open turn that does not decode", an_open_turn_that_does_not_decode,
	{"open_turns: open turn TC does not decode: short"}},
    {"an open turn of another version", an_open_turn_of_another_version,
	{"open_turns: open turn TC is of version 0, not 1"}},
    {"an open turn without a turn", an_open_turn_without_a_turn,
	{"open_turns: turn X is open, but does not exist"}},
    {"an open turn of another conversation", an_open_turn_of_another_conversation,
	{"open_turns: turn TC is open in conversation A, but belongs to C"}},
    {"an open turn whose reply has ended", an_open_turn_whose_reply_has_ended,
	{"open_turns: turn TD is open, but its reply has ended"}},
    {"a piece key that is too short", a_piece_key_that_is_too_short, {"partials" MISFIT}},
    {"pieces of a turn that is not open", pieces_of_a_turn_that_is_not_open,
	{"partials: 1 pieces of open turn X, which does not exist",
	    "partials: 2 pieces of open turn TA, which does not exist"}},
    {"an empty piece", an_empty_piece, {"partials: the piece at 7 of turn TC is empty"}},
    {"a piece beyond the longest reply", a_piece_beyond_the_longest_reply,
	{"partials: the piece at 524287 of turn TC ends beyond the longest reply",
	    "partials: the piece at 4294967295 of turn TC ends beyond the longest reply"}},
    {"a piece that is no text", a_piece_that_is_no_text,
	{"partials: the piece at 7 of turn TC is no text"}},
    {"a client id key without a name", a_client_id_key_without_a_name,
	{"client_ids: a key has an invalid length of 16 bytes: "
	 "30313233343536373839616263646500"}},
    {"a client id that does not decode", a_client_id_that_does_not_decode,
	{"client_ids: the client's id \"name\" of conversation B does not decode: short"}},
    {"a client id of another version", a_client_id_of_another_version,
	{"client_ids: the client's id \"name\" of conversation B is of version 0, not 1"}},
    {"a client id of no conversation", a_client_id_of_no_conversation,
	{"client_ids: the client's id \"na?me\" of conversation X is of a conversation that "
	 "does not exist"}},
    {"a client id that is no text", a_client_id_that_is_no_text,
	{"client_ids: the client's id \"na?me\" of conversation B is no text"}},
    {"a client id of no message", a_client_id_of_no_message,
	{"client_ids: the client's id \"name\" of conversation B names a message that "
	 "does not exist"}},
    {"a client id of a reply", a_client_id_of_a_reply,
	{"client_ids: the client's id \"name\" of conversation B names a reply"}},
    {"a client id of no turn", a_client_id_of_no_turn,
	{"client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	 "not exist"}},
    {"a client id of another message's turn", a_client_id_of_another_message_s_turn,
	{"client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	 "not answer its message"}},
    {"a client id whose turn is elsewhere", a_client_id_whose_turn_is_elsewhere,
	{"messages: reply TB stands at 2 of conversation B, its turn names 3 of B",
	    "turns: turn TB has no reply and is not open",
	    "client_ids: the client's id \"name\" of conversation B leads to a turn that does "
	    "not answer its message"}},
    {"a client id with what does not decode", a_client_id_with_what_does_not_decode,
	{"messages: message 1 of conversation B does not decode: short",
	    "turns: turn TB does not decode: short"}},
    {"a login key that is too short", a_login_key_that_is_too_short, {"logins" MISFIT}},
    {"a login that does not decode", a_login_that_does_not_decode,
	{"logins: the login 3c469e9d... does not decode: short"}},
    {"a login that expired before it was made", a_login_that_expired_before_it_was_made,
	{"logins: the login 3c469e9d... expired before it was made"}},
    {"a total key that is no id", a_total_key_that_is_no_id, {"totals" MISFIT}},
    {"a total that does not decode", a_total_that_does_not_decode,
	{"totals: the total of organization O does not decode: short"}},
    {"a wrong total of conversations", a_wrong_total_of_conversations,
	{"totals: the total of organization O is 4 conversations and 9 messages; there are 5 "
	 "and 9"}},
    {"a wrong total of messages", a_wrong_total_of_messages,
	{"totals: the total of organization O2 is 1 conversations and 3 messages; there are 1 "
	 "and 2"}},
    {"no total", no_total, {"totals: organization O2 has no total"}},
    {"a total of nothing", a_total_of_nothing,
	{"totals: the total of organization X is 1 conversations and 2 messages; there are 0 "
	 "and 0"}},
    {"a conversation that is gone", a_conversation_that_is_gone,
	{"messages: 2 messages of conversation E, which does not exist",
	    "conversations_by_session: an entry leads to conversation E, which does not exist",
	    "conversations_by_activity: an entry leads to conversation E, which does not exist",
	    "conversations_by_widget: an entry leads to conversation E, which does not exist",
	    "turns: turn TE belongs to conversation E, which does not exist",
	    "totals: the total of organization O2 is 1 conversations and 2 messages; there are "
	    "0 and 0"}},
    {"an erased conversation that is there", an_erased_conversation_that_is_there,
	{"meta: conversation A was erased, but exists"}},
    /* Messages, turns and client ids of an erased conversation may remain. */
    {"an erased conversation that is listed", an_erased_conversation_that_is_listed,
	{"conversations_by_session: an entry leads to conversation B, which does not exist",
	    "conversations_by_activity: an entry leads to conversation B, which does not exist",
	    "conversations_by_widget: an entry leads to conversation B, which does not exist",
	    "totals: the total of organization O is 5 conversations and 9 messages; there are "
	    "4 "
	    "and 7"}},
    {"something that was erased but no conversation",
	something_that_was_erased_but_no_conversation,
	{"meta: unknown entry \"erased something\""}},
    {"another state", another_state,
	{"conversations: conversation B is marked active, but its newest message makes it "
	 "stopped"}},
    {"a state that no turn has", a_state_that_no_turn_has,
	{"conversations: conversation C is marked complete, but its newest message makes "
	 "it "
	 "unanswered",
	    "open_turns: turn TC is open, but conversation C is not active"}},
    {"a state without any reply", a_state_without_any_reply,
	{"conversations: 1 conversations are active without an open turn"}},
    {"no entry of the widget", no_entry_of_the_widget,
	{"conversations_by_widget: conversation A is not where its last activity puts it"}},
    {"an entry of another widget", an_entry_of_another_widget,
	{"conversations_by_widget: an entry does not match its record, conversation A"}},
    {"no entry of the contact", no_entry_of_the_contact,
	{"conversations_by_contact: conversation V is not where its last activity puts it"}},
    {"an entry of no contact", an_entry_of_no_contact,
	{"conversations_by_contact: an entry does not match its record, conversation A"}},
    {"a conversation with a contact that is gone", a_conversation_with_a_contact_that_is_gone,
	{"conversations: conversation V is with contact X, which does not exist",
	    "conversations_by_contact: conversation V is not where its last activity puts it",
	    "conversations_by_contact: an entry does not match its record, conversation V"}},
    {"an organization with another id", an_organization_with_another_id,
	{"orgs: organization O3 has another id than its key"}},
    {"an organization without its widget", an_organization_without_its_widget,
	{"orgs: organization O3 has as its first widget X, which does not exist"}},
    {"an organization that is gone", an_organization_that_is_gone,
	{"users: user USER is of organization O, which does not exist",
	    "keys: key KEY is of organization O, which does not exist"}},
    {"a user with other ids", a_user_with_other_ids,
	{"users: user USER has other ids than its key"}},
    {"a user without a password", a_user_without_a_password,
	{"users: user USER has no password"}},
    {"a user without an e-mail", a_user_without_an_e_mail,
	{"users: user USER has no e-mail",
	    "users_by_email: an entry does not match its record in users"}},
    {"an e-mail that is not indexed", an_e_mail_that_is_not_indexed,
	{"users_by_email: user USER is missing in this index"}},
    {"an e-mail that leads to another", an_e_mail_that_leads_to_another,
	{"users_by_email: user USER has an index entry of another record",
	    "users_by_email: an entry leads to a record missing in users"}},
    {"an e-mail that leads nowhere", an_e_mail_that_leads_nowhere,
	{"users_by_email: an entry has 3 bytes, which are an invalid value"}},
    {"a second e-mail", a_second_e_mail,
	{"users_by_email: an entry does not match its record in users"}},
    {"a user that is gone", a_user_that_is_gone,
	{"users_by_email: an entry leads to a record missing in users",
	    "logins: the login f9f42d3a... is of user USER, which does not exist"}},
    {"a login that is not listed", a_login_that_is_not_listed,
	{"logins_by_user: the login f9f42d3a... is missing in this index"}},
    {"a login that is gone", a_login_that_is_gone,
	{"logins_by_user: an entry leads to a record missing in logins"}},
    {"a login of another user", a_login_of_another_user,
	{"logins_by_user: the login f9f42d3a... is missing in this index",
	    "logins_by_user: an entry does not match its record in logins"}},
    {"a key of another hash", a_key_of_another_hash,
	{"keys: key KEY has another hash than its key"}},
    {"a key that is not listed", a_key_that_is_not_listed,
	{"keys_by_org: key KEY is missing in this index"}},
    {"a key of another organization", a_key_of_another_organization,
	{"keys: key KEY is of organization X, which does not exist",
	    "keys_by_org: key KEY is missing in this index",
	    "keys_by_org: an entry does not match its record in keys"}},
    {"a key that is gone", a_key_that_is_gone,
	{"keys_by_org: an entry leads to a record missing in keys"}},
    {"an agent with other ids", an_agent_with_other_ids,
	{"agents: agent AGENT has other ids than its key"}},
    {"an agent that is gone", an_agent_that_is_gone,
	{"widgets: widget WIDGET has as its agent AGENT, which does not exist"}},
    {"a widget with other ids", a_widget_with_other_ids,
	{"widgets: widget WIDGET has other ids than its key"}},
    {"a widget without a public id", a_widget_without_a_public_id,
	{"widgets: widget WIDGET has no public id",
	    "widgets_by_public: an entry does not match its record in widgets"}},
    {"a public id that is not indexed", a_public_id_that_is_not_indexed,
	{"widgets_by_public: widget WIDGET is missing in this index"}},
    {"a public id that leads to another", a_public_id_that_leads_to_another,
	{"widgets_by_public: widget WIDGET has an index entry of another record",
	    "widgets_by_public: an entry does not match its record in widgets"}},
    {"a widget that is gone", a_widget_that_is_gone,
	{"widgets_by_public: an entry leads to a record missing in widgets",
	    "caps: messages are counted of widget WIDGET, which does not exist"}},
    {"a count that does not decode", a_count_that_does_not_decode,
	{"caps: a count of widget FIRST does not decode: short"}},
    {"a visitor with another token", a_visitor_with_another_token,
	{"visitors: visitor VISITOR has another token than its key"}},
    {"a visitor with another id", a_visitor_with_another_id,
	{"visitors_by_id: visitor X is missing in this index",
	    "visitors_by_id: an entry does not match its record in visitors"}},
    {"a visitor that is not indexed", a_visitor_that_is_not_indexed,
	{"visitors_by_id: visitor VISITOR is missing in this index"}},
    {"a visitor that is gone", a_visitor_that_is_gone,
	{"visitors_by_id: an entry leads to a record missing in visitors"}},
    {"a contact with other ids", a_contact_with_other_ids,
	{"contacts: contact K has other ids than its key",
	    "contacts_by_email: an entry does not match its record in contacts",
	    "contacts_by_phone: an entry does not match its record in contacts"}},
    {"a contact whose phone has no digit", a_contact_whose_phone_has_no_digit,
	{"contacts: contact K has a phone without a digit",
	    "contacts_by_phone: an entry does not match its record in contacts"}},
    {"a contact that is not indexed", a_contact_that_is_not_indexed,
	{"contacts_by_email: contact K is missing in this index",
	    "contacts_by_phone: contact K is missing in this index"}},
    {"a name that leads to another", a_name_that_leads_to_another,
	{"contacts_by_phone: contact K has an index entry of another record",
	    "contacts_by_phone: an entry leads to a record missing in contacts"}},
    {"a second name", a_second_name,
	{"contacts_by_phone: an entry does not match its record in contacts"}},
    {"a contact that is gone for its visitor", a_contact_that_is_gone_for_its_visitor, {NULL}},
};

static void
is_found_and_named(void **state)
{
	const struct breakage *breakage = *state;
	struct whole w;
	struct lines lines = {.w = &w};
	struct verify_result result;
	struct txn t;

	setup_whole(&w);
	expect_whole(w.f);
	assert_int_equal(txn_begin(&t, &w.f->env, TXN_WRITE), 0);
	breakage->run(&t, &w);
	assert_int_equal(txn_commit(&t), 0);
	w.f->damaged = true;
	assert_int_equal(verify(w.f, &lines, &result), 0);
	for (size_t i = 0; i < lines.n; i++) {
		if (breakage->lines[i] == NULL)
			fail_msg("and: %s", lines.line[i]);
		assert_string_equal(lines.line[i], breakage->lines[i]);
	}
	assert_null(breakage->lines[lines.n]);
	teardown_whole(&w);
}

static void
each_entry_is_looked_at(void **state)
{
	struct whole w;
	struct lines lines = {.w = &w};
	struct verify_result result;
	size_t entries = 0;

	(void)state;
	setup_whole(&w);
	assert_int_equal(verify(w.f, &lines, &result), 0);
	for (enum table i = 0; i < TABLES; i++)
		entries += table_count(w.f, i);
	assert_int_equal(result.entries, entries);
	teardown_whole(&w);
}

int
main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(breakages) + 1] = {
	    cmocka_unit_test(each_entry_is_looked_at),
	};

	for (size_t i = 0; i < ARRAY_LEN(breakages); i++)
		tests[i + 1] = (struct CMUnitTest){
		    breakages[i].name, is_found_and_named, NULL, NULL, &breakages[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
