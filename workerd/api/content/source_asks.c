/*
 * What an owner asks of crawld: to read a site or a page again now, and whether a crawl removes pages that it did not
 * find. crawld is notified by the store; the answer is the state of the source as it is now.
 */
#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/source_state.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"

#define STATE_MAX 16384u

static const char missing[] = "Source not found";

struct source_ask_query {
	struct store_query q;
	struct id source;
	enum source_ask ask;
	char by[API_CALLER_SIZE];
};

static struct source_ask_query *
source_ask_new(const struct api_call *c, const struct id *source, enum source_ask ask)
{
	struct source_ask_query *q = store_query_new(c, sizeof(*q), STATE_MAX, missing);

	q->source = *source;
	q->ask = ask;
	api_caller_name(c, q->by);
	return q;
}

static void
source_ask_read_state(struct source_ask_query *q, store_answer_fn *fn)
{
	const struct msg_source_state_list list = {.org = q->q.org, .source = q->source};

	store_query_ask(&q->q, MSG_SOURCE_STATE_LIST, &list, fn);
}

/* Reads the state from the answer. False: the request was answered. */
static bool
source_ask_take_state(struct source_ask_query *q, uint16_t type, const union msg *m,
    struct msg_source_state_record *state)
{
	if (type != MSG_SOURCE_STATES) {
		store_query_fail(&q->q, type, m);
		return false;
	}
	if (!source_state_among(m->source_states.states, &q->source, state)) {
		store_query_refuse(&q->q, 404, "not_found", missing);
		return false;
	}
	return true;
}

static void
source_ask_on_new_state(void *arg, uint16_t type, const union msg *m)
{
	struct source_ask_query *q = arg;
	struct msg_source_state_record state;

	if (!source_ask_take_state(q, type, m, &state))
		return;
	source_state_write(&q->q.json, NULL, &state);
	store_query_reply_status(&q->q, 202);
}

static void
source_ask_on_asked(void *arg, uint16_t type, const union msg *m)
{
	static const char *const events[] = {[ASK_CRAWL] = "crawl_asked",
	    [ASK_REMOVE] = "removal_allowed",
	    [ASK_KEEP] = "removal_refused"};
	struct source_ask_query *q = arg;

	if (type != MSG_OK) {
		store_query_fail(&q->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, events[q->ask], L_UINT("conn", q->q.x->number),
	    L_ID("org", &q->q.org), L_ID("source", &q->source), L_STR("by", q->by));
	source_ask_read_state(q, source_ask_on_new_state);
}

static void
source_ask_send(struct source_ask_query *q)
{
	const struct msg_source_ask ask = {
	    .org = q->q.org, .source = q->source, .ask = (uint8_t)q->ask};

	store_query_ask(&q->q, MSG_SOURCE_ASK, &ask, source_ask_on_asked);
}

static void
source_ask_on_source(void *arg, uint16_t type, const union msg *m)
{
	struct source_ask_query *q = arg;
	struct msg_source_record source;

	if (type != MSG_RECORD ||
	    record_decode(m->record.record, MSG_SOURCE_RECORD, &source) != WIRE_OK)
		store_query_fail(&q->q, type, m);
	else if (source.kind != SOURCE_SITE && source.kind != SOURCE_PAGE)
		store_query_refuse(&q->q, 409, "wrong_kind",
		    "Only sites and pages are crawled: upload the content again");
	else if (!source.enabled)
		store_query_refuse(&q->q, 409, "disabled", "The source is disabled");
	else
		source_ask_send(q);
}

void
handle_sources_crawl(const struct api_call *c)
{
	struct msg_record_get get = {.kind = MSG_SOURCE_RECORD, .org = c->org};

	if (api_path_id(c, "Invalid sourceId", &get.id))
		store_query_ask(&source_ask_new(c, &get.id, ASK_CRAWL)->q, MSG_RECORD_GET, &get,
		    source_ask_on_source);
}

static void
source_ask_on_waiting(void *arg, uint16_t type, const union msg *m)
{
	struct source_ask_query *q = arg;
	struct msg_source_state_record state;

	if (!source_ask_take_state(q, type, m, &state))
		return;
	if (state.state == SOURCE_WAITS)
		source_ask_send(q);
	else
		store_query_refuse(
		    &q->q, 409, "not_waiting", "No crawl of this source waits for a decision");
}

struct removal {
	uint8_t decision;
};

static const char *const decisions[] = {"remove", "keep", NULL};

static const struct field removal_fields[] = {
    {"decision", &field_choice, offsetof(struct removal, decision), FIELD_REQUIRED, 0, 0,
	decisions},
    {.name = NULL},
};

void
handle_sources_removal(const struct api_call *c)
{
	struct removal removal = {0};
	struct fields in;
	struct id source;

	if (!api_path_id(c, "Invalid sourceId", &source) || !fields_body(c, &in))
		return;
	fields_read(&in, removal_fields, true, &removal);
	if (in.n_wrong > 0)
		fields_reply_wrong(c->api, c->x, &in);
	else
		source_ask_read_state(
		    source_ask_new(c, &source, removal.decision == 0 ? ASK_REMOVE : ASK_KEEP),
		    source_ask_on_waiting);
	fields_clear(&in);
}
