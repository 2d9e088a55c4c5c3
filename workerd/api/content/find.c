/*
 * POST /v1/admin/find: what a reply to a question would be based on. searchd names the passages, and the store reads
 * them as they are now.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/knowledge/finding.h"
#include "workerd/knowledge/question_search.h"

#define ANSWER_MAX    (4u * 1024 * 1024)
#define LIMIT_DEFAULT 10
#define SOURCES_MAX   1024 /* bytes, as in FIND */

struct find_body {
	struct slice question, before, sources;
	struct id agent;
	uint32_t limit;
};

static const struct field find_fields[] = {
    {"question", &field_text, offsetof(struct find_body, question), FIELD_REQUIRED, 1, 4000,
	NULL},
    {"before", &field_text, offsetof(struct find_body, before), FIELD_NULLABLE, 1, 4000, NULL},
    {"agent", &field_id, offsetof(struct find_body, agent), FIELD_NULLABLE, 0, 0, NULL},
    {"sources", &field_ids, offsetof(struct find_body, sources), FIELD_OPTIONAL, 0, 64, NULL},
    {"limit", &field_count, offsetof(struct find_body, limit), FIELD_OPTIONAL, 1, 50, NULL},
    {.name = NULL},
};

struct find_query {
	struct store_query q;
	struct fields in; /* holds the texts of body */
	struct find_body body;
	uint8_t sources[SOURCES_MAX]; /* that are searched */
	uint32_t coverage, chunks;
	bool whole;
};

static void
find_on_end(struct store_query *query)
{
	struct find_query *q = (struct find_query *)query;

	fields_clear(&q->in);
}

static void
find_write_text(struct json_writer *j, const char *key, struct slice text)
{
	if (text.len == 0)
		json_write_null(j, key);
	else
		json_write_str(j, key, text);
}

static void
find_write_passage(struct json_writer *j, struct slice item)
{
	static const struct id none;
	struct msg_passage passage;
	struct msg_passage_ref ref;
	bool is_answer;

	must(record_decode(item, MSG_PASSAGE, &passage) == WIRE_OK &&
	    record_decode(passage.ref, MSG_PASSAGE_REF, &ref) == WIRE_OK);
	is_answer = ref.kind == PASSAGE_ANSWER;
	json_write_open(j, NULL, '{');
	json_write_str(j, "kind", slice_str(is_answer ? "answer" : "page"));
	json_write_id_or_null(j, "source", is_answer ? &none : &ref.source);
	json_write_id_or_null(j, "page", is_answer ? &none : &ref.id);
	json_write_id_or_null(j, "answer", is_answer ? &ref.id : &none);
	json_write_str(j, "title", passage.title);
	find_write_text(j, "url", passage.url);
	find_write_text(j, "heading", passage.heading);
	json_write_str(j, "text", passage.text);
	json_write_thousandths(j, "score", ref.score);
	json_write_close(j, '}');
}

/* passages: a LIST of PASSAGE. */
static void
find_reply(struct find_query *q, struct slice passages)
{
	struct json_writer *j = &q->q.json;
	bool found = passages.len > 0 && (q->whole || q->coverage >= FINDING_COVERAGE_MIN);
	struct slice item;

	json_write_open(j, NULL, '{');
	json_write_open(j, "hits", '[');
	while (wire_list_next(&passages, &item))
		find_write_passage(j, item);
	json_write_close(j, ']');
	json_write_thousandths(j, "coverage", q->coverage);
	json_write_bool(j, "found", found);
	json_write_bool(j, "whole", q->whole);
	json_write_uint(j, "chunks", q->chunks);
	json_write_close(j, '}');
	store_query_reply(&q->q);
}

static void
find_on_passages(void *arg, uint16_t type, const union msg *m)
{
	struct find_query *q = arg;

	if (type == MSG_PASSAGES)
		find_reply(q, m->passages.passages);
	else
		store_query_fail(&q->q, type, m);
}

