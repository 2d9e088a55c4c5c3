/*
 * The steps from each schema to the next. The copy of the store before the first of them is
 * migrate_copy.c's.
 */
#include "storaged/engine/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* -- from 1 to 2: an open turn names its conversation -------------------------------------- */

/*
 * So that all that belongs to a conversation can be found from it. The bytes:
 *
 *	turns            both    version 1, organization 16, conversation 16, sequence number 8
 *	open_turns       1       version 1, started at 8
 *	                 2       the same, conversation 16
 */
enum {
	TURN_BYTES = 41,
	TURN_CONVERSATION = 17,
	OPEN_TURN_1_BYTES = 9,
	OPEN_TURN_2_BYTES = 25,
};

/* Removes an open turn with the pieces of its reply, and all keys begin with its id. */
static int
drop_open_turn(struct txn *t, const struct key *turn)
{
	struct walk w;
	int rc = txn_del(t, TABLE_OPEN_TURNS, turn);

	if (rc != 0)
		return rc;
	rc = walk_open(&w, t, TABLE_PARTIALS, turn);
	while (rc == 0) {
		rc = walk_from(&w, turn);
		if (rc == 0)
			rc = walk_delete(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/*
 * An open turn that has no place in any conversation has no future either: no worker can finish it
 * and no start can end it as interrupted. Schema 1 wrote both records in one transaction, so only
 * damage makes such a one. It goes, with a line in the log; the copy of the store still has it.
 */
static int
drop_homeless(struct txn *t, const struct key *turn)
{
	struct id id = key_front(key_slice(turn));

	log_event(LOG_WARN, "open_turn_dropped", L_ID("turn", &id),
	    L_STR("why", "it has no place in any conversation"));
	return drop_open_turn(t, turn);
}

static int
name_conversation(struct txn *t, const struct key *turn, struct slice old)
{
	uint8_t record[OPEN_TURN_2_BYTES] = {2};
	struct slice place;
	int rc;

	/* By its key alone it is open; when it began matters to nobody. */
	if (old.len == OPEN_TURN_1_BYTES && old.p[0] == 1)
		memcpy(record + 1, old.p + 1, 8);
	rc = txn_get(t, TABLE_TURNS, turn, &place);
	if (rc == MDB_NOTFOUND || (rc == 0 && (place.len != TURN_BYTES || place.p[0] != 1)))
		return drop_homeless(t, turn);
	if (rc != 0)
		return rc;
	memcpy(record + OPEN_TURN_1_BYTES, place.p + TURN_CONVERSATION, sizeof(struct id));
	return txn_put(t, TABLE_OPEN_TURNS, turn, (struct slice){record, sizeof(record)});
}

/* The entry of a table behind `at` (an empty key: the first). Its bytes lie in the map. */
static int
next_entry(struct txn *t, enum table table, struct key *at, struct slice *record)
{
	const struct key all = {0};
	struct walk w;
	int rc = walk_open(&w, t, table, &all);

	if (rc == 0)
		rc = walk_from(&w, at);
	if (rc == 0 && at->len > 0 && slice_eq(w.key, key_slice(at)))
		rc = walk_next(&w);
	if (rc == 0 && !key_fits(table, w.key))
		rc = RECORD_DAMAGED;
	if (rc == 0) {
		*at = key_of(w.key);
		*record = w.value;
	}
	walk_close(&w);
	return rc;
}

/* Calls change for each of them. */
static int
change_each(struct txn *t, enum table table,
    int (*change)(struct txn *, const struct key *key, struct slice old))
{
	struct key key = {0};
	struct slice record;
	int rc;

	while ((rc = next_entry(t, table, &key, &record)) == 0) {
		rc = change(t, &key, record);
		if (rc != 0)
			return rc;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
name_conversations(struct txn *t)
{
	return change_each(t, TABLE_OPEN_TURNS, name_conversation);
}

/* -- from 2 to 3: an open turn names its run, and clients' ids have a table ----------------- */

/*
 * Every turn of before was its own run. The bytes:
 *
 *	open_turns       2       as above
 *	                 3       the same but the version, run 16
 *
 * The table client_ids is made by who opens the tables.
 */
enum {
	OPEN_TURN_3_BYTES = 41,
};

static int
name_run(struct txn *t, const struct key *turn, struct slice old)
{
	uint8_t record[OPEN_TURN_3_BYTES] = {3};
	struct slice place;
	int rc;

	if (old.len == OPEN_TURN_2_BYTES && old.p[0] == 2) {
		memcpy(record + 1, old.p + 1, OPEN_TURN_2_BYTES - 1);
	} else {
		/* By its key alone it is open. */
		rc = txn_get(t, TABLE_TURNS, turn, &place);
		if (rc == MDB_NOTFOUND ||
		    (rc == 0 && (place.len != TURN_BYTES || place.p[0] != 1)))
			return drop_homeless(t, turn);
		if (rc != 0)
			return rc;
		memcpy(
		    record + OPEN_TURN_1_BYTES, place.p + TURN_CONVERSATION, sizeof(struct id));
	}
	memcpy(record + OPEN_TURN_2_BYTES, turn->b, sizeof(struct id));
	return txn_put(t, TABLE_OPEN_TURNS, turn, (struct slice){record, sizeof(record)});
}

static int
name_runs(struct txn *t)
{
	return change_each(t, TABLE_OPEN_TURNS, name_run);
}

/* -- from 3 to 4: organizations, and all that they have -------------------------------------- */

/*
 * Conversations get a contact and a state, and an entry in conversations_by_widget; logins, which were
 * all by DASHBOARD_PASSWORD, end. The bytes:
 *
 *	conversations    1       version 1, id 16, organization 16, widget 16, session (length 4, so
 *	                         many), made at 8, updated at 8, next place 8, messages 8, last message
 *	                         (length 4, so many)
 *	                 2       the same, contact 16, state 1
 *	messages         both    version 1, id 16, role 1 (1: a reply), status 1, …
 *	state                    0: no reply; 1, 2, 3: it has ended with status 0, 1, 2; 4: it is open
 *	conversations_by_widget  organization, widget, ~updated at, conversation → nothing
 *
 * A record that is damaged stays as it is: `banter verify` names it, before and after.
 */
enum {
	CONVERSATION_WIDGET = 33,
	CONVERSATION_SESSION = 49,
	CONVERSATION_UPDATED = 8, /* behind the session */
	CONVERSATION_NEXT = 16,
	CONVERSATION_LAST = 32,
	CONVERSATION_1_MAX = 89 + 128 + 1500,
	CONVERSATION_2_ADDS = 17,
	MESSAGE_ROLE = 17,
	MESSAGE_STATUS = 18,
	STATUS_LAST = 2,
	STATE_NONE = 0,
	STATE_OPEN = 4,
};

static uint64_t
read_le(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | at[i - 1];
	return v;
}

/* What the step needs of a conversation. */
struct conversation_1 {
	struct id org, widget;
	uint64_t updated_at, next_seq;
};

/* Whether these are the bytes of a conversation of version 1. */
static bool
read_conversation(struct slice r, struct conversation_1 *out)
{
	size_t at = CONVERSATION_SESSION + 4, last;

	if (r.len < at || r.len > CONVERSATION_1_MAX || r.p[0] != 1)
		return false;
	at += read_le(r.p + CONVERSATION_SESSION, 4);
	if (at > r.len || r.len - at < CONVERSATION_LAST + 4)
		return false;
	last = read_le(r.p + at + CONVERSATION_LAST, 4);
	if (last != r.len - at - CONVERSATION_LAST - 4)
		return false;
	memcpy(out->org.b, r.p + CONVERSATION_WIDGET - sizeof(out->org.b), sizeof(out->org.b));
	memcpy(out->widget.b, r.p + CONVERSATION_WIDGET, sizeof(out->widget.b));
	out->updated_at = read_le(r.p + at + CONVERSATION_UPDATED, 8);
	out->next_seq = read_le(r.p + at + CONVERSATION_NEXT, 8);
	return true;
}

/* How the reply at the last place of a conversation stands. */
static int
find_state(struct txn *t, const struct id *conversation, uint64_t next_seq, uint8_t *state)
{
	struct key place = key_message(conversation, next_seq - 1), turn;
	struct slice message, open;
	int rc = txn_get(t, TABLE_MESSAGES, &place, &message);

	*state = STATE_NONE;
	if (rc != 0 || message.len <= MESSAGE_STATUS || message.p[MESSAGE_ROLE] != 1 ||
	    message.p[MESSAGE_STATUS] > STATUS_LAST)
		return rc == MDB_NOTFOUND ? 0 : rc;
	*state = (uint8_t)(message.p[MESSAGE_STATUS] + 1);
	turn = key_of((struct slice){message.p + 1, sizeof(struct id)});
	rc = txn_get(t, TABLE_OPEN_TURNS, &turn, &open);
	if (rc == 0)
		*state = STATE_OPEN;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
add_state(struct txn *t, const struct key *key, struct slice old)
{
	uint8_t record[CONVERSATION_1_MAX + CONVERSATION_2_ADDS] = {0};
	struct slice made = {record, old.len + CONVERSATION_2_ADDS};
	struct id id = key_front(key_slice(key));
	struct conversation_1 conversation;
	struct key by_widget;
	int rc;

	if (!read_conversation(old, &conversation))
		return 0;
	memcpy(record, old.p, old.len);
	record[0] = 2;
	rc = find_state(t, &id, conversation.next_seq, &record[made.len - 1]);
	if (rc == 0)
		rc = txn_put(t, TABLE_CONVERSATIONS, key, made);
	if (rc != 0)
		return rc;
	by_widget = key_activity_of(
	    &conversation.org, &conversation.widget, conversation.updated_at, &id);
	return txn_put(t, TABLE_CONVERSATIONS_BY_WIDGET, &by_widget, (struct slice){0});
}

/* The place that an open turn keeps for its reply; MDB_NOTFOUND: it has none. */
static int
find_place(struct txn *t, const struct key *turn, struct id *conversation, uint64_t *seq)
{
	struct slice place;
	int rc = txn_get(t, TABLE_TURNS, turn, &place);

	if (rc != 0)
		return rc;
	if (place.len != TURN_BYTES || place.p[0] != 1)
		return MDB_NOTFOUND;
	memcpy(conversation->b, place.p + TURN_CONVERSATION, sizeof(conversation->b));
	*seq = read_le(place.p + TURN_CONVERSATION + sizeof(conversation->b), 8);
	return 0;
}

/* A conversation whose last place an open turn keeps is active. */
static int
mark_active(struct txn *t, const struct key *turn, struct slice unused)
{
	uint8_t record[CONVERSATION_1_MAX + CONVERSATION_2_ADDS];
	struct conversation_1 conversation;
	struct slice old;
	struct key key;
	struct id id;
	uint64_t seq;
	int rc = find_place(t, turn, &id, &seq);

	(void)unused;
	if (rc != 0)
		return rc == MDB_NOTFOUND ? 0 : rc;
	key = key_id(&id);
	rc = txn_get(t, TABLE_CONVERSATIONS, &key, &old);
	if (rc != 0 || old.len < CONVERSATION_2_ADDS || old.len > sizeof(record))
		return rc == MDB_NOTFOUND ? 0 : rc;
	memcpy(record, old.p, old.len);
	record[0] = 1;
	if (old.p[0] != 2 ||
	    !read_conversation(
		(struct slice){record, old.len - CONVERSATION_2_ADDS}, &conversation) ||
	    conversation.next_seq != seq + 1)
		return 0;
	record[0] = 2;
	record[old.len - 1] = STATE_OPEN;
	return txn_put(t, TABLE_CONVERSATIONS, &key, (struct slice){record, old.len});
}

/* Its token was hashed without DASHBOARD_PASSWORD, and would outlive a change of that. */
static int
end_login(struct txn *t, const struct key *token, struct slice unused)
{
	(void)unused;
	return txn_del(t, TABLE_LOGINS, token);
}

static int
add_organizations(struct txn *t)
{
	int rc = change_each(t, TABLE_CONVERSATIONS, add_state);

	if (rc == 0)
		rc = change_each(t, TABLE_OPEN_TURNS, mark_active);
	if (rc == 0)
		rc = change_each(t, TABLE_LOGINS, end_login);
	return rc;
}

/* -- all of them --------------------------------------------------------------------------- */

static migrate_step_fn *const steps[SCHEMA_VERSION] = {
    NULL,
    name_conversations,
    name_runs,
    add_organizations,
};

const struct migrations known_migrations = {SCHEMA_VERSION, steps};

int
migrate(struct txn *t, const struct migrations *m, uint64_t from)
{
	int rc = 0;

	must(from >= 1 && from < m->version);
	for (uint64_t version = from; version < m->version && rc == 0; version++)
		rc = m->steps[version](t);
	return rc;
}
