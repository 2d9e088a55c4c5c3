/*
 * Organizations, users, logins, keys, agents, widgets, visitors, contacts, tags, snippets, webhooks, invitations,
 * sources, answers, gaps, files, the table due (an index of users), the times of answers, and what is noted
 * about conversations. A table says for each what it
 * is keyed by, what it refers to, and its indexes; one walk checks all of them.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/structure/structure.h"
#include "storaged/identities/blocks.h"

#define AT(record, field) offsetof(struct msg_##record, field)

/* Another record that a record refers to: "user <id> <text> <id>". */
struct reference {
	const char *text;
	enum table table;
	bool by_org;    /* its key is organization and id; else the id alone */
	bool optional;  /* a zero id refers to nothing */
	size_t org, id; /* offsets */
};

/* What a table is keyed by. */
enum keyed {
	BY_ID,       /* the record's id */
	BY_ORG_ID,   /* its organization and id */
	BY_HASH,     /* its hash */
	BY_TOKEN,    /* a hash that the record does not have */
	BY_ORG_HASH, /* its organization and hash */
};

struct record_table {
	enum table table;
	const char *name; /* "user" */
	enum keyed keyed;
	size_t org, id; /* offsets */
	const char *(*fault)(
	    const void *record);           /* what is wrong with a record by itself; or NULL */
	const struct reference *reference; /* or NULL */
	size_t hash;                       /* offset; of BY_HASH and BY_ORG_HASH */
	const char *hash_name;
};

static const char *
verify_fault_user(const void *record)
{
	const struct msg_user_record *r = record;
	struct key key;

	if (!index_key_user(r, &key))
		return "has no e-mail";
	return r->password.len == 0 ? "has no password" : NULL;
}

static const char *
verify_fault_responses(const void *record)
{
	const struct msg_responses_record *r = record;

	return r->times.len == 0 || r->times.len % RESPONSE_LEN != 0 ? "is cut" : NULL;
}

static const char *
verify_fault_login(const void *record)
{
	const struct msg_login_record *r = record;

	return r->created_at > r->expires_at ? "expired before it was made" : NULL;
}

static const char *
verify_fault_widget(const void *record)
{
	const struct msg_widget_record *r = record;

	return r->public_id.len == 0 ? "has no public id" : NULL;
}

static const char *
verify_fault_contact(const void *record)
{
	const struct msg_contact_record *r = record;
	struct key key;

	if (r->user_id.len > 0)
		return NULL;
	if (r->email.len > 0 && !index_key_contact_email(r, &key))
		return "has an e-mail that is too long";
	if (r->phone.len > 0 && !index_key_contact_phone(r, &key))
		return "has a phone without a digit";
	return NULL;
}

static const char *
verify_fault_block(const void *record)
{
	const struct msg_block_record *r = record;
	struct key key;

	return block_key(r, &key) ? NULL : "has an invalid target";
}

static const char *
verify_fault_webhook(const void *record)
{
	const struct msg_webhook_record *r = record;

	if (r->url.len == 0)
		return "has no URL";
	if ((r->format == WEBHOOK_CHANNEL) == id_is_zero(&r->widget))
		return "is a channel without a widget, or has one without being a channel";
	return r->secret.len == 0 ? "has no secret" : NULL;
}

static const char *
verify_fault_invitation(const void *record)
{
	const struct msg_invitation_record *r = record;

	if (r->created_at > r->expires_at)
		return "expired before it was made";
	return (r->used_at == 0) != id_is_zero(&r->user)
	    ? "has a user without a time of use, or the reverse"
	    : NULL;
}

static const char *
verify_fault_team(const void *record)
{
	const struct msg_team_record *r = record;

	if (r->members.len % sizeof(struct id) != 0)
		return "has members that are no ids";
	return r->name.len == 0 ? "has no name" : NULL;
}

static const char *
verify_fault_source(const void *record)
{
	const struct msg_source_record *r = record;

	return r->name.len == 0 ? "has no name" : NULL;
}

