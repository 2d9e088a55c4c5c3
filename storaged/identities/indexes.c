/*
 * One table describes all; what is stored with a record, and what banter verify expects, come from it.
 */
#include "storaged/identities/indexes.h"

#include "proto/base/basics.h"
#include "storaged/identities/blocks.h"
#include "storaged/identities/contact_index.h"
#include "storaged/identities/match_keys.h"

/* Indexes of one table, at most. */
#define INDEXES_MAX 3

bool
index_key_of_email(struct slice email, struct key *key)
{
	uint8_t folded[FOLDED_MAX];
	size_t len;

	if (match_fold_email(email, folded, &len) != 0)
		return false;
	*key = key_email((struct slice){folded, len});
	return true;
}

bool
index_key_user(const void *record, struct key *key)
{
	const struct msg_user_record *r = record;

	return index_key_of_email(r->email, key);
}

/* Of a user who is there. */
static bool
index_key_user_due(const void *record, struct key *key)
{
	const struct msg_user_record *r = record;

	if (r->away_at == 0)
		return false;
	*key = key_due(r->away_at, DUE_AWAY, &r->id);
	return true;
}

static bool
index_key_login(const void *record, struct key *key)
{
	const struct msg_login_record *r = record;

	*key = key_user_login(&r->org, &r->user, &r->id);
	return true;
}

static bool
index_key_key(const void *record, struct key *key)
{
	const struct msg_key_record *r = record;

	*key = key_of_org(&r->org, &r->id);
	return true;
}

static bool
index_key_widget(const void *record, struct key *key)
{
	const struct msg_widget_record *r = record;

	if (r->public_id.len == 0)
		return false;
	*key = key_public(r->public_id);
	return true;
}

static bool
index_key_invitation(const void *record, struct key *key)
{
	const struct msg_invitation_record *r = record;

	*key = key_hash(&r->token);
	return true;
}

static bool
index_key_visitor(const void *record, struct key *key)
{
	const struct msg_visitor_record *r = record;

	*key = key_id(&r->id);
	return true;
}

bool
index_key_contact_email(const void *record, struct key *key)
{
	const struct msg_contact_record *r = record;
	struct contact_keys keys;

	if (r->user_id.len > 0 ||
	    contact_index_keys(&r->org, r->email, (struct slice){0}, &keys) != NULL)
		return false;
	*key = keys.email;
	return key->len > 0;
}

bool
index_key_contact_phone(const void *record, struct key *key)
{
	const struct msg_contact_record *r = record;
	struct contact_keys keys;

	if (r->user_id.len > 0 ||
	    contact_index_keys(&r->org, (struct slice){0}, r->phone, &keys) != NULL)
		return false;
	*key = keys.phone;
	return key->len > 0;
}

/* A contact with a user id has no other index key. */
static bool
index_key_contact_user_id(const void *record, struct key *key)
{
	const struct msg_contact_record *r = record;

	if (r->user_id.len == 0)
		return false;
	*key = key_contact_name(&r->org, r->user_id);
	return true;
}

static bool
index_key_channel(const void *record, struct key *key)
{
	const struct msg_webhook_record *r = record;

	if (id_is_zero(&r->widget))
		return false;
	*key = key_id(&r->id);
	return true;
}

static bool
index_key_gap(const void *record, struct key *key)
{
	const struct msg_gap_record *r = record;

	*key = key_conversation_gap(&r->conversation, &r->id);
	return true;
}

static bool
index_key_file_owner(const void *record, struct key *key)
{
	const struct msg_file_record *r = record;

	*key = key_of_org(&r->owner, &r->id);
	return true;
}

/* Of a file that is removed if nothing is done about it. */
static bool
index_key_file_due(const void *record, struct key *key)
{
	const struct msg_file_record *r = record;

	if (r->due_at == 0)
		return false;
	*key = key_due(r->due_at, DUE_FILE, &r->id);
	return true;
}

static bool
index_key_file_checking(const void *record, struct key *key)
{
	const struct msg_file_record *r = record;

	if (r->check != FILE_CHECKING || id_is_zero(&r->owner))
		return false;
	*key = key_mail_waiting(r->checking_at, &r->id);
	return true;
}

static bool
index_key_block(const void *record, struct key *key)
{
	return block_key(record, key);
}

static bool
index_key_mail_waiting(const void *record, struct key *key)
{
	const struct msg_mail_record *r = record;

	if (r->state != MAIL_WAITING)
		return false;
	*key = key_mail_waiting(r->next_at, &r->id);
	return true;
}

static bool
index_key_mail_about(const void *record, struct key *key)
{
	const struct msg_mail_record *r = record;

	*key = key_mail_about(&r->about, &r->id);
	return true;
}

static bool
index_key_return(const void *record, struct key *key)
{
	const struct msg_return_record *r = record;

	*key = key_return(&r->visitor, &r->token);
	return true;
}

/* The row of a step that needs something, at the time when it does. */
static bool
index_key_step_due(const void *record, struct key *key)
{
	const struct msg_step_record *r = record;

	if (r->due_at == 0)
		return false;
	*key = key_due(r->due_at, DUE_STEP, &r->id);
	return true;
}

bool
index_key_step_open(const void *record, struct key *key)
{
	const struct msg_step_record *r = record;

	if (r->state != STEP_UNKNOWN && (r->state != STEP_WAITING || r->class != TOOL_APPROVE))
		return false;
	*key = key_of_org(&r->org, &r->id);
	return true;
}

