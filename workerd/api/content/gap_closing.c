/*
 * Each question is read and stored again. If somebody changes it between the two, it is read once more.
 */
#include "workerd/api/content/gap_closing.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

#define RECORD_MAX 16384u

struct gap_closing {
	struct store_client *store;
	struct store_call *call;
	gap_closing_fn *fn;
	void *arg;
	struct gap_closing_request request;
	size_t at; /* bytes of the ids that are done */
	uint32_t closed;
	uint8_t ids[];
};

void
gap_closing_cancel(struct gap_closing *g)
{
	if (g->call != NULL)
		store_call_forget(g->call);
	free(g);
}

static void
gap_closing_end(struct gap_closing *g, uint16_t type, const union msg *m)
{
	gap_closing_fn *fn = g->fn;
	void *arg = g->arg;
	uint32_t closed = g->closed;

	free(g);
	fn(arg, closed, type, m);
}

static void
gap_closing_ask(
    struct gap_closing *g, enum msg_type type, const void *request, store_answer_fn *fn)
{
	g->call = store_call(g->store, type, request, STORE_TIMEOUT_MS, fn, g);
	if (g->call == NULL)
		gap_closing_end(g, 0, NULL);
}

static void gap_closing_on_gap(void *arg, uint16_t type, const union msg *m);

/* Reads the next question; false: there is none. */
static bool
gap_closing_next(struct gap_closing *g)
{
	struct msg_record_get get = {.kind = MSG_GAP_RECORD, .org = g->request.org};

	if (g->at == g->request.gaps.len)
		return false;
	memcpy(get.id.b, g->ids + g->at, sizeof(get.id.b));
	gap_closing_ask(g, MSG_RECORD_GET, &get, gap_closing_on_gap);
	return true;
}

static void
gap_closing_step(struct gap_closing *g, bool closed)
{
	g->closed += closed;
	g->at += sizeof(struct id);
	if (!gap_closing_next(g))
		gap_closing_end(g, MSG_OK, NULL);
}

static void
gap_closing_on_put(void *arg, uint16_t type, const union msg *m)
{
	struct gap_closing *g = arg;

	g->call = NULL;
	if (type == MSG_RECORD || store_refused(type, m, STORE_NOT_FOUND))
		gap_closing_step(g, type == MSG_RECORD);
	else if (store_refused(type, m, STORE_STALE))
		(void)gap_closing_next(g);
	else
		gap_closing_end(g, type, m);
}

static void
gap_closing_put(struct gap_closing *g, struct msg_gap_record *gap)
{
	struct msg_record_put put = {.kind = MSG_GAP_RECORD};
	struct buf record;

	gap->state = (uint8_t)g->request.state;
	gap->answer = g->request.answer;
	buf_init(&record, RECORD_MAX);
	must(record_encode(&record, MSG_GAP_RECORD, gap) == 0);
	put.record = buf_slice(&record);
	gap_closing_ask(g, MSG_RECORD_PUT, &put, gap_closing_on_put);
	buf_clear(&record);
}

static void
gap_closing_on_gap(void *arg, uint16_t type, const union msg *m)
{
	struct gap_closing *g = arg;
	bool exists = !store_refused(type, m, STORE_NOT_FOUND);
	struct msg_gap_record gap = {.state = GAP_CLOSED};

	g->call = NULL;
	if (exists && type != MSG_RECORD)
		gap_closing_end(g, type, m);
	else if (exists && record_decode(m->record.record, MSG_GAP_RECORD, &gap) != WIRE_OK)
		gap_closing_end(g, 0, NULL);
	else if (gap.state == GAP_OPEN)
		gap_closing_put(g, &gap);
	else
		gap_closing_step(g, false);
}

struct gap_closing *
gap_closing_start(struct store_client *store, const struct gap_closing_request *request,
    gap_closing_fn *fn, void *arg)
{
	struct gap_closing *g = xcalloc(1, sizeof(*g) + request->gaps.len);
	struct msg_record_get get = {.kind = MSG_GAP_RECORD, .org = request->org};

	must(request->gaps.len >= sizeof(struct id) &&
	    request->gaps.len % sizeof(struct id) == 0);
	*g = (struct gap_closing){.store = store, .fn = fn, .arg = arg, .request = *request};
	must(slice_copy(request->gaps, g->ids, request->gaps.len));
	memcpy(get.id.b, g->ids, sizeof(get.id.b));
	g->call =
	    store_call(store, MSG_RECORD_GET, &get, STORE_TIMEOUT_MS, gap_closing_on_gap, g);
	if (g->call != NULL)
		return g;
	free(g);
	return NULL;
}
