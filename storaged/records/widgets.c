/*
 * Widgets, and the index of their public ids. A visitor's token is valid only for an enabled widget with
 * the same public id, so deleting or disabling a widget, or changing its public id, also ends its visitors.
 */
#include "storaged/records/widgets.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/budgets/budget_requests.h"
#include "storaged/budgets/spenders_garbage.h"
#include "storaged/identities/indexes.h"
#include "storaged/records/organizations.h"

static const char widget_missing[] = "no such widget";

int
widget_find(struct txn *t, const struct id *org, const struct id *widget,
    struct msg_widget_record *record)
{
	struct key key = key_of_org(org, widget);

	return txn_get_record(t, TABLE_WIDGETS, &key, record);
}

/* The key of the widget with this public id. */
static int
widget_key_of_public(struct txn *t, struct slice public_id, struct key *key)
{
	struct key by_public = key_public(public_id);
	struct slice value;
	int rc;

	/* LMDB has no empty keys, and none is so long. */
	if (public_id.len == 0 || public_id.len > PUBLIC_ID_MAX)
		return MDB_NOTFOUND;
	rc = txn_get(t, TABLE_WIDGETS_BY_PUBLIC, &by_public, &value);
	if (rc == 0 && !key_fits(TABLE_WIDGETS, value))
		return RECORD_DAMAGED;
	if (rc == 0)
		*key = key_of(value);
	return rc;
}

int
widget_find_public(struct txn *t, struct slice public_id, struct msg_widget_record *record)
{
	struct key key;
	int rc = widget_key_of_public(t, public_id, &key);

	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_WIDGETS, &key, record);
	return rc == MDB_NOTFOUND ? RECORD_DAMAGED : rc;
}

