/*
 * Checks that each conversation has an index entry for each of its labels and names existing tags and users,
 * that each entry has its conversation, and counts the labels again. The entries of a label stand together, so
 * one number is counted at a time.
 */
#include "storaged/verify/verify_internal.h"

#include "proto/base/basics.h"
#include "storaged/conversations/labels.h"

static int
verify_label_target(struct checker *c, const struct id *conversation, const struct id *org,
    enum label_kind kind, const struct id *label)
{
	struct record_name name = verify_record_name("conversation", conversation);
	struct key key = key_of_org(org, label);

	if (kind == LABEL_USER)
		return verify_named(
		    c, TABLE_CONVERSATIONS, name.s, "is assigned to user", TABLE_USERS, &key);
	if (kind == LABEL_TAG)
		return verify_named(
		    c, TABLE_CONVERSATIONS, name.s, "has tag", TABLE_TAGS, &key);
	return 0;
}

int
verify_labels_of(
    struct checker *c, const struct id *id, const struct msg_conversation_record *r)
{
	struct labels labels;
	int rc = 0;

	labels_of(r, &labels);
	for (size_t i = 0; rc == 0 && i < labels.n; i++) {
		struct key key = key_activity_of(&r->org, &labels.of[i], r->updated_at, id);

		rc = verify_label_target(
		    c, id, &r->org, (enum label_kind)labels.kind[i], &labels.of[i]);
		if (rc == 0 && !verify_has(c, TABLE_LABELS, &key, &rc) && rc == 0)
			verify_found(c, TABLE_LABELS,
			    "conversation %s is not where its last activity puts it",
			    verify_id_text(id).s);
	}
	return rc;
}

/* Compares a count. The indexes are what is counted, so not in a store with other faults. */
static void
verify_label_compare(
    struct checker *c, const struct id *label, uint64_t stored, uint64_t counted)
{
	if (stored == counted || c->result->broken > c->label_faults)
		return;
	c->label_faults++;
	verify_found(c, TABLE_LABEL_COUNTS,
	    "the count of label %s is %llu conversations; there are %llu",
	    verify_id_text(label).s, (unsigned long long)stored, (unsigned long long)counted);
}

/* A label of an organization, whose entries the walk is at. */
struct label_group {
	struct checker *c; /* which reports faults */
	enum table table;  /* of the entries */
	bool open;
	struct id org, label;
	uint64_t conversations; /* that count */
};

/* Compares what was counted with the stored count; a count of 0 has no record. */
static int
verify_label_group_end(struct label_group *g)
{
	struct key key = key_of_org(&g->org, &g->label);
	struct msg_label_count_record r = {0};
	struct slice value;
	int rc;

	if (!g->open)
		return 0;
	g->open = false;
	rc = txn_get(g->c->txn, TABLE_LABEL_COUNTS, &key, &value);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	/* verify_label_count() reports one that does not decode. */
	if (rc == 0 && record_decode(value, MSG_LABEL_COUNT_RECORD, &r) != WIRE_OK)
		return 0;
	verify_label_compare(g->c, &g->label, r.conversations, g->conversations);
	return 0;
}

static int
verify_label_group_begin(struct label_group *g, const struct id *org, const struct id *label)
{
	int rc = 0;

	if (g->open && id_equal(org, &g->org) && id_equal(label, &g->label))
		return 0;
	rc = verify_label_group_end(g);
	g->open = true;
	g->org = *org;
	g->label = *label;
	g->conversations = 0;
	return rc;
}

/* Whether a conversation has the group's label; conversations_by_widget is checked elsewhere. */
static bool
verify_label_has(const struct label_group *g, const struct msg_conversation_record *r)
{
	struct labels labels;

	if (g->table == TABLE_CONVERSATIONS_BY_WIDGET)
		return true;
	labels_of(r, &labels);
	for (size_t i = 0; i < labels.n; i++)
		if (id_equal(&labels.of[i], &g->label))
			return true;
	return false;
}

/* A resolved or snoozed conversation is counted for that alone. */
static bool
verify_label_counts(const struct label_group *g, const struct msg_conversation_record *r)
{
	struct labels labels;
	struct id shelf;

	labels_of(r, &labels);
	shelf = labels_shelf(&labels);
	return id_is_zero(&shelf) || id_equal(&g->label, &shelf);
}

