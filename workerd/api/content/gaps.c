/*
 * /v1/admin/gaps: questions of visitors that the content did not answer, in clusters of similar ones.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/gap_closing.h"
#include "workerd/api/content/open_gaps.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/knowledge/gap_clusters.h"

#define LIST_MAX         (14u * 1024 * 1024) /* bytes of JSON */
#define ITEM_MAX         (20u * 1024) /* of a question with each byte escaped, and the JSON around it */
#define CLUSTERS_MAX     500
#define CLUSTERS_DEFAULT 100
#define ANSWER_MAX       64u

struct gaps_query {
	struct store_query q;
	uint32_t limit;   /* of clusters */
	struct id answer; /* that closes questions */
	struct slice ids; /* in `in` */
	enum gap_state state;
	struct fields in;
	char by[API_CALLER_SIZE];
};

/* A cluster of questions that are numbered in the order of their times. */
struct cluster {
	size_t number, count;
	const struct open_gap *first;
	uint64_t last_at;
};

/* The largest first; then the newest. */
static int
gaps_compare(const void *left, const void *right)
{
	const struct cluster *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->last_at != b->last_at)
		return a->last_at > b->last_at ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static void
gaps_write_gap(struct json_writer *j, const struct open_gap *gap)
{
	json_write_open(j, NULL, '{');
	json_write_id(j, "id", &gap->id);
	json_write_str(j, "question", gap->question);
	json_write_id(j, "conversation", &gap->conversation);
	json_write_uint(j, "at", gap->created_at);
	json_write_id_or_null(j, "agent", &gap->agent);
	json_write_id_or_null(j, "widget", &gap->widget);
	json_write_close(j, '}');
}

/* Whether there is room for one more cluster, or one more question, with what closes the list. */
static bool
gaps_have_room(const struct json_writer *j)
{
	return buf_len(j->out) + 3 * ITEM_MAX <= LIST_MAX;
}

/* Returns whether all of its questions were written. */
static bool
gaps_write_cluster(struct json_writer *j, const struct open_gaps *gaps, const size_t *numbers,
    const struct cluster *cluster)
{
	size_t written = 0;

	json_write_open(j, NULL, '{');
	json_write_id(j, "id", &cluster->first->id);
	json_write_str(j, "question", cluster->first->question);
	json_write_uint(j, "count", cluster->count);
	json_write_uint(j, "lastAt", cluster->last_at);
	json_write_open(j, "gaps", '[');
	for (size_t i = 0; i < open_gaps_n(gaps); i++) {
		if (numbers[i] != cluster->number)
			continue;
		if (!gaps_have_room(j))
			break;
		gaps_write_gap(j, open_gaps_at(gaps, i));
		written++;
	}
	json_write_close(j, ']');
	json_write_close(j, '}');
	return written == cluster->count;
}

/* Sorts the questions into clusters: numbers[i] is that of question i. Returns how many clusters there are. */
static size_t
gaps_cluster(const struct open_gaps *gaps, size_t *numbers, struct cluster *clusters)
{
	struct gap_clusters *all = gap_clusters_new();
	size_t n = 0;

	for (size_t i = 0; i < open_gaps_n(gaps); i++) {
		const struct open_gap *gap = open_gaps_at(gaps, i);
		struct cluster *cluster;

		numbers[i] = gap_clusters_add(all, gap->question);
		cluster = &clusters[numbers[i]];
		if (numbers[i] == n)
			clusters[n] = (struct cluster){.number = n, .first = gap};
		n += numbers[i] == n;
		cluster->count++;
		cluster->last_at = gap->created_at;
	}
	gap_clusters_free(all);
	qsort(clusters, n, sizeof(*clusters), gaps_compare);
	return n;
}

static void
gaps_write(struct json_writer *j, const struct open_gaps *gaps, size_t limit)
{
	size_t total = open_gaps_n(gaps);
	size_t *numbers = xcalloc(total + 1, sizeof(*numbers));
	struct cluster *clusters = xcalloc(total + 1, sizeof(*clusters));
	size_t n = gaps_cluster(gaps, numbers, clusters), i;
	bool complete = true;

	json_write_open(j, NULL, '{');
	json_write_open(j, "clusters", '[');
	for (i = 0; i < n && i < limit && gaps_have_room(j); i++)
		complete &= gaps_write_cluster(j, gaps, numbers, &clusters[i]);
	json_write_close(j, ']');
	json_write_uint(j, "clusterTotal", n);
	json_write_uint(j, "total", total);
	json_write_bool(j, "truncated", i < n || !complete || open_gaps_are_cut(gaps));
	json_write_close(j, '}');
	free(clusters);
	free(numbers);
}