int
widget_names_agent(struct txn *t, const struct id *org, const struct id *agent, bool *names)
{
	struct key front = key_id(org);
	struct msg_widget_record r;
	struct walk w;
	int rc = walk_open(&w, t, TABLE_WIDGETS, &front);

	*names = false;
	if (rc == 0)
		rc = walk_from(&w, &front);
	while (rc == 0 && !*names) {
		rc = record_read(w.value, TABLE_WIDGETS, &r);
		*names = rc == 0 && id_equal(&r.agent, agent);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
widget_check_agent(struct txn *t, struct call *c, const struct msg_widget_record *r)
{
	struct key key = key_of_org(&r->org, &r->agent);
	struct msg_agent_record agent;
	int rc = txn_get_record(t, TABLE_AGENTS, &key, &agent);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, "the widget's agent does not exist");
	return rc;
}

static int
widget_check_public(
    struct txn *t, struct call *c, const struct msg_widget_record *r, enum store_error clash)
{
	struct key key = key_of_org(&r->org, &r->id), other;
	int rc;

	if (r->public_id.len == 0)
		return call_refuse(c, STORE_INVALID, "a widget needs a public id");
	rc = widget_key_of_public(t, r->public_id, &other);
	if (rc == 0 && !slice_eq(key_slice(&other), key_slice(&key)))
		return call_refuse(c, clash, "another widget has this public id");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
widget_check_record(
    struct txn *t, struct call *c, const union record *r, enum store_error clash)
{
	int rc = widget_check_agent(t, c, &r->widget);

	return rc != 0 ? rc : widget_check_public(t, c, &r->widget, clash);
}

/* Only WIDGET_RESET changes the public id. A repeated creation brings the same one. */
static void
widget_keep(union record *r, const union record *stored, bool fresh)
{
	if (!fresh)
		r->widget.public_id = stored->widget.public_id;
	r->widget.generation = stored == NULL ? 0 : stored->widget.generation;
}

static int
widget_store(struct txn *t, const union record *r, const union record *stored)
{
	struct key key = key_of_org(&r->org, &r->id);

	return index_put_record(t, TABLE_WIDGETS, &key, stored, r);
}

static void
widget_replaced(struct call *c, const union record *r, const union record *stored)
{
	if (!r->widget.enabled || r->widget.generation != stored->widget.generation)
		call_end_widget(c, &r->id);
}

/* Removes a widget with its index entry, its daily message counts, its last sighting and the times of answers. */
static int
widget_drop(struct txn *t, const struct msg_widget_record *r)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct key counts = key_id(&r->id), seen = key_seen(&r->id);
	int rc = index_put_record(t, TABLE_WIDGETS, &key, r, NULL);

	if (rc == 0)
		rc = txn_del_all(t, TABLE_CAPS, &counts);
	if (rc == 0)
		rc = txn_del(t, TABLE_META, &seen);
	if (rc == 0)
		rc = txn_del(t, TABLE_RESPONSES, &key);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
widget_remove(struct txn *t, struct call *c, const union record *r, bool *left)
{
	struct id widget = r->id, org_id = r->org;
	unsigned most = SPENDERS_STEP;
	struct msg_org_record org;
	int rc = organization_find(t, &r->org, &org);

	(void)left;
	if (rc == 0 && id_equal(&org.widget, &widget))
		return call_refuse(c, STORE_IN_USE,
		    "chat by a key belongs to the organization's first widget");
	/* A widget that was imported without its organization can be removed. */
	if (rc == 0 || rc == MDB_NOTFOUND)
		rc = widget_drop(t, &r->widget);
	if (rc == 0)
		rc = budget_remove(t, &org_id, &widget, &most);
	if (rc == 0)
		call_end_widget(c, &widget);
	return rc;
}

const struct record_kind widget_kind = {
    .table = TABLE_WIDGETS,
    .change = CHANGE_WIDGET,
    .created_at = offsetof(struct msg_widget_record, created_at),
    .updated_at = offsetof(struct msg_widget_record, updated_at),
    .missing = widget_missing,
    .max = WIDGETS_MAX,
    .too_many = "the organization has too many widgets",
    .find = widget_key_of_public,
    .keep = widget_keep,
    .check = widget_check_record,
    .store = widget_store,
    .replaced = widget_replaced,
    .remove = widget_remove,
};

int
widget_make_plain(struct txn *t, const struct id *org, const struct id *widget,
    const struct id *agent, struct slice public_id, uint64_t now)
{
	const struct msg_widget_record record = {
	    .v = RECORD_VERSION,
	    .id = *widget,
	    .org = *org,
	    .agent = *agent,
	    .public_id = public_id,
	    .primary_color = slice_str("#4f46e5"), /* 6.3 : 1 to white */
	    .text_color = slice_str("#ffffff"),
	    .position = WIDGET_BOTTOM_RIGHT,
	    .contact_mode = CONTACT_NONE,
	    .settings = slice_str("{\"disclosure\":{\"show\":true}}"),
	    .enabled = true,
	    .created_at = now,
	    .updated_at = now,
	};
	const union record r = {.widget = record};

	return widget_store(t, &r, NULL);
}

int
handle_widget_reset(struct txn *t, struct call *c)
{
	const struct msg_widget_reset *m = &c->m->widget_reset;
	struct key key = key_of_org(&m->org, &m->widget);
	union record stored, r;
	int rc = record_find(t, &widget_kind, &m->org, &m->widget, &stored);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, widget_missing);
	if (rc != 0)
		return rc;
	r = stored;
	r.widget.public_id = m->public_id;
	rc = widget_check_public(t, c, &r.widget, STORE_EXISTS);
	if (rc != 0)
		return rc;
	if (!slice_eq(stored.widget.public_id, m->public_id)) {
		r.widget.generation++;
		r.widget.updated_at = clock_wall_after(stored.widget.updated_at);
		rc = widget_store(t, &r, &stored);
		if (rc == 0)
			rc = record_add_change(t, &widget_kind, &r, CHANGE_CHANGED);
		if (rc != 0)
			return rc;
		call_end_widget(c, &m->widget);
	}
	return record_answer(t, c, &widget_kind, &key);
}
