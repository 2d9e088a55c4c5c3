/*
 * Imports. The file may be damaged or malicious: the import accepts nothing that `banter verify`
 * would report afterwards. All checks are made before the first change.
 */
#include "storaged/import/import.h"

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/structure/answer_parts.h"
#include "storaged/budgets/budget_requests.h"
#include "storaged/changes/changes.h"
#include "storaged/conversations/client_ids.h"
#include "storaged/conversations/conversations.h"
#include "storaged/conversations/mentions.h"
#include "storaged/conversations/pages.h"
#include "storaged/conversations/reads.h"
#include "storaged/conversations/replies.h"
#include "storaged/conversations/reply_sources.h"
#include "storaged/duty/responses.h"
#include "storaged/engine/garbage.h"
#include "storaged/files/files.h"
#include "storaged/inbox/inbox.h"
#include "storaged/inbox/receipts.h"
#include "storaged/keys/keys.h"
#include "storaged/mail/addresses.h"
#include "storaged/numbers/numbers.h"
#include "storaged/numbers/numbers_requests.h"
#include "storaged/records/contacts.h"
#include "storaged/records/logins.h"
#include "storaged/records/organizations.h"
#include "storaged/records/record_requests.h"
#include "storaged/records/tags.h"
#include "storaged/records/users.h"
#include "storaged/records/widgets.h"
#include "storaged/steps/steps.h"
#include "storaged/visitors/visitors.h"

/* The last millisecond of the year 9999. */
#define TIME_MAX_MS 253402300799999u

/* Bytes of a question, as in TURN_BEGIN (messages.def). */
#define QUESTION_MAX 12000u

/* Why a record is invalid by itself; NULL: it is valid. */
static const char *
import_conversation_fault(const struct msg_conversation_record *r)
{
	if (r->v != RECORD_VERSION)
		return "the conversation has an unknown version";
	if (id_is_zero(&r->id) || id_is_zero(&r->org) || id_is_zero(&r->widget))
		return "a conversation needs its ids";
	if (r->session.len == 0)
		return "a conversation needs a session";
	if (r->created_at > r->updated_at || r->updated_at > TIME_MAX_MS)
		return "the conversation's times are invalid";
	if (r->next_seq == 0 || r->next_seq > SEQ_MAX + 1)
		return "the conversation's next sequence number is invalid";
	if (r->snoozed_until > SNOOZE_ANSWER)
		return "the conversation's end of being snoozed is invalid";
	if (utf8_utf16_len(r->last_message) > LAST_MESSAGE_UNITS)
		return "the conversation's last message is too long";
	if ((r->state == STATE_PERSON) == id_is_zero(&r->operator))
		return "a conversation has an operator if its state is person, and only then";
	return NULL;
}

static bool
import_same_session(
    const struct msg_conversation_record *a, const struct msg_conversation_record *b)
{
	return id_equal(&a->org, &b->org) && id_equal(&a->widget, &b->widget) &&
	    slice_eq(a->session, b->session);
}

/* Finds the conversation with the id of r, and refuses r if that belongs to another session.
 * MDB_NOTFOUND: there is none, and r's session has no other one. */
static int
import_find_conversation(struct txn *t, struct call *c, const struct msg_conversation_record *r,
    struct msg_conversation_record *there)
{
	struct key key = key_id(&r->id);
	struct key by_session = key_session(&r->org, &r->widget, r->session);
	struct slice other;
	bool erased;
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, there);

	if (rc == 0 && !import_same_session(r, there))
		return call_refuse(
		    c, STORE_INVALID, "another session's conversation has this id");
	if (rc != MDB_NOTFOUND)
		return rc;
	rc = garbage_exists(t, &r->id, &erased);
	if (rc != 0)
		return rc;
	if (erased)
		return call_refuse(c, STORE_INVALID, garbage_id_in_use);
	rc = txn_get(t, TABLE_CONVERSATIONS_BY_SESSION, &by_session, &other);
	if (rc == 0)
		return call_refuse(c, STORE_INVALID, "the session has another conversation");
	return rc;
}