static const char *
verify_fault_file(const void *record)
{
	const struct msg_file_record *r = record;

	if (r->total == 0 || r->received > r->total)
		return "has an impossible length";
	if (id_is_zero(&r->owner))
		return NULL;
	if ((r->check == FILE_CHECKING) != (r->checking_at != 0))
		return "waits to be checked without a time, or the reverse";
	if (r->check == FILE_COPY)
		return r->due_at != 0 ? "is a copy with a time of removal" : NULL;
	if ((r->due_at == 0) != (r->received == r->total && !id_is_zero(&r->message)))
		return "has a time of removal although it is in a message, or the reverse";
	return r->name.len == 0 ? "has no name" : NULL;
}

static const char *
verify_fault_tool(const void *record)
{
	const struct msg_tool_record *r = record;

	return r->name.len == 0 ? "has no name" : r->url.len == 0 ? "has no URL" : NULL;
}

static const char *
verify_fault_snippet(const void *record)
{
	const struct msg_snippet_record *r = record;

	return structure_wrong(r->structure) != NULL ? "has an invalid structure" : NULL;
}

static const char *
verify_fault_step(const void *record)
{
	const struct msg_step_record *r = record;
	const bool goes_on = r->state == STEP_PROPOSED || r->state == STEP_RUNNING;

	if (r->class == TOOL_READ)
		return r->state > STEP_FAILED ? "waits, although it is a read" : NULL;
	if ((r->state == STEP_WAITING) != (r->expires_at != 0))
		return "waits without an end, or the reverse";
	return (r->state == STEP_WAITING || goes_on) && r->due_at == 0
	    ? "is forgotten: it has no row in the table due"
	    : NULL;
}

static const char *
verify_fault_mail(const void *record)
{
	const struct msg_mail_record *r = record;

	return (r->state == MAIL_WAITING) != (r->done_at == 0)
	    ? "waits with a time of its end, or the reverse"
	    : NULL;
}

#define ORG_AND_ID(record) AT(record, org), AT(record, id)

static const struct reference org_widget = {"has as its first widget", TABLE_WIDGETS, true,
    false, AT(org_record, id), AT(org_record, widget)};
static const struct reference user_org = {
    "is of organization", TABLE_ORGS, false, false, 0, AT(user_record, org)};
static const struct reference login_user = {
    "is of user", TABLE_USERS, true, true, AT(login_record, org), AT(login_record, user)};
static const struct reference reset_user = {
    "is of user", TABLE_USERS, true, false, AT(reset_record, org), AT(reset_record, user)};
static const struct reference key_org = {
    "is of organization", TABLE_ORGS, false, false, 0, AT(key_record, org)};
static const struct reference invitation_org = {
    "is of organization", TABLE_ORGS, false, false, 0, AT(invitation_record, org)};
static const struct reference address_org = {
    "is of organization", TABLE_ORGS, false, false, 0, AT(address_record, org)};
static const struct reference mail_org = {
    "is of organization", TABLE_ORGS, false, false, 0, AT(mail_record, org)};
static const struct reference widget_agent = {"has as its agent", TABLE_AGENTS, true, false,
    AT(widget_record, org), AT(widget_record, agent)};

static const struct reference note_conversation = {"is about conversation", TABLE_CONVERSATIONS,
    false, false, 0, AT(note_record, conversation)};
static const struct reference page_conversation = {"is about conversation", TABLE_CONVERSATIONS,
    false, false, 0, AT(page_record, conversation)};
static const struct reference read_conversation = {"is about conversation", TABLE_CONVERSATIONS,
    false, false, 0, AT(read_record, conversation)};
static const struct reference step_conversation = {
    "is of conversation", TABLE_CONVERSATIONS, false, false, 0, AT(step_record, conversation)};

static const struct reference source_state = {
    "needs the state of source", TABLE_SOURCE_STATES, true, false, ORG_AND_ID(source_record)};
static const struct reference responses_widget = {"is of widget", TABLE_WIDGETS, true, false,
    AT(responses_record, org), AT(responses_record, widget)};
static const struct reference gap_conversation = {
    "is of conversation", TABLE_CONVERSATIONS, false, false, 0, AT(gap_record, conversation)};

