/*
 * Daily message counts of widgets: each belongs to a widget that exists.
 */
#include "storaged/verify/verify_internal.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

/* Counted widgets that one walk over the widgets looks for. */
#define COUNTED_MAX 4096

/* Some of the counted widgets, in their order. The counts do not name an organization, so their
 * widgets cannot be looked up: one walk over all widgets looks for many. */
struct counted {
	size_t n;
	struct counted_widget {
		struct id id;
		bool is_there;
	} of[COUNTED_MAX];
};

static int
verify_cap_compare_widget(const void *id, const void *of)
{
	return memcmp(id, of, sizeof(struct id));
}

/* arg: struct counted. */
static int
verify_cap_mark_widget(struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct counted *counted = arg;
	struct id org, id;
	struct counted_widget *of;

	(void)quiet;
	(void)value;
	org_key_parts(key, &org, &id);
	of = bsearch(
	    &id, counted->of, counted->n, sizeof(counted->of[0]), verify_cap_compare_widget);
	if (of != NULL)
		of->is_there = true;
	return 0;
}

/* Reports the counted widgets that do not exist, and empties the list. */
static int
verify_cap_counted(struct checker *c, struct counted *counted)
{
	struct verify_result unused;
	struct checker quiet = verify_quietly(c, &unused);
	int rc = counted->n == 0
	    ? 0
	    : verify_table(&quiet, TABLE_WIDGETS, verify_cap_mark_widget, counted);

	for (size_t i = 0; rc == 0 && i < counted->n; i++)
		if (!counted->of[i].is_there)
			verify_found(c, TABLE_CAPS,
			    "messages are counted of widget %s, which does not exist",
			    verify_id_text(&counted->of[i].id).s);
	counted->n = 0;
	return rc;
}

/* arg: struct counted. */
static int
verify_cap_record(struct checker *c, struct slice key, struct slice value, void *arg)
{
	struct counted *counted = arg;
	struct id widget = key_front(key);
	struct record_name name = verify_record_name("a count of widget", &widget);
	struct msg_cap_record r;
	size_t n = counted->n;

	if (!verify_record(c, TABLE_CAPS, name.s, value, &r) ||
	    (n > 0 && id_equal(&counted->of[n - 1].id, &widget)))
		return 0;
	counted->of[n] = (struct counted_widget){.id = widget};
	return ++counted->n == COUNTED_MAX ? verify_cap_counted(c, counted) : 0;
}

int
verify_caps(struct checker *c)
{
	struct counted *counted = xcalloc(1, sizeof(*counted));
	int rc = verify_table(c, TABLE_CAPS, verify_cap_record, counted);

	if (rc == 0)
		rc = verify_cap_counted(c, counted);
	free(counted);
	return rc;
}
