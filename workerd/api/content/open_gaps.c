/*
 * The store lists all questions, the newest first.
 */
#include "workerd/api/content/open_gaps.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define PAGE_LIMIT 200u

struct open_gaps {
	struct store_call *call;
	struct store_client *store;
	open_gaps_fn *fn;
	void *arg;
	struct id org;
	size_t n;
	bool cut;
	struct open_gap gaps[OPEN_GAPS_MAX]; /* newest first */
};

size_t
open_gaps_n(const struct open_gaps *g)
{
	return g->n;
}

const struct open_gap *
open_gaps_at(const struct open_gaps *g, size_t i)
{
	must(i < g->n);
	return &g->gaps[g->n - 1 - i];
}

bool
open_gaps_are_cut(const struct open_gaps *g)
{
	return g->cut;
}

static void
open_gaps_free(struct open_gaps *g)
{
	for (size_t i = 0; i < g->n; i++)
		free((void *)(uintptr_t)g->gaps[i].question.p);
	free(g);
}

void
open_gaps_cancel(struct open_gaps *g)
{
	if (g->call != NULL)
		store_call_forget(g->call);
	open_gaps_free(g);
}

static void
open_gaps_end(struct open_gaps *g, uint16_t type, const union msg *m)
{
	g->fn(g->arg, g, type, m);
	open_gaps_free(g);
}

static void
open_gaps_add(struct open_gaps *g, const struct msg_gap_record *r)
{
	const uint8_t *question = (const uint8_t *)slice_strdup(r->question);

	g->gaps[g->n++] = (struct open_gap){.id = r->id,
	    .agent = r->agent,
	    .widget = r->widget,
	    .conversation = r->conversation,
	    .created_at = r->created_at,
	    .question = {question, r->question.len}};
}

static bool
open_gaps_add_all(struct open_gaps *g, struct slice records)
{
	struct msg_gap_record r;
	struct slice item;

	while (wire_list_next(&records, &item)) {
		if (record_decode(item, MSG_GAP_RECORD, &r) != WIRE_OK)
			return false;
		if (r.state == GAP_OPEN && g->n == OPEN_GAPS_MAX)
			g->cut = true;
		else if (r.state == GAP_OPEN)
			open_gaps_add(g, &r);
	}
	return true;
}

static void open_gaps_on_page(void *arg, uint16_t type, const union msg *m);

/* Asks for the next page; false: too many requests wait. */
static bool
open_gaps_ask(struct open_gaps *g, const struct id *cursor)
{
	const struct msg_record_list list = {
	    .kind = MSG_GAP_RECORD, .org = g->org, .cursor = *cursor, .limit = PAGE_LIMIT};

	g->call = store_call(
	    g->store, MSG_RECORD_LIST, &list, STORE_TIMEOUT_MS, open_gaps_on_page, g);
	return g->call != NULL;
}

static void
open_gaps_on_page(void *arg, uint16_t type, const union msg *m)
{
	struct open_gaps *g = arg;
	bool is_last, failed;

	g->call = NULL;
	if (type != MSG_RECORD_PAGE) {
		open_gaps_end(g, type, m);
		return;
	}
	failed = !open_gaps_add_all(g, m->record_page.records);
	is_last = id_is_zero(&m->record_page.next) || g->cut;
	if (!failed && is_last)
		open_gaps_end(g, MSG_OK, NULL);
	else if (failed || !open_gaps_ask(g, &m->record_page.next))
		open_gaps_end(g, 0, NULL);
}

struct open_gaps *
open_gaps_read(struct store_client *store, const struct id *org, open_gaps_fn *fn, void *arg)
{
	struct open_gaps *g = xcalloc(1, sizeof(*g));

	g->store = store;
	g->org = *org;
	g->fn = fn;
	g->arg = arg;
	if (open_gaps_ask(g, &(struct id){{0}}))
		return g;
	open_gaps_free(g);
	return NULL;
}