static void
verify_label_record(struct label_group *g, struct slice key, const struct id *id,
    const struct msg_conversation_record *r)
{
	struct key right = key_activity_of(&r->org, &g->label, r->updated_at, id);
	bool has = verify_label_has(g, r);

	if (g->table == TABLE_LABELS && (!has || !slice_eq(key, key_slice(&right))))
		verify_found(g->c, g->table,
		    "an entry does not match its record, conversation %s",
		    verify_id_text(id).s);
	g->conversations += has && verify_label_counts(g, r);
}

/* An entry of labels or conversations_by_widget. arg: the label_group. */
static int
verify_label_entry(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct label_group *g = arg;
	struct id org, label, id = activity_conversation(key);
	struct key conversation = key_id(&id);
	struct msg_conversation_record r;
	int rc;

	org_key_parts((struct slice){key.p, 2 * sizeof(struct id)}, &org, &label);
	rc = verify_label_group_begin(g, &org, &label);
	if (rc == 0)
		rc = txn_get(c->txn, TABLE_CONVERSATIONS, &conversation, &value);
	if (rc == 0 && record_decode(value, MSG_CONVERSATION_RECORD, &r) == WIRE_OK)
		verify_label_record(g, key, &id, &r);
	if (rc != MDB_NOTFOUND)
		return rc;
	if (g->table == TABLE_LABELS)
		verify_found(g->c, g->table,
		    "an entry leads to conversation %s, which does not exist",
		    verify_id_text(&id).s);
	return 0;
}

/* The counts of an organization that the walk is at: the first is that of all assigned conversations. */
struct assigned_count {
	struct id org;
	uint64_t stored, counted;
};

static void
verify_label_assigned(struct checker *c, const struct assigned_count *a)
{
	const struct id anybody = {{0}};

	verify_label_compare(c, &anybody, a->stored, a->counted);
}

/* Whether any conversation has the label; the walk over these compares the number. */
static int
verify_label_is_used(
    struct checker *c, const struct msg_label_count_record *r, const struct id *org)
{
	enum table table =
	    r->kind == LABEL_WIDGET ? TABLE_CONVERSATIONS_BY_WIDGET : TABLE_LABELS;
	struct key front = key_of_org(org, &r->label);
	struct walk w;
	int rc = walk_open(&w, c->txn, table, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	walk_close(&w);
	if (rc != MDB_NOTFOUND)
		return rc;
	verify_label_compare(c, &r->label, r->conversations, 0);
	return 0;
}

/* arg: struct assigned_count. */
static int
verify_label_count(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct assigned_count *a = arg;
	struct msg_label_count_record r;
	struct id org, label;

	org_key_parts(key, &org, &label);
	if (!id_equal(&org, &a->org)) {
		verify_label_assigned(c, a);
		*a = (struct assigned_count){.org = org};
	}
	if (!verify_record(c, TABLE_LABEL_COUNTS,
		verify_record_name("the count of label", &label).s, value, &r))
		return 0;
	if (!id_equal(&r.label, &label) || r.conversations == 0)
		verify_found(c, TABLE_LABEL_COUNTS,
		    "the count of label %s has another label than its key, or is 0",
		    verify_id_text(&label).s);
	if (r.kind == LABEL_ASSIGNED) {
		a->stored = r.conversations;
		return 0;
	}
	a->counted += r.kind == LABEL_USER ? r.conversations : 0;
	return verify_label_is_used(c, &r, &org);
}

int
verify_labels(struct checker *c)
{
	struct label_group listed = {.c = c, .table = TABLE_LABELS};
	struct label_group widgets = {.c = c, .table = TABLE_CONVERSATIONS_BY_WIDGET};
	struct assigned_count assigned = {0};
	struct verify_result unused;
	struct checker quiet = verify_quietly(c, &unused);
	int rc = verify_table(c, TABLE_LABELS, verify_label_entry, &listed);

	if (rc == 0)
		rc = verify_label_group_end(&listed);
	if (rc == 0)
		rc = verify_table(&quiet, widgets.table, verify_label_entry, &widgets);
	if (rc == 0)
		rc = verify_label_group_end(&widgets);
	if (rc == 0)
		rc = verify_table(c, TABLE_LABEL_COUNTS, verify_label_count, &assigned);
	if (rc == 0)
		verify_label_assigned(c, &assigned);
	return rc;
}
