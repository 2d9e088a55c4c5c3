/*
 * The labels' index and counts.
 */
#include "storaged/conversations/labels.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

struct id
label_of_state(enum conversation_state state)
{
	struct id id = {{0}};

	id.b[sizeof(id.b) - 1] = (uint8_t)state;
	return id;
}

struct id
label_of_snoozed(void)
{
	struct id id = {{0}};

	id.b[sizeof(id.b) - 1] = UINT8_MAX;
	return id;
}

struct id
labels_shelf(const struct labels *labels)
{
	if (labels->state == STATE_RESOLVED)
		return label_of_state(STATE_RESOLVED);
	return labels->is_snoozed ? label_of_snoozed() : (struct id){{0}};
}

bool
labels_next_tag(struct slice *tags, struct id *tag)
{
	const struct slice text = {tags->p, ID_TEXT_LEN};

	if (tags->len < ID_TEXT_LEN || id_parse(text, tag) == -1)
		return false;
	if (tags->len > ID_TEXT_LEN && tags->p[ID_TEXT_LEN] != ' ')
		return false;
	tags->p += ID_TEXT_LEN;
	tags->len -= ID_TEXT_LEN;
	if (tags->len > 0) {
		tags->p++;
		tags->len--;
	}
	return true;
}

void
labels_add_tag(struct tags_text *text, const struct id *tag)
{
	must(text->len + 1 + ID_TEXT_LEN <= TAGS_TEXT_MAX);
	if (text->len > 0)
		text->s[text->len++] = ' ';
	id_format(tag, text->s + text->len);
	text->len += ID_TEXT_LEN;
}

static void
labels_add(struct labels *labels, enum label_kind kind, const struct id *id)
{
	if (labels->n == LABELS_MAX)
		return;
	labels->kind[labels->n] = (uint8_t)kind;
	labels->of[labels->n++] = *id;
}

void
labels_of(const struct msg_conversation_record *conversation, struct labels *labels)
{
	struct slice tags = conversation->tags;
	struct id id;

	labels->n = 0;
	labels->state = conversation->state;
	labels->is_assigned = !id_is_zero(&conversation->assigned);
	labels->is_snoozed = conversation->snoozed_until != 0;
	if (labels->state != STATE_OPEN) {
		id = label_of_state((enum conversation_state)labels->state);
		labels_add(labels, LABEL_STATE, &id);
	}
	if (labels->is_snoozed) {
		id = label_of_snoozed();
		labels_add(labels, LABEL_SNOOZED, &id);
	}
	if (labels->is_assigned)
		labels_add(labels, LABEL_USER, &conversation->assigned);
	while (labels_next_tag(&tags, &id))
		labels_add(labels, LABEL_TAG, &id);
}

static bool
labels_equal(const struct labels *a, const struct labels *b)
{
	return a->n == b->n && a->state == b->state && a->is_assigned == b->is_assigned &&
	    a->is_snoozed == b->is_snoozed &&
	    memcmp(a->of, b->of, a->n * sizeof(a->of[0])) == 0;
}

/* Adds to one count, whose record is removed when nothing is left. */
static int
labels_add_to(struct txn *t, const struct id *org, enum label_kind kind, const struct id *label,
    int64_t by)
{
	struct key key = key_of_org(org, label);
	struct msg_label_count_record r;
	int rc = txn_get_record(t, TABLE_LABEL_COUNTS, &key, &r);

	if (rc == MDB_NOTFOUND)
		r = (struct msg_label_count_record){
		    .v = RECORD_VERSION, .kind = (uint8_t)kind, .label = *label};
	else if (rc == RECORD_DAMAGED)
		return 0; /* until label_recount() */
	else if (rc != 0)
		return rc;
	if (by < 0 && r.conversations < -(uint64_t)by) {
		log_event(
		    LOG_ERROR, "label_count_wrong", L_ID("org", org), L_ID("label", label));
		by = -(int64_t)r.conversations;
	}
	r.conversations += (uint64_t)by;
	if (r.conversations == 0)
		return txn_del(t, TABLE_LABEL_COUNTS, &key);
	return txn_put_record(t, TABLE_LABEL_COUNTS, &key, &r);
}

int
labels_write(struct txn *t)
{
	int64_t by = t->label.by;

	t->label.by = 0;
	if (by == 0)
		return 0;
	return labels_add_to(
	    t, &t->label.org, (enum label_kind)t->label.kind, &t->label.label, by);
}

/* Adds to one count before the commit: most new conversations of a transaction are of one widget. */
static int
labels_count_one(
    struct txn *t, const struct id *org, enum label_kind kind, const struct id *label, int by)
{
	int rc = 0;

	if (!id_equal(&t->label.label, label) || !id_equal(&t->label.org, org))
		rc = labels_write(t);
	if (rc != 0)
		return rc;
	t->label.org = *org;
	t->label.label = *label;
	t->label.kind = (uint8_t)kind;
	t->label.by += by;
	txn_before_commit(t, labels_write);
	t->changes++;
	return 0;
}

int
labels_each_count(
    const struct id *widget, const struct labels *labels, label_count_fn *fn, void *arg)
{
	const struct id anybody = {{0}}, shelf = labels_shelf(labels);
	int rc = 0;

	if (!id_is_zero(&shelf))
		return fn(arg, labels->is_snoozed ? LABEL_SNOOZED : LABEL_STATE, &shelf);
	if (labels->is_assigned)
		rc = fn(arg, LABEL_ASSIGNED, &anybody);
	if (rc == 0)
		rc = fn(arg, LABEL_WIDGET, widget);
	for (size_t i = 0; rc == 0 && i < labels->n; i++)
		rc = fn(arg, (enum label_kind)labels->kind[i], &labels->of[i]);
	return rc;
}

/* Of a conversation that is counted or discounted. */
struct labels_counting {
	struct txn *t;
	const struct id *org;
	int by;
};

/* label_count_fn */
static int
labels_count_in(void *arg, enum label_kind kind, const struct id *label)
{
	const struct labels_counting *counting = arg;

	return labels_count_one(counting->t, counting->org, kind, label, counting->by);
}

/* Counts or discounts a conversation. */
static int
labels_count(struct txn *t, const struct id *org, const struct id *widget,
    const struct labels *labels, int by)
{
	struct labels_counting counting = {t, org, by};

	return labels_each_count(widget, labels, labels_count_in, &counting);
}

/* Adds or removes a conversation's entries. */
static int
labels_list(struct txn *t, const struct id *org, const struct id *conversation,
    const struct label_place *place, bool add)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < place->labels->n; i++) {
		struct key key = key_activity_of(
		    org, &place->labels->of[i], place->updated_at, conversation);

		rc = add ? txn_put(t, TABLE_LABELS, &key, (struct slice){0})
			 : txn_del(t, TABLE_LABELS, &key);
	}
	return rc;
}

int
labels_move(struct txn *t, const struct id *org, const struct id *widget,
    const struct id *conversation, const struct label_place *from, const struct label_place *to)
{
	bool same = from != NULL && to != NULL && labels_equal(from->labels, to->labels);
	int rc = 0;

	if (same && (to->labels->n == 0 || from->updated_at == to->updated_at))
		return 0;
	if (from != NULL)
		rc = labels_list(t, org, conversation, from, false);
	if (rc == 0 && to != NULL)
		rc = labels_list(t, org, conversation, to, true);
	if (same || rc != 0)
		return rc;
	if (from != NULL)
		rc = labels_count(t, org, widget, from->labels, -1);
	if (rc == 0 && to != NULL)
		rc = labels_count(t, org, widget, to->labels, 1);
	return rc;
}