/* Removes a contact that does not exist, as after an import of a part. */
static int
import_check_contact(struct txn *t, struct msg_conversation_record *r)
{
	struct msg_contact_record contact;
	int rc = id_is_zero(&r->contact) ? 0 : contact_find(t, &r->org, &r->contact, &contact);

	if (rc != MDB_NOTFOUND)
		return rc;
	r->contact = (struct id){0};
	return 0;
}

/* Removes what the conversation cannot have without another record that does not exist: its user and its tags. */
static int
import_check_labels(struct txn *t, struct msg_conversation_record *r)
{
	struct msg_user_record user;
	bool exist;
	int rc = id_is_zero(&r->assigned) ? 0 : user_find(t, &r->org, &r->assigned, &user);

	if (rc == MDB_NOTFOUND) {
		r->assigned = (struct id){0};
		rc = 0;
	}
	if (rc == 0)
		rc = tags_exist(t, &r->org, r->tags, &exist);
	if (rc == 0 && !exist)
		r->tags = (struct slice){0};
	return rc;
}

static void
import_keep_labels(
    struct msg_conversation_record *r, const struct msg_conversation_record *there)
{
	r->state = there->state;
	r->operator= there->operator;
	r->operator_name = there->operator_name;
	r->operator_at = there->operator_at;
	r->asked_at = there->asked_at;
	r->snoozed_until = there->snoozed_until;
	r->assigned = there->assigned;
	r->tags = there->tags;
}

/* Merges r with the stored record: its messages are imported separately, and an older export
 * does not undo newer activity. */
static void
import_join_conversations(
    struct msg_conversation_record *r, const struct msg_conversation_record *there)
{
	r->messages = there->messages;
	if (there->next_seq >= r->next_seq) {
		r->next_seq = there->next_seq;
		r->status = there->status;
	}
	if (there->updated_at > r->updated_at) {
		r->updated_at = there->updated_at;
		r->last_message = there->last_message;
		r->contact = there->contact;
	}
	/* What a user changes does not count as activity: the same time is that of an older or the same state. */
	if (there->updated_at >= r->updated_at)
		import_keep_labels(r, there);
}

