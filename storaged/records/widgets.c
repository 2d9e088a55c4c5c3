/*
 * Widgets, and the public ids that lead to them. What a visitor's token is good for hangs on a widget:
 * who deletes or disables it, or changes its public id, ends its visitors as well.
 */
#include "storaged/records/widgets.h"

#include <stddef.h>

#include "proto/base/clock.h"
#include "storaged/records/organizations.h"
#include "storaged/records/records.h"
#include "storaged/request/listing.h"

static const char no_widget[] = "no such widget";

int
widget_find(struct txn *t, const struct id *org, const struct id *widget,
    struct msg_widget_record *record)
{
	struct key key = key_of_org(org, widget);

	return txn_get_record(t, TABLE_WIDGETS, &key, MSG_WIDGET_RECORD, record);
}

/* The key of the widget with this public id. */
static int
find_by_public(struct txn *t, struct slice public_id, struct key *key)
{
	struct key by_public = key_public(public_id);
	struct slice value;
	int rc;

	/* LMDB has no empty keys. */
	if (public_id.len == 0)
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
	int rc = find_by_public(t, public_id, &key);

	if (rc != 0)
		return rc;
	rc = txn_get_record(t, TABLE_WIDGETS, &key, MSG_WIDGET_RECORD, record);
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
		rc = record_read(w.value, TABLE_WIDGETS, MSG_WIDGET_RECORD, &r);
		*names = rc == 0 && id_equal(&r.agent, agent);
		if (rc == 0)
			rc = walk_next(&w);
	}
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* -- a widget as a thing ------------------------------------------------------------------- */

/* Refuses a widget without its agent. */
static int
check_agent(struct txn *t, struct call *c, const struct msg_widget_record *r)
{
	struct key key = key_of_org(&r->org, &r->agent);
	struct msg_agent_record agent;
	int rc = txn_get_record(t, TABLE_AGENTS, &key, MSG_AGENT_RECORD, &agent);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_INVALID, "the widget's agent is not there");
	return rc;
}

/* Refuses a public id that is none, or (with `clash`) that leads to another widget. */
static int
check_public(
    struct txn *t, struct call *c, const struct msg_widget_record *r, enum store_error clash)
{
	struct key key = key_of_org(&r->org, &r->id), of;
	int rc;

	if (r->public_id.len == 0)
		return call_refuse(c, STORE_INVALID, "a widget needs a public id");
	rc = find_by_public(t, r->public_id, &of);
	if (rc == 0 && !slice_eq(key_slice(&of), key_slice(&key)))
		return call_refuse(c, clash, "another widget has this public id");
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
check(struct txn *t, struct call *c, const union thing *r, enum store_error clash)
{
	int rc = check_agent(t, c, &r->widget);

	return rc != 0 ? rc : check_public(t, c, &r->widget, clash);
}

/* The public id is changed by widget_reset() alone. A repeat of what has made it brings its own. */
static void
keep(union thing *r, const union thing *there, bool fresh)
{
	if (!fresh)
		r->widget.public_id = there->widget.public_id;
	r->widget.generation = there == NULL ? 0 : there->widget.generation;
}

/* With its index entry. */
static int
store(struct txn *t, const union thing *r, const union thing *there)
{
	struct key key = key_of_org(&r->org, &r->id);
	struct key by_public = key_public(r->widget.public_id), before = by_public;
	int rc;

	/* The slices of both may lie in the map, and move with the first change. */
	if (there != NULL)
		before = key_public(there->widget.public_id);
	rc = txn_put_record(t, TABLE_WIDGETS, &key, MSG_WIDGET_RECORD, r);
	if (rc == 0 && !slice_eq(key_slice(&before), key_slice(&by_public)))
		rc = txn_del(t, TABLE_WIDGETS_BY_PUBLIC, &before);
	if (rc == 0)
		rc = txn_put(t, TABLE_WIDGETS_BY_PUBLIC, &by_public, key_slice(&key));
	return rc;
}

static const struct thing_kind widgets = {
    .table = TABLE_WIDGETS,
    .record = MSG_WIDGET_RECORD,
    .answer = MSG_WIDGET,
    .created_at = offsetof(struct msg_widget_record, created_at),
    .updated_at = offsetof(struct msg_widget_record, updated_at),
    .missing = no_widget,
    .most = WIDGETS_MAX,
    .too_many = "the organization has too many widgets",
    .keep = keep,
    .check = check,
    .store = store,
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
	    .primary_color = slice_str("#6366f1"),
	    .text_color = slice_str("#ffffff"),
	    .position = WIDGET_BOTTOM_RIGHT,
	    .contact_mode = CONTACT_NONE,
	    .enabled = true,
	    .created_at = now,
	    .updated_at = now,
	};
	const union thing r = {.widget = record};