static void
gaps_on_read(void *arg, const struct open_gaps *gaps, uint16_t type, const union msg *m)
{
	struct gaps_query *q = arg;

	if (type != MSG_OK) {
		store_query_fail(&q->q, type, m);
		return;
	}
	gaps_write(&q->q.json, gaps, q->limit);
	store_query_reply(&q->q);
}

static void
gaps_cancel_reading(void *pending)
{
	open_gaps_cancel(pending);
}

static bool
gaps_read_limit(struct slice query, uint32_t *limit)
{
	uint8_t text[PARAMETER_MAX];
	struct slice value = parameter_read(query, "limit", text);

	*limit = CLUSTERS_DEFAULT;
	return value.p == NULL || (parameter_number(value, CLUSTERS_MAX, limit) && *limit > 0);
}

void
handle_gaps_list(const struct api_call *c)
{
	struct gaps_query *q;
	struct open_gaps *gaps;
	uint32_t limit;

	if (!gaps_read_limit(c->x->req->query, &limit)) {
		api_reply_invalid_query(c, "limit must be a whole number from 1 to 500");
		return;
	}
	q = store_query_new(c, sizeof(*q), LIST_MAX, NULL);
	q->limit = limit;
	gaps = open_gaps_read(c->api->store, &q->q.org, gaps_on_read, q);
	if (gaps != NULL)
		store_query_wait(&q->q, gaps, gaps_cancel_reading);
	else
		store_query_fail(&q->q, 0, NULL);
}

struct close_body {
	struct slice gaps;
	uint8_t state;
	struct id answer;
};

static const char *const close_states[] = {"dismissed", "closed", NULL};

static const struct field close_fields[] = {
    {"gaps", &field_ids, offsetof(struct close_body, gaps), FIELD_REQUIRED, 1, 500, NULL},
    {"state", &field_choice, offsetof(struct close_body, state), FIELD_REQUIRED, 0, 0,
	close_states},
    {"answer", &field_id, offsetof(struct close_body, answer), FIELD_NULLABLE, 0, 0, NULL},
    {.name = NULL},
};

static void
gaps_on_end(struct store_query *query)
{
	struct gaps_query *q = (struct gaps_query *)query;

	fields_clear(&q->in);
}

static void
gaps_on_closed(void *arg, uint32_t closed, uint16_t type, const union msg *m)
{
	struct gaps_query *q = arg;

	if (type != MSG_OK) {
		store_query_fail(&q->q, type, m);
		return;
	}
	log_event(LOG_NOTICE, "gaps_closed", L_UINT("conn", q->q.x->number),
	    L_ID("org", &q->q.org), L_UINT("closed", closed), L_STR("by", q->by));
	json_write_open(&q->q.json, NULL, '{');
	json_write_uint(&q->q.json, "closed", closed);
	json_write_close(&q->q.json, '}');
	store_query_reply(&q->q);
}

static void
gaps_cancel_closing(void *pending)
{
	gap_closing_cancel(pending);
}

static void
gaps_close(struct gaps_query *q)
{
	const struct gap_closing_request request = {
	    .org = q->q.org, .gaps = q->ids, .state = q->state, .answer = q->answer};
	struct gap_closing *closing =
	    gap_closing_start(q->q.api->store, &request, gaps_on_closed, q);

	if (closing != NULL)
		store_query_wait(&q->q, closing, gaps_cancel_closing);
	else
		store_query_fail(&q->q, 0, NULL);
}

static void
gaps_on_answer(void *arg, uint16_t type, const union msg *m)
{
	struct gaps_query *q = arg;

	if (type == MSG_RECORD) {
		gaps_close(q);
	} else if (store_refused(type, m, STORE_NOT_FOUND)) {
		fields_refuse(&q->in, "answer", REASON_ANSWER);
		fields_refuse_query(&q->q, &q->in);
	} else {
		store_query_fail(&q->q, type, m);
	}
}

void
handle_gaps_close(const struct api_call *c)
{
	struct close_body body = {0};
	struct msg_record_get get = {.kind = MSG_ANSWER_RECORD, .org = c->org};
	struct gaps_query *q;
	struct fields in;

	if (!fields_body(c, &in))
		return;
	fields_read(&in, close_fields, true, &body);
	if (body.state == 0 && !id_is_zero(&body.answer))
		fields_refuse(&in, "answer", REASON_ANSWER_OTHERWISE);
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, NULL);
	q->q.on_end = gaps_on_end;
	q->in = in;
	q->ids = body.gaps;
	q->state = body.state == 0 ? GAP_DISMISSED : GAP_CLOSED;
	q->answer = get.id = body.answer;
	api_caller_name(c, q->by);
	if (q->in.n_wrong > 0)
		fields_refuse_query(&q->q, &q->in);
	else if (id_is_zero(&body.answer))
		gaps_close(q);
	else
		store_query_ask(&q->q, MSG_RECORD_GET, &get, gaps_on_answer);
}