static const struct index indexes[] = {
    {TABLE_USERS, TABLE_USERS_BY_EMAIL, index_key_user, .by_id = false},
    {TABLE_USERS, TABLE_DUE, index_key_user_due, .by_id = false, .due = DUE_AWAY},
    {TABLE_LOGINS, TABLE_LOGINS_BY_USER, index_key_login, .by_id = false},
    {TABLE_KEYS, TABLE_KEYS_BY_ORG, index_key_key, .by_id = false},
    {TABLE_WIDGETS, TABLE_WIDGETS_BY_PUBLIC, index_key_widget, .by_id = false},
    {TABLE_INVITATIONS, TABLE_INVITATIONS_BY_TOKEN, index_key_invitation, .by_id = false},
    {TABLE_VISITORS, TABLE_VISITORS_BY_ID, index_key_visitor, .by_id = false},
    {TABLE_CONTACTS, TABLE_CONTACTS_BY_EMAIL, index_key_contact_email, .by_id = true},
    {TABLE_CONTACTS, TABLE_CONTACTS_BY_PHONE, index_key_contact_phone, .by_id = true},
    {TABLE_CONTACTS, TABLE_CONTACTS_BY_USER_ID, index_key_contact_user_id, .by_id = true},
    {TABLE_WEBHOOKS, TABLE_CHANNELS, index_key_channel, .by_id = false},
    {TABLE_GAPS, TABLE_GAPS_BY_CONVERSATION, index_key_gap, .by_id = false},
    {TABLE_FILES, TABLE_FILES_BY_OWNER, index_key_file_owner, .by_id = false},
    {TABLE_FILES, TABLE_FILES_CHECKING, index_key_file_checking, .by_id = false},
    {TABLE_BLOCKS, TABLE_BLOCKS_BY_TARGET, index_key_block, .by_id = true},
    {TABLE_FILES, TABLE_DUE, index_key_file_due, .by_id = false, .due = DUE_FILE},
    {TABLE_MAILS, TABLE_MAILS_WAITING, index_key_mail_waiting, .by_id = false},
    {TABLE_MAILS, TABLE_MAILS_ABOUT, index_key_mail_about, .by_id = false},
    {TABLE_RETURNS, TABLE_RETURNS_OF_VISITOR, index_key_return, .by_id = false},
    {TABLE_STEPS, TABLE_DUE, index_key_step_due, .by_id = false, .due = DUE_STEP},
    {TABLE_STEPS, TABLE_STEPS_OPEN, index_key_step_open, .by_id = false},
};

const struct index *
index_next(enum table records, const struct index *after)
{
	const struct index *end = indexes + ARRAY_LEN(indexes);

	for (const struct index *i = after == NULL ? indexes : after + 1; i < end; i++)
		if (i->records == records)
			return i;
	return NULL;
}

const struct index *
index_of_due(uint8_t kind)
{
	for (size_t i = 0; i < ARRAY_LEN(indexes); i++)
		if (indexes[i].table == TABLE_DUE && indexes[i].due == kind)
			return &indexes[i];
	return NULL;
}

struct slice
index_value(const struct index *index, struct slice record_key)
{
	const size_t id = sizeof(struct id);

	if (!index->by_id)
		return record_key;
	must(record_key.len == 2 * id);
	return (struct slice){record_key.p + id, id};
}

bool
index_target(
    const struct index *index, struct slice key, struct slice value, struct key *record_key)
{
	if (index->by_id) {
		const struct id org = key_front(key);
		struct id record;

		if (value.len != sizeof(record.b))
			return false;
		record = key_front(value);
		*record_key = key_of_org(&org, &record);
		return true;
	}
	if (!key_fits(index->records, value))
		return false;
	*record_key = key_of(value);
	return true;
}

/* An entry before and after a change; a length of 0: none. */
struct index_move {
	const struct index *index;
	struct key from, to;
};

static void
index_key_of(const struct index *index, const void *record, struct key *key)
{
	if (record == NULL || !index->key(record, key))
		key->len = 0;
}

/* An entry that stays is written as well: a missing one comes back when its record is stored again. */
static int
index_move(struct txn *t, const struct index_move *m, const struct key *record_key)
{
	int rc = 0;

	if (m->from.len > 0 && !slice_eq(key_slice(&m->from), key_slice(&m->to)))
		rc = txn_del(t, m->index->table, &m->from);
	if (rc == 0 && m->to.len > 0)
		rc = txn_put(
		    t, m->index->table, &m->to, index_value(m->index, key_slice(record_key)));
	return rc;
}

int
index_put_record(struct txn *t, enum table table, const struct key *key, const void *before,
    const void *after)
{
	struct index_move moves[INDEXES_MAX];
	size_t n = 0;
	int rc;

	/* The slices of both records may become invalid with the first change. */
	for (const struct index *i = NULL; (i = index_next(table, i)) != NULL; n++) {
		must(n < INDEXES_MAX);
		moves[n].index = i;
		index_key_of(i, before, &moves[n].from);
		index_key_of(i, after, &moves[n].to);
	}
	rc = after == NULL ? txn_del(t, table, key) : txn_put_record(t, table, key, after);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = index_move(t, &moves[i], key);
	return rc;
}
