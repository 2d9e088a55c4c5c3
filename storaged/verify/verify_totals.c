/*
 * Counts the organizations' totals again. Conversations are ordered by their ids, not by
 * organization, so the counts of all organizations grow at once. To bound memory, a walk keeps
 * only the smallest organizations, and further walks count the others.
 */
#include "storaged/verify/verify_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/sorted.h"

/* Organizations per walk. */
#define ORGS_MAX 4096

struct org_count {
	struct id org;
	uint64_t conversations, messages;
	bool has_total;
};

/* The smallest organizations after those of earlier walks, in order. An organization that was
 * dropped for lack of room is greater than ORGS_MAX others and cannot return in the same walk,
 * so the remaining counts are complete. */
struct counts {
	struct id done; /* the greatest of the earlier walks */
	bool first;     /* this is the first walk */
	bool more;      /* greater ones were dropped */
	size_t n;
	struct org_count of[ORGS_MAX];
	struct children messages;
};

static int
verify_total_compare(const struct id *a, const struct id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

/* sorted_compare_fn */
static int
verify_total_compare_org(const void *org, const void *count)
{
	return verify_total_compare(org, &((const struct org_count *)count)->org);
}

/* The index of an organization, or where to insert it. */
static size_t
verify_total_find_org(const struct counts *counts, const struct id *org)
{
	return sorted_place(
	    org, counts->of, counts->n, sizeof(counts->of[0]), verify_total_compare_org);
}

/* The count of an organization; NULL: another walk counts it. */
static struct org_count *
verify_total_count_of(struct counts *counts, const struct id *org)
{
	size_t at = verify_total_find_org(counts, org);
	struct org_count *of = &counts->of[at];

	if (!counts->first && verify_total_compare(org, &counts->done) <= 0)
		return NULL;
	if (at < counts->n && id_equal(&of->org, org))
		return of;
	if (counts->n == ORGS_MAX) {
		counts->more = true;
		if (at == counts->n)
			return NULL;
		counts->n--;
	}
	memmove(of + 1, of, (counts->n - at) * sizeof(*of));
	counts->n++;
	*of = (struct org_count){.org = *org};
	return of;
}

/* arg: struct counts. */
static int
verify_total_count_thread(
    struct checker *quiet, struct slice key, struct slice value, void *arg)
{
	struct counts *counts = arg;
	struct msg_conversation_record record;
	struct id id = key_front(key);
	struct org_count *of;
	uint64_t messages = 0;

	(void)quiet;
	if (record_decode(value, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		return 0;
	verify_children_seek(&counts->messages, &id);
	for (; verify_children_at(&counts->messages, &id);
	     verify_children_next(&counts->messages))
		messages++;
	of = verify_total_count_of(counts, &record.org);
	if (of == NULL)
		return 0;
	of->conversations++;
	of->messages += messages;
	return 0;
}

/* Walks all conversations once. Earlier parts have reported their faults. */
static int
verify_total_count(struct checker *c, struct counts *counts)
{
	struct verify_result unused;
	struct checker quiet = verify_quietly(c, &unused);
	int rc, walked;

	counts->n = 0;
	counts->more = false;
	verify_children_open(&counts->messages, &quiet, TABLE_MESSAGES, "");
	rc = verify_table(&quiet, TABLE_CONVERSATIONS, verify_total_count_thread, counts);
	walked = verify_children_close(&counts->messages);
	return rc != 0 ? rc : walked;
}

static void
verify_total_record(
    struct checker *c, struct counts *counts, struct slice key, struct slice value)
{
	static const struct org_count nothing;
	struct id org = key_front(key);
	size_t at = verify_total_find_org(counts, &org);
	bool counted = at < counts->n && id_equal(&counts->of[at].org, &org);
	const struct org_count *of = counted ? &counts->of[at] : &nothing;
	struct msg_totals_record totals;
	char name[64];

	(void)snprintf(
	    name, sizeof(name), "the total of organization %s", verify_id_text(&org).s);
	if (counted)
		counts->of[at].has_total = true;
	if (!verify_record(c, TABLE_TOTALS, name, value, &totals))
		return;
	if (!c->unreadable_orgs &&
	    (totals.conversations != of->conversations || totals.messages != of->messages))
		verify_found(c, TABLE_TOTALS,
		    "%s is %llu conversations and %llu messages; there are %llu and %llu", name,
		    (unsigned long long)totals.conversations,
		    (unsigned long long)totals.messages, (unsigned long long)of->conversations,
		    (unsigned long long)of->messages);
}

/* Compares the counts with the totals, up to the last organization counted. */
static void
verify_total_compare_totals(struct checker *c, struct counts *counts, struct children *totals)
{
	for (; totals->rc == 0; verify_children_next(totals)) {
		struct id org = key_front(totals->walk.key);

		if (counts->more &&
		    verify_total_compare(&org, &counts->of[counts->n - 1].org) > 0)
			break;
		verify_total_record(c, counts, totals->walk.key, totals->walk.value);
	}
	for (size_t i = 0; i < counts->n; i++)
		if (!counts->of[i].has_total)
			verify_found(c, TABLE_TOTALS, "organization %s has no total",
			    verify_id_text(&counts->of[i].org).s);
}

int
verify_totals(struct checker *c)
{
	struct counts *counts = xcalloc(1, sizeof(*counts));
	struct children totals;
	int rc, walked;

	counts->first = true;
	verify_children_open(&totals, c, TABLE_TOTALS, "");
	do {
		rc = verify_total_count(c, counts);
		if (rc != 0)
			break;
		verify_total_compare_totals(c, counts, &totals);
		counts->first = false;
		if (counts->n > 0)
			counts->done = counts->of[counts->n - 1].org;
	} while (counts->more);
	walked = verify_children_close(&totals);
	free(counts);
	return rc != 0 ? rc : walked;
}
