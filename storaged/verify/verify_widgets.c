/*
 * Agents; widgets, each with its agent and its public id; and what was counted of widgets' messages.
 */
#include "storaged/verify/verify_internal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

/* Widgets with a count that one walk over the widgets looks for. */
#define COUNTED_MAX 4096

static int
check_agent(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name = org_record_name("agent", key);
	struct msg_agent_record r;

	(void)arg;
	if (check_record(c, TABLE_AGENTS, name.s, value, MSG_AGENT_RECORD, RECORD_VERSION, &r))
		(void)check_own_ids(c, TABLE_AGENTS, key, name.s, &r.org, &r.id);
	return 0;
}

/* -- widgets ------------------------------------------------------------------------------ */

static bool
public_key_of(const void *record, struct key *key)
{
	const struct msg_widget_record *r = record;

	if (r->public_id.len == 0)
		return false;
	*key = key_public(r->public_id);
	return true;
}

static const struct index widgets_by_public = {
    .table = TABLE_WIDGETS_BY_PUBLIC,
    .records = TABLE_WIDGETS,
    .type = MSG_WIDGET_RECORD,
    .key = public_key_of,
};

static int
check_widget(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct record_name name = org_record_name("widget", key);
	struct msg_widget_record r;
	struct key agent;
	int rc;

	(void)arg;
	if (!check_record(
		c, TABLE_WIDGETS, name.s, value, MSG_WIDGET_RECORD, RECORD_VERSION, &r) ||
	    !check_own_ids(c, TABLE_WIDGETS, key, name.s, &r.org, &r.id))
		return 0;
	if (r.public_id.len == 0)
		check_found(c, TABLE_WIDGETS, "%s has no public id", name.s);
	agent = key_of_org(&r.org, &r.agent);
	rc = check_named(c, TABLE_WIDGETS, name.s, "has as its agent", TABLE_AGENTS, &agent);
	return rc != 0 ? rc : check_indexed(c, &widgets_by_public, &r, key, name.s);
}

/* -- caps --------------------------------------------------------------------------------- */

/* Some of the widgets that have a count, in their order: the counts have no organization to find their
 * widgets by, so each walk over the widgets looks for many. */
struct counted {
	size_t n;
	struct counted_widget {
		struct id id;
		bool is_there;
	} of[COUNTED_MAX];
};

static int
compare_widget(const void *id, const void *of)
{
	return memcmp(id, of, sizeof(struct id));
}

/* arg: the counted. */
static int
mark_widget(struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct counted *counted = arg;
	struct id org, id;
	struct counted_widget *of;

	(void)quiet;
	(void)value;
	org_key_parts(key, &org, &id);
	of = bsearch(&id, counted->of, counted->n, sizeof(counted->of[0]), compare_widget);
	if (of != NULL)
		of->is_there = true;
	return 0;
}

/* Says which of them are no widgets, and forgets them. */
static int
check_counted(struct checker *c, struct counted *counted)
{
	struct verify_result unused;
	struct checker quiet = check_quietly(c, &unused);
	int rc = counted->n == 0 ? 0 : check_table(&quiet, TABLE_WIDGETS, mark_widget, counted);

	for (size_t i = 0; rc == 0 && i < counted->n; i++)
		if (!counted->of[i].is_there)
			check_found(c, TABLE_CAPS,
			    "messages are counted of widget %s, which is not there",
			    id_text(&counted->of[i].id).s);
	counted->n = 0;
	return rc;
}

/* arg: the counted. */
static int
check_cap(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct counted *counted = arg;
	struct id widget = key_front(key);
	struct record_name name = record_name("a count of widget", &widget);
	struct msg_cap_record r;
	size_t n = counted->n;

	if (!check_record(c, TABLE_CAPS, name.s, value, MSG_CAP_RECORD, RECORD_VERSION, &r) ||
	    (n > 0 && id_equal(&counted->of[n - 1].id, &widget)))
		return 0;
	counted->of[n] = (struct counted_widget){.id = widget};
	return ++counted->n == COUNTED_MAX ? check_counted(c, counted) : 0;
}

static int
check_caps(struct checker *c)
{
	struct counted *counted = xcalloc(1, sizeof(*counted));
	int rc = check_table(c, TABLE_CAPS, check_cap, counted);

	if (rc == 0)
		rc = check_counted(c, counted);
	free(counted);
	return rc;
}

int
check_widgets(struct checker *c)
{
	int rc = check_table(c, TABLE_AGENTS, check_agent, NULL);

	if (rc == 0)
		rc = check_table(c, TABLE_WIDGETS, check_widget, NULL);
	if (rc == 0)
		rc = check_index(c, &widgets_by_public);
	return rc != 0 ? rc : check_caps(c);
}