	return store(t, &r, NULL);
}

int
widget_get(struct txn *t, struct call *c)
{
	const struct msg_widget_get *m = &c->m->widget_get;
	struct key key = key_of_org(&m->org, &m->widget);
	int rc = id_is_zero(&m->widget) ? find_by_public(t, m->public_id, &key) : 0;

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_widget);
	return rc != 0 ? rc : thing_answer(t, c, &widgets, &key);
}

int
widget_list(struct txn *t, struct call *c)
{
	const struct msg_widget_list *m = &c->m->widget_list;
	struct listing l = listing_of(TABLE_WIDGETS, &m->org, &m->after, m->limit);

	return listing_answer(t, c, &l, MSG_WIDGET_PAGE);
}

int
widget_put(struct txn *t, struct call *c)
{
	const struct msg_widget_put *m = &c->m->widget_put;
	union thing r;
	int rc = thing_put(t, c, &widgets, m->fresh, m->widget, &r);

	if (rc == 0 && !r.widget.enabled)
		call_end_widget(c, &r.id);
	return rc;
}

int
widget_import(struct txn *t, struct call *c, const struct msg_widget_record *record)
{
	const union thing r = {.widget = *record};
	struct msg_widget_record there;
	bool ends;
	int rc = widget_find(t, &record->org, &record->id, &there);

	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	ends = rc == 0 && (!record->enabled || record->generation != there.generation);
	rc = thing_import(t, c, &widgets, &r);
	if (rc == 0 && ends)
		call_end_widget(c, &record->id);
	return rc;
}

/* -- another public id -------------------------------------------------------------------- */

int
widget_reset(struct txn *t, struct call *c)
{
	const struct msg_widget_reset *m = &c->m->widget_reset;
	struct key key = key_of_org(&m->org, &m->widget);
	union thing there, r;
	int rc = thing_find(t, &widgets, &m->org, &m->widget, &there);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_widget);
	if (rc != 0)
		return rc;
	r = there;
	r.widget.public_id = m->public_id;
	rc = check_public(t, c, &r.widget, STORE_EXISTS);
	if (rc != 0)
		return rc;
	if (!slice_eq(there.widget.public_id, m->public_id)) {
		r.widget.generation++;
		r.widget.updated_at = clock_wall_after(there.widget.updated_at);
		rc = store(t, &r, &there);
		if (rc != 0)
			return rc;
		call_end_widget(c, &m->widget);
	}
	return thing_answer(t, c, &widgets, &key);
}

/* -- removing ----------------------------------------------------------------------------- */

/* Removes what was counted of the widget's messages. */
static int
drop_caps(struct txn *t, const struct id *widget)
{
	struct key front = key_id(widget);

	return txn_del_all(t, TABLE_CAPS, &front);
}

static int
drop_widget(struct txn *t, const struct msg_widget_record *r)
{
	struct key key = key_of_org(&r->org, &r->id), by_public = key_public(r->public_id);
	struct id widget = r->id;
	int rc = txn_del(t, TABLE_WIDGETS, &key);

	if (rc == 0)
		rc = txn_del(t, TABLE_WIDGETS_BY_PUBLIC, &by_public);
	return rc != 0 ? rc : drop_caps(t, &widget);
}

int
widget_delete(struct txn *t, struct call *c)
{
	const struct msg_widget_delete *m = &c->m->widget_delete;
	struct msg_widget_record r;
	struct msg_org_record org;
	int rc = widget_find(t, &m->org, &m->widget, &r);

	if (rc == MDB_NOTFOUND)
		return call_refuse(c, STORE_NOT_FOUND, no_widget);
	if (rc == 0)
		rc = organization_find(t, &m->org, &org);
	if (rc == 0 && id_equal(&org.widget, &m->widget))
		return call_refuse(c, STORE_IN_USE,
		    "chat by a key belongs to the organization's first widget");
	/* One that was imported without its organization can be removed. */
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	rc = drop_widget(t, &r);
	if (rc != 0)
		return rc;
	call_end_widget(c, &m->widget);
	call_ok(c);
	return 0;
}