/* 503 with a reason. */
static void
find_reply_unavailable(struct find_query *q, const char *reason)
{
	struct http_exchange *x = store_query_done(&q->q);

	reply_start(x, 503);
	reply_header_str(x, "Retry-After", "1");
	reply_error_body(x, "search_unavailable", reason);
}

/* 503 with searchd's reason. */
static void
find_refuse(struct find_query *q, uint16_t type, const union msg *m)
{
	char reason[257] = "searchd does not answer";

	if (type == MSG_ERROR)
		must(slice_copy_text(m->error.detail, reason, sizeof(reason)));
	find_reply_unavailable(q, reason);
}

static void
find_on_found(void *arg, uint16_t type, const union msg *m)
{
	struct find_query *q = arg;
	struct msg_passages_read read = {.org = q->q.org};

	if (type != MSG_FOUND) {
		find_refuse(q, type, m);
		return;
	}
	if (m->found.hits.len > FINDING_HITS_MAX) {
		find_reply_unavailable(q, "searchd sent too much");
		return;
	}
	q->coverage = m->found.coverage;
	q->chunks = m->found.chunks;
	q->whole = m->found.chunks > 0 && m->found.bytes <= PASSAGES_WHOLE_MAX;
	read.wanted = m->found.hits;
	if (read.wanted.len == 0)
		find_reply(q, (struct slice){0});
	else
		store_query_ask(&q->q, MSG_PASSAGES_READ, &read, find_on_passages);
}

static void
find_cancel(void *search)
{
	question_search_cancel(search);
}

static void
find_ask(struct find_query *q, enum knowledge knowledge, struct slice sources)
{
	const struct msg_find find = {
	    .org = q->q.org,
	    .knowledge = (uint8_t)knowledge,
	    .sources = {q->sources, sources.len},
	    .question = q->body.question,
	    .before = q->body.before,
	    .limit = q->body.limit,
	};
	struct question_search *search;

	/* The record of an agent does not last. */
	must(slice_copy(sources, q->sources, sizeof(q->sources)));
	search = question_search_start(&q->q.api->turns->finding, &find, 0, find_on_found, q);

	if (search != NULL)
		store_query_wait(&q->q, search, find_cancel);
	else
		find_reply_unavailable(q, "too many searches wait");
}

static void
find_on_agent(void *arg, uint16_t type, const union msg *m)
{
	struct find_query *q = arg;
	struct msg_agent_record agent;

	if (store_refused(type, m, STORE_NOT_FOUND)) {
		fields_refuse(&q->in, "agent", REASON_AGENT);
		fields_refuse_query(&q->q, &q->in);
	} else if (type != MSG_RECORD ||
	    record_decode(m->record.record, MSG_AGENT_RECORD, &agent) != WIRE_OK) {
		store_query_fail(&q->q, type, m);
	} else if (agent.knowledge == KNOWLEDGE_NONE) {
		find_reply(q, (struct slice){0});
	} else {
		find_ask(q, (enum knowledge)agent.knowledge, agent.sources);
	}
}

static void
find_begin(struct find_query *q)
{
	const struct msg_record_get get = {
	    .kind = MSG_AGENT_RECORD, .org = q->q.org, .id = q->body.agent};

	if (q->in.n_wrong > 0)
		fields_refuse_query(&q->q, &q->in);
	else if (!id_is_zero(&q->body.agent))
		store_query_ask(&q->q, MSG_RECORD_GET, &get, find_on_agent);
	else if (fields_has(&q->in, "sources"))
		find_ask(q, KNOWLEDGE_SOME, q->body.sources);
	else
		find_ask(q, KNOWLEDGE_ALL, (struct slice){0});
}

void
handle_find(const struct api_call *c)
{
	struct find_query *q;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, NULL);
	q->q.on_end = find_on_end;
	q->in = in;
	q->body.limit = LIMIT_DEFAULT;
	fields_read(&q->in, find_fields, true, &q->body);
	if (!id_is_zero(&q->body.agent) && fields_has(&q->in, "sources"))
		fields_refuse(&q->in, "sources", REASON_SOURCES_OTHERWISE);
	find_begin(q);
}