/* A visitor's widget and contact may be gone: neither is a reference. */
static const struct record_table tables[] = {
    {TABLE_ORGS, "organization", BY_ID, 0, AT(org_record, id), NULL, &org_widget, 0, NULL},
    {TABLE_USERS, "user", BY_ORG_ID, ORG_AND_ID(user_record), verify_fault_user, &user_org, 0,
	NULL},
    {TABLE_LOGINS, "the login", BY_TOKEN, 0, 0, verify_fault_login, &login_user, 0, NULL},
    {TABLE_RESETS, "the link for a new password of user", BY_ID, 0, AT(reset_record, user),
	NULL, &reset_user, 0, NULL},
    {TABLE_KEYS, "key", BY_HASH, ORG_AND_ID(key_record), NULL, &key_org, AT(key_record, key),
	"hash"},
    {TABLE_AGENTS, "agent", BY_ORG_ID, ORG_AND_ID(agent_record), NULL, NULL, 0, NULL},
    {TABLE_WIDGETS, "widget", BY_ORG_ID, ORG_AND_ID(widget_record), verify_fault_widget,
	&widget_agent, 0, NULL},
    {TABLE_VISITORS, "visitor", BY_HASH, ORG_AND_ID(visitor_record), NULL, NULL,
	AT(visitor_record, token), "token"},
    {TABLE_CONTACTS, "contact", BY_ORG_ID, ORG_AND_ID(contact_record), verify_fault_contact,
	NULL, 0, NULL},
    {TABLE_WEBHOOKS, "webhook", BY_ORG_ID, ORG_AND_ID(webhook_record), verify_fault_webhook,
	NULL, 0, NULL},
    {TABLE_INVITATIONS, "invitation", BY_ORG_ID, ORG_AND_ID(invitation_record),
	verify_fault_invitation, &invitation_org, 0, NULL},
    {TABLE_TAGS, "tag", BY_ORG_ID, ORG_AND_ID(tag_record), NULL, NULL, 0, NULL},
    {TABLE_TEAMS, "team", BY_ORG_ID, ORG_AND_ID(team_record), verify_fault_team, NULL, 0, NULL},
    {TABLE_SNIPPETS, "snippet", BY_ORG_ID, ORG_AND_ID(snippet_record), verify_fault_snippet,
	NULL, 0, NULL},
    {TABLE_BLOCKS, "block", BY_ORG_ID, ORG_AND_ID(block_record), verify_fault_block, NULL, 0,
	NULL},
    {TABLE_TOOLS, "tool", BY_ORG_ID, ORG_AND_ID(tool_record), verify_fault_tool, NULL, 0, NULL},
    {TABLE_SOURCES, "source", BY_ORG_ID, ORG_AND_ID(source_record), verify_fault_source,
	&source_state, 0, NULL},
    {TABLE_ANSWERS, "answer", BY_ORG_ID, ORG_AND_ID(answer_record), NULL, NULL, 0, NULL},
    {TABLE_GAPS, "gap", BY_ORG_ID, ORG_AND_ID(gap_record), NULL, &gap_conversation, 0, NULL},
    {TABLE_FILES, "file", BY_ID, 0, AT(file_record, id), verify_fault_file, NULL, 0, NULL},
    {TABLE_RESPONSES, "the list of answers of widget", BY_ORG_ID, AT(responses_record, org),
	AT(responses_record, widget), verify_fault_responses, &responses_widget, 0, NULL},
    {TABLE_RETURNS, "the further token of visitor", BY_HASH, AT(return_record, org),
	AT(return_record, visitor), NULL, NULL, AT(return_record, token), "token"},
    {TABLE_ADDRESSES, "address of mails", BY_ORG_HASH, AT(address_record, org), 0, NULL,
	&address_org, AT(address_record, address), NULL},
    {TABLE_MAILS, "mail", BY_ORG_ID, ORG_AND_ID(mail_record), verify_fault_mail, &mail_org, 0,
	NULL},
    /* The next three are keyed by their conversation and an id. */
    {TABLE_NOTES, "note", BY_ORG_ID, AT(note_record, conversation), AT(note_record, id), NULL,
	&note_conversation, 0, NULL},
    {TABLE_READS, "the mark of user", BY_ORG_ID, AT(read_record, conversation),
	AT(read_record, user), NULL, &read_conversation, 0, NULL},
    {TABLE_STEPS, "step", BY_ORG_ID, AT(step_record, conversation), AT(step_record, id),
	verify_fault_step, &step_conversation, 0, NULL},
    {TABLE_PAGES, "the page of conversation", BY_ID, 0, AT(page_record, conversation), NULL,
	&page_conversation, 0, NULL},
};