int
handle_import_conversation(struct txn *t, struct call *c)
{
	struct msg_conversation_record r, there;
	struct conversation_position before;
	const char *fault;
	bool fresh;
	int rc;

	if (record_decode(
		c->m->import_conversation.conversation, MSG_CONVERSATION_RECORD, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no conversation");
	fault = import_conversation_fault(&r);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = import_find_conversation(t, c, &r, &there);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;

	fresh = rc == MDB_NOTFOUND;
	rc = import_check_contact(t, &r);
	if (rc == 0)
		rc = import_check_labels(t, &r);
	if (rc != 0)
		return rc;
	/* Its messages are counted as they come. */
	r.messages = 0;
	r.status = CONVERSATION_ANY;
	if (!fresh) {
		conversation_position_of(&there, &before);
		import_join_conversations(&r, &there);
		numbers_change_conversation(t, &there, &r);
	}
	rc = conversation_put(t, &r, fresh ? NULL : &before, 0);
	if (rc == 0)
		rc = change_add_conversation(t, &r.org, &r.id, CHANGE_IMPORTED);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* A message that is imported, and what is stored at its place. */
struct import_arrival {
	struct id conversation;
	uint64_t seq;
	struct msg_message_record message;
	struct msg_conversation_record thread;
	bool replaces; /* the message at this place: */
	struct msg_message_record there;
};

static bool
import_is_reply(const struct msg_message_record *message)
{
	return message->role == MESSAGE_ASSISTANT;
}

static bool
import_is_handed(const struct msg_message_record *message)
{
	return message->status == MESSAGE_HANDED;
}

static const char *
import_operator_message_fault(const struct msg_message_record *r)
{
	if (r->status != MESSAGE_COMPLETE)
		return "an operator's message is always complete";
	return r->text.len + r->files.len == 0 ? "an operator's message has a text" : NULL;
}

static const char *
import_structure_fault(const struct msg_message_record *r)
{
	const char *wrong = structure_wrong(r->structure);

	if (wrong == NULL)
		wrong = answer_parts_wrong(r->answer);
	if (r->role == MESSAGE_USER ? r->structure.len > 0 : r->answer.len > 0)
		wrong = "only a visitor answers, and only others ask";
	if (r->lead > r->text.len || (r->structure.len == 0 && r->lead > 0) ||
	    !utf8_valid((struct slice){r->text.p, r->lead}))
		wrong = "the message's lead is no beginning of its text";
	return wrong;
}

static const char *
import_message_fault(const struct msg_message_record *r, uint64_t seq)
{
	if (r->v != RECORD_VERSION)
		return "the message has an unknown version";
	if (id_is_zero(&r->id))
		return "a message needs an id";
	if (seq == 0 || seq > SEQ_MAX || (r->status == MESSAGE_HANDED && seq == SEQ_MAX))
		return "the message's sequence number is invalid";
	if (r->created_at > TIME_MAX_MS)
		return "the message's time is invalid";
	if (import_structure_fault(r) != NULL)
		return import_structure_fault(r);
	if (receipt_fault(r) != NULL)
		return "the message's receipt is invalid";
	if (import_is_reply(r))
		return message_status_is_of_reply(r->status) ? NULL : "the status is invalid";
	if (r->role == MESSAGE_OPERATOR)
		return import_operator_message_fault(r);
	if (r->status != MESSAGE_COMPLETE && r->status != MESSAGE_HANDED)
		return "a question is always complete";
	if (r->text.len + r->files.len == 0 || r->text.len > QUESTION_MAX)
		return "a question has 1 to 12000 bytes";
	return NULL;
}

/* Reads the conversation of a message, and what is stored at its place. */
static int
import_find_place(struct txn *t, struct call *c, struct import_arrival *a)
{
	struct key key = key_id(&a->conversation);
	struct key place = key_message(&a->conversation, a->seq);
	int rc = txn_get_record(t, TABLE_CONVERSATIONS, &key, &a->thread);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, "no such conversation");
	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_MESSAGES, &place, &a->there);
	a->replaces = rc == 0;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Refuses a message whose id belongs to a turn at another place. */
static int
import_check_turn(struct txn *t, struct call *c, const struct import_arrival *a)
{
	uint64_t place = import_is_reply(&a->message) ? a->seq : a->seq + 1;
	struct msg_turn_record turn;
	int rc = turn_view_place(t, &a->message.id, &turn);

	if (rc == 0 && (turn.seq != place || !id_equal(&turn.conversation, &a->conversation)))
		return call_refuse(c, STORE_INVALID, "another turn has the message's id");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

struct import_search {
	struct txn *t;
	uint64_t seq;
	struct id found;
};

/* Stops at the open turn whose reply belongs to the place. */
static int
import_is_turn_of_place(void *arg, const struct id *id)
{
	struct import_search *search = arg;
	struct key key = key_id(id);
	struct msg_turn_record turn;
	int rc = txn_get_record(search->t, TABLE_TURNS, &key, &turn);

	if (rc == MDB_NOTFOUND)
		return RECORD_DAMAGED;
	if (rc != 0 || turn.seq != search->seq)
		return rc;
	search->found = *id;
	return MDB_KEYEXIST;
}

/* Finds the open turn of a conversation whose reply belongs to this place. MDB_NOTFOUND: there
 * is none. */
static int
import_find_open_turn(struct txn *t, const struct call *c, const struct id *conversation,
    uint64_t seq, struct id *turn)
{
	struct import_search search = {.t = t, .seq = seq};
	int rc = turn_view_each_open(t, c, conversation, import_is_turn_of_place, &search);

	*turn = search.found;
	if (rc == MDB_KEYEXIST)
		return 0;
	return rc == 0 ? MDB_NOTFOUND : rc;
}

/* Refuses a place that the reply of an open turn will take. */
static int
import_check_place(struct txn *t, struct call *c, const struct import_arrival *a)
{
	struct key key = key_id(&a->there.id);
	struct slice open;
	struct id turn;
	int rc = MDB_NOTFOUND;

	/* The place of an open turn may hold its interrupted message (replies.h); otherwise it
	 * is free, and before next_seq. */
	if (a->replaces && import_is_reply(&a->there))
		rc = txn_get(t, TABLE_OPEN_TURNS, &key, &open);
	else if (!a->replaces && a->seq < a->thread.next_seq)
		rc = import_find_open_turn(t, c, &a->conversation, a->seq, &turn);
	if (rc == 0)
		return call_refuse(
		    c, STORE_INVALID, "a reply is being written at the message's place");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The message at a place. MDB_NOTFOUND: it is empty. */
static int
import_message_at(struct txn *t, const struct import_arrival *a, uint64_t seq,
    struct msg_message_record *message)
{
	struct key place = key_message(&a->conversation, seq);

	return txn_get_record(t, TABLE_MESSAGES, &place, message);
}

/* A question that a person answers has no reply: refuses one for it, or it in front of one. */
static int
import_check_handed(struct txn *t, struct call *c, const struct import_arrival *a)
{
	struct msg_message_record other;
	struct id turn;
	bool clash;
	int rc = import_message_at(t, a, a->seq - 1, &other);

	clash = rc == 0 && import_is_handed(&other);
	if (!clash && (rc == 0 || rc == MDB_NOTFOUND) && import_is_handed(&a->message)) {
		rc = import_message_at(t, a, a->seq + 1, &other);
		if (rc == MDB_NOTFOUND)
			rc = import_find_open_turn(t, c, &a->conversation, a->seq + 1, &turn);
		clash = rc == 0;
	}
	if (clash)
		return call_refuse(
		    c, STORE_INVALID, "a person answers the question: it has no reply");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Stores or removes the turn of a question that a person answers. */
static int
import_put_handed(struct txn *t, const struct import_arrival *a)
{
	struct key key = key_id(&a->message.id), old = key_id(&a->there.id);
	struct msg_turn_record turn = {
	    .v = RECORD_VERSION,
	    .org = a->thread.org,
	    .conversation = a->conversation,
	    .seq = a->seq + 1,
	};
	int rc = 0;

	if (a->replaces && import_is_handed(&a->there))
		rc = txn_del(t, TABLE_TURNS, &old);
	if (rc == 0 && import_is_handed(&a->message))
		rc = txn_put_record(t, TABLE_TURNS, &key, &turn);
	return rc;
}

/* The turns entries of the new reply and of the replaced one. */
static int
import_put_turn(struct txn *t, const struct import_arrival *a)
{
	struct key key = key_id(&a->message.id), old = key_id(&a->there.id);
	struct msg_turn_record turn = {
	    .v = RECORD_VERSION,
	    .org = a->thread.org,
	    .conversation = a->conversation,
	    .seq = a->seq,
	};
	int rc = 0;

	if (a->replaces && import_is_reply(&a->there))
		rc = txn_del(t, TABLE_TURNS, &old);
	if (rc == 0 && import_is_reply(&a->message))
		rc = txn_put_record(t, TABLE_TURNS, &key, &turn);
	return rc;
}

/* The client id is removed with its question, and with the reply that it leads to. */
static int
import_drop_client_ids(struct txn *t, const struct import_arrival *a)
{
	bool same = id_equal(&a->message.id, &a->there.id) && a->message.role == a->there.role;

	if (!a->replaces || same)
		return 0;
	return client_ids_drop(
	    t, &a->conversation, import_is_reply(&a->there) ? a->seq - 1 : a->seq);
}

/* The status of a conversation whose newest message this is. */
static enum conversation_status
import_status_after(const struct msg_message_record *message)
{
	return message->role != MESSAGE_USER
	    ? conversation_status_of((enum message_status)message->status)
	    : CONVERSATION_ANY;
}

static int
import_put_message(struct txn *t, struct import_arrival *a)
{
	struct key place = key_message(&a->conversation, a->seq);
	uint64_t end = import_is_handed(&a->message) ? a->seq + 1 : a->seq;
	struct conversation_position listed;
	int rc;

	conversation_position_of(&a->thread, &listed);
	numbers_change_message(t, &a->thread.org, &a->thread.widget, a->seq,
	    a->replaces ? &a->there : NULL, &a->message);
	if (!a->replaces)
		a->thread.messages++;
	if (a->thread.next_seq <= end)
		a->thread.next_seq = end + 1;
	conversation_note_reply(&a->thread, a->seq, import_status_after(&a->message));
	rc = conversation_put(t, &a->thread, &listed, !a->replaces);
	if (rc == 0)
		rc = import_drop_client_ids(t, a);
	if (rc == 0)
		rc = import_put_turn(t, a);
	if (rc == 0)
		rc = import_put_handed(t, a);
	if (rc == 0)
		rc = txn_put_record(t, TABLE_MESSAGES, &place, &a->message);
	if (rc == 0)
		rc = change_add_message(t, &a->thread.org,
		    import_is_reply(&a->message) ? CHANGE_REPLY : CHANGE_MESSAGE,
		    &a->message.id, &a->conversation, a->seq, CHANGE_IMPORTED);
	return rc;
}

static bool
import_is_rated(const struct msg_message_record *message)
{
	struct msg_message_details details;

	return message->details.len > 0 &&
	    record_decode(message->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK &&
	    details.rating != RATING_NONE;
}

/* Whether the message is a reply that was exported while it was written, and is complete by now, or before
 * the visitor rated it, or a message that has come further in its chat. */
static bool
import_is_outdated(const struct import_arrival *a)
{
	if (!a->replaces || !id_equal(&a->message.id, &a->there.id))
		return false;
	if (a->message.status == MESSAGE_INTERRUPTED &&
	    a->there.status != MESSAGE_INTERRUPTED)
		return true;
	return slice_eq(a->message.text, a->there.text) &&
	    ((import_is_rated(&a->there) && !import_is_rated(&a->message)) ||
		receipt_is_ahead(&a->there, &a->message));
}

/* fresh: the message was never here, so that it replaces no other. */
static int
import_message(struct txn *t, struct call *c, const struct msg_import_message *m, bool fresh)
{
	struct import_arrival a = {.conversation = m->conversation, .seq = m->seq};
	const char *fault;
	int rc;

	if (record_decode(m->message, MSG_MESSAGE_RECORD, &a.message) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no message");
	fault = reply_sources_are_valid(a.message.sources)
	    ? import_message_fault(&a.message, a.seq)
	    : "what was found for the message is invalid";
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = import_find_place(t, c, &a);
	if (rc == 0 && fresh && a.replaces && !id_equal(&a.message.id, &a.there.id))
		return call_refuse(c, STORE_EXISTS,
		    "another message was written meanwhile: run the import again");
	if (rc == 0 && (import_is_reply(&a.message) || import_is_handed(&a.message)))
		rc = import_check_turn(t, c, &a);
	if (rc == 0)
		rc = import_check_place(t, c, &a);
	if (rc == 0)
		rc = import_check_handed(t, c, &a);
	if (rc == 0 && !import_is_outdated(&a))
		rc = import_put_message(t, &a);
	if (rc == 0)
		call_ok(c);
	return rc;
}

int
handle_import_message(struct txn *t, struct call *c)
{
	return import_message(t, c, &c->m->import_message, false);
}

int
handle_import_new_message(struct txn *t, struct call *c)
{
	const struct msg_import_new_message *m = &c->m->import_new_message;

	return import_message(t, c,
	    &(struct msg_import_message){
		.conversation = m->conversation, .seq = m->seq, .message = m->message},
	    true);
}

/* The turn that answers a question: its reply is stored at the next place, or will be. */
static int
import_find_answer(
    struct txn *t, const struct call *c, const struct msg_import_client_id *m, struct id *turn)
{
	struct key key = key_message(&m->conversation, m->seq + 1);
	struct msg_message_record reply;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &reply);

	if (rc == MDB_NOTFOUND)
		return import_find_open_turn(t, c, &m->conversation, m->seq + 1, turn);
	if (rc != 0)
		return rc;
	*turn = reply.id;
	return import_is_reply(&reply) ? 0 : MDB_NOTFOUND;
}

/* Refuses a client id that names neither a question with an answer, whose turn is *turn, nor an operator's
 * message. */
static int
import_find_named(struct txn *t, struct call *c, struct id *turn)
{
	const struct msg_import_client_id *m = &c->m->import_client_id;
	struct key key = key_message(&m->conversation, m->seq);
	bool is_operator = m->client_id.p[0] == OPERATOR_CLIENT_ID;
	struct msg_message_record question;
	int rc = txn_get_record(t, TABLE_MESSAGES, &key, &question);

	*turn = (struct id){0};
	if (rc == 0 && (question.role == MESSAGE_OPERATOR) != is_operator)
		rc = MDB_NOTFOUND;
	if (rc == 0 && import_is_reply(&question))
		rc = MDB_NOTFOUND;
	if (rc == 0 && import_is_handed(&question))
		*turn = question.id;
	else if (rc == 0 && !is_operator)
		rc = import_find_answer(t, c, m, turn);
	if (rc == MDB_NOTFOUND)
		return call_refuse(
		    c, STORE_NOT_FOUND, "there is no question with an answer at this place");
	return rc;
}

int
handle_import_client_id(struct txn *t, struct call *c)
{
	const struct msg_import_client_id *m = &c->m->import_client_id;
	struct msg_client_id_record there;
	struct id turn;
	int rc;

	if (m->client_id.len == 0 || m->seq == 0 || m->seq >= SEQ_MAX)
		return call_refuse(
		    c, STORE_INVALID, "a client message id needs a text and a sequence number");
	rc = import_find_named(t, c, &turn);
	if (rc != 0)
		return rc;
	rc = client_id_get(t, &m->conversation, m->client_id, &there);
	if (rc == 0 && there.seq != m->seq)
		return call_refuse(
		    c, STORE_INVALID, "another message has this client message id");
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = client_id_put(t, &m->conversation, m->client_id, m->seq, &turn);
	if (rc == 0)
		call_ok(c);
	return rc;
}

static const char *
import_login_fault(const struct msg_login_record *r)
{
	if (r->v != RECORD_VERSION)
		return "the login has an unknown version";
	if (id_is_zero(&r->id))
		return "a login needs an id";
	if (id_is_zero(&r->org))
		return "a login needs its organization";
	if (r->created_at > r->expires_at || r->expires_at > TIME_MAX_MS)
		return "the login's times are invalid";
	return NULL;
}

/* Refuses a login of an unknown user, or with the id of another login. */
static int
import_check_login(struct txn *t, struct call *c, const struct msg_login_record *r)
{
	struct msg_user_record user;
	bool clashes;
	int rc = id_is_zero(&r->user) ? 0 : user_find(t, &r->org, &r->user, &user);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, "the login's user does not exist");
	if (rc == 0)
		rc = login_clashes(t, &c->m->import_login.token, r, &clashes);
	if (rc == 0 && clashes)
		return call_refuse(c, STORE_INVALID, "another login has this id");
	return rc;
}

/* An expired login is imported too, so that the import equals the export; new logins remove it
 * in time (logins.c). */
int
handle_import_login(struct txn *t, struct call *c)
{
	const struct msg_import_login *m = &c->m->import_login;
	struct key key = key_hash(&m->token);
	struct msg_login_record r, there;
	const char *fault;
	int rc;

	if (record_decode(m->login, MSG_LOGIN_RECORD, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the request has no login");
	fault = import_login_fault(&r);
	if (fault != NULL)
		return call_refuse(c, STORE_INVALID, fault);
	rc = txn_get_record(t, TABLE_LOGINS, &key, &there);
	if (rc == 0 && !id_equal(&there.org, &r.org))
		return call_refuse(
		    c, STORE_INVALID, "another organization's login has this token");
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	rc = import_check_login(t, c, &r);
	if (rc == 0)
		rc = login_put(t, &m->token, &r);
	if (rc == 0)
		call_ok(c);
	return rc;
}

/* Refuses a record that names something that does not exist; rc is the result of its lookup. */
static int
import_refuse_without(struct call *c, int rc, const char *why)
{
	return rc == MDB_NOTFOUND ? call_refuse(c, STORE_INVALID, why) : rc;
}

static int
import_org(struct txn *t, struct call *c, const struct msg_org_record *r)
{
	struct msg_widget_record widget;
	int rc = import_refuse_without(c, widget_find(t, &r->id, &r->widget, &widget),
	    "the organization's first widget is not there");

	return rc != 0 ? rc : organization_import(t, c, r);
}

/* Refuses a record of an unknown organization. */
static int
import_check_org(struct txn *t, struct call *c, const struct id *org)
{
	struct msg_org_record record;

	return import_refuse_without(
	    c, organization_find(t, org, &record), organization_missing);
}

static int
import_key(struct txn *t, struct call *c, const struct msg_key_record *r)
{
	int rc = import_check_org(t, c, &r->org);

	return rc != 0 ? rc : key_import(t, c, r);
}

static bool
import_needs_org(enum msg_type type)
{
	return type == MSG_USER_RECORD || type == MSG_INVITATION_RECORD ||
	    type == MSG_SOURCE_RECORD || type == MSG_ANSWER_RECORD || type == MSG_GAP_RECORD ||
	    type == MSG_TEAM_RECORD || type == MSG_TOOL_RECORD;
}

/* Whether records of a type are imported, each in its own way. */
static bool
import_is_single(enum msg_type type)
{
	static const enum msg_type types[] = {MSG_ORG_RECORD, MSG_KEY_RECORD,
	    MSG_VISITOR_RECORD, MSG_NOTE_RECORD, MSG_PAGE_RECORD, MSG_READ_RECORD,
	    MSG_MENTION_RECORD, MSG_KEPT_RECORD, MSG_BUDGET_RECORD, MSG_RESPONSES_RECORD,
	    MSG_FILE_RECORD, MSG_STEP_RECORD, MSG_RETURN_RECORD, MSG_ADDRESS_RECORD};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i] == type)
			return true;
	return false;
}

static int
import_numbers(struct txn *t, struct call *c, const struct msg_kept_record *r)
{
	int rc = import_check_org(t, c, &r->org);

	return rc != 0 ? rc : numbers_import(t, c, r);
}

static int
import_address(struct txn *t, struct call *c, const struct msg_address_record *r)
{
	int rc = import_check_org(t, c, &r->org);

	return rc != 0 ? rc : address_import(t, c, r);
}

int
handle_import_record(struct txn *t, struct call *c)
{
	const struct msg_import_record *m = &c->m->import_record;
	const struct record_kind *kind = record_kind_of(m->type);
	enum msg_type type = (enum msg_type)m->type;
	union record record;
	union msg r;
	int rc;

	if (kind != NULL) {
		if (record_decode(m->record, type, &record) != WIRE_OK)
			return call_refuse(c, STORE_INVALID, "the record is invalid");
		rc = import_needs_org(type) ? import_check_org(t, c, &record.org) : 0;
		return rc != 0 ? rc : record_import(t, c, kind, &record);
	}
	if (!import_is_single(type))
		return call_refuse(c, STORE_INVALID, "records of this type are not imported");
	if (record_decode(m->record, type, &r) != WIRE_OK)
		return call_refuse(c, STORE_INVALID, "the record is invalid");
	switch (type) {
	case MSG_ORG_RECORD:
		return import_org(t, c, &r.org_record);
	case MSG_KEY_RECORD:
		return import_key(t, c, &r.key_record);
	case MSG_NOTE_RECORD:
		return note_import(t, c, &r.note_record);
	case MSG_PAGE_RECORD:
		return page_import(t, c, &r.page_record);
	case MSG_READ_RECORD:
		return read_import(t, c, &r.read_record);
	case MSG_MENTION_RECORD:
		return mention_import(t, c, &r.mention_record);
	case MSG_KEPT_RECORD:
		return import_numbers(t, c, &r.kept_record);
	case MSG_RETURN_RECORD:
		return visitor_import_return(t, c, &r.return_record);
	case MSG_ADDRESS_RECORD:
		return import_address(t, c, &r.address_record);
	case MSG_STEP_RECORD:
		return step_import(t, c, &r.step_record);
	case MSG_RESPONSES_RECORD:
		return responses_import(t, c, &r.responses_record);
	case MSG_FILE_RECORD:
		return file_import(t, c, &r.file_record);
	case MSG_BUDGET_RECORD:
		return budget_import(t, c, &r.budget_record);
	default:
		return visitor_import(t, c, &r.visitor_record);
	}
}