static const struct id *
verify_record_id_at(const union msg *record, size_t offset)
{
	return (const void *)((const char *)record + offset);
}

/* What a person calls a record by its key. */
static struct record_name
verify_record_name_of_key(const struct record_table *t, struct slice key)
{
	struct record_name name;
	struct id id;

	switch (t->keyed) {
	case BY_ID:
	case BY_ORG_ID:
		id = key_back(key);
		return verify_record_name(t->name, &id);
	case BY_TOKEN:
		/* The token's hash is no secret, and its first bytes are enough to find it. */
		(void)snprintf(name.s, sizeof(name.s), "%s %02x%02x%02x%02x...", t->name,
		    key.p[0], key.p[1], key.p[2], key.p[3]);
		return name;
	case BY_HASH:
	case BY_ORG_HASH:
		break;
	}
	(void)snprintf(name.s, sizeof(name.s), "a %s", t->name);
	return name;
}

/* Compares a record's key with what it contains. False: with other ids, nothing else of it can be checked. */
static bool
verify_record_matches_key(struct checker *c, const struct record_table *t, struct slice key,
    const char *name, const union msg *record)
{
	struct key right = {0};

	switch (t->keyed) {
	case BY_TOKEN:
		return true;
	case BY_ID:
		right = key_id(verify_record_id_at(record, t->id));
		break;
	case BY_ORG_ID:
		right = key_of_org(
		    verify_record_id_at(record, t->org), verify_record_id_at(record, t->id));
		break;
	case BY_HASH:
		right = key_hash((const void *)((const char *)record + t->hash));
		break;
	case BY_ORG_HASH:
		right = key_address(verify_record_id_at(record, t->org),
		    (const void *)((const char *)record + t->hash));
		break;
	}
	if (slice_eq(key, key_slice(&right)))
		return true;
	if (t->keyed == BY_HASH)
		verify_found(c, t->table, "%s has another %s than its key", name, t->hash_name);
	else
		verify_found(c, t->table, "%s has %s than its key", name,
		    t->keyed == BY_ID ? "another id" : "other ids");
	return t->keyed == BY_HASH;
}

static int
verify_record_reference(
    struct checker *c, const struct record_table *t, const char *name, const union msg *record)
{
	const struct reference *ref = t->reference;
	const struct id *id;
	struct key key;

	if (ref == NULL)
		return 0;
	id = verify_record_id_at(record, ref->id);
	if (ref->optional && id_is_zero(id))
		return 0;
	key = ref->by_org ? key_of_org(verify_record_id_at(record, ref->org), id) : key_id(id);
	return verify_named(c, t->table, name, ref->text, ref->table, &key);
}

/* arg: the record_table. */
static int
verify_record_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	const struct record_table *t = *(const struct record_table **)arg;
	struct record_name name = verify_record_name_of_key(t, key);
	const char *fault;
	union msg record;
	int rc;

	if (!verify_record(c, t->table, name.s, value, &record))
		return 0;
	if (t->keyed == BY_HASH)
		name = verify_record_name(t->name, verify_record_id_at(&record, t->id));
	if (!verify_record_matches_key(c, t, key, name.s, &record))
		return 0;
	fault = t->fault == NULL ? NULL : t->fault(&record);
	if (fault != NULL)
		verify_found(c, t->table, "%s %s", name.s, fault);
	rc = verify_record_reference(c, t, name.s, &record);
	for (const struct index *i = NULL; rc == 0 && (i = index_next(t->table, i)) != NULL;)
		rc = verify_indexed(c, i, &record, key, name.s);
	return rc;
}

int
verify_records(struct checker *c)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(tables); i++) {
		const struct record_table *t = &tables[i];

		rc = verify_table(c, t->table, verify_record_entry, &t);
		for (const struct index *n = NULL;
		     rc == 0 && (n = index_next(t->table, n)) != NULL;)
			rc = verify_index(c, n);
	}
	return rc;
}
