/*
 * PUT /v1/admin/sources/{id}/content: a file, or a page that a program pushes. The body goes to the store in pieces, so
 * that a worker holds no more than one of each upload; the store takes it for the page when the last piece is there.
 * crawld then reads it.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "workerd/api/content/content_handlers.h"
#include "workerd/api/content/content_type.h"
#include "workerd/api/fields/fields_body.h"
#include "workerd/api/fields/parameters.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/api/request/store_query.h"
#include "workerd/http/body.h"

#define PIECE_MAX  (256u * 1024)
#define ANSWER_MAX 256u

/* Bytes, as in SOURCE_UPLOAD. */
#define URL_MAX   2048
#define TITLE_MAX 600

struct content_query {
	struct store_query q;
	struct id source, upload, page;
	uint8_t url[URL_MAX], title[TITLE_MAX];
	struct content_type type;
	size_t url_len, title_len;
	uint32_t total, offset;
	char by[API_CALLER_SIZE];
};

static const struct store_refusal refusals[] = {
    {STORE_LIMIT, 409, "limit_reached", "The source has as many pages as it may have"},
    {.status = 0},
};

static void content_on_piece(void *arg, struct slice piece);

static void
content_cancel_nothing(void *unused)
{
	(void)unused;
}

/* Waits for the next piece of the body. */
static void
content_take(struct content_query *q)
{
	uint64_t left = http_body_left(q->q.x);

	store_query_wait(&q->q, NULL, content_cancel_nothing);
	http_body_take(
	    q->q.x, left < PIECE_MAX ? (size_t)left : PIECE_MAX, content_on_piece, q);
}

static void
content_reply(struct content_query *q, const struct id *page)
{
	struct json_writer *j = &q->q.json;

	log_event(LOG_NOTICE, "content_stored", L_UINT("conn", q->q.x->number),
	    L_ID("org", &q->q.org), L_ID("source", &q->source), L_ID("page", page),
	    L_UINT("bytes", q->total), L_STR("by", q->by));
	metric_add(&q->q.api->worker->content_stored, 1);
	json_write_open(j, NULL, '{');
	json_write_id(j, "page", page);
	json_write_str(j, "state", slice_str("waiting"));
	json_write_close(j, '}');
	store_query_reply_status(&q->q, 202);
}

static void
content_on_stored(void *arg, uint16_t type, const union msg *m)
{
	struct content_query *q = arg;

	if (type != MSG_SOURCE_UPLOADED)
		store_query_fail(&q->q, type, m);
	else if (m->source_uploaded.complete)
		content_reply(q, &m->source_uploaded.page);
	else if (http_body_left(q->q.x) > 0)
		content_take(q);
	else
		store_query_fail(&q->q, 0, NULL);
}

static void
content_on_piece(void *arg, struct slice piece)
{
	struct content_query *q = arg;
	const struct msg_source_upload upload = {
	    .org = q->q.org,
	    .source = q->source,
	    .upload = q->upload,
	    .page = q->page,
	    .url = {q->url, q->url_len},
	    .title = {q->title, q->title_len},
	    .type = slice_str(q->type.text),
	    .total = q->total,
	    .offset = q->offset,
	    .piece = piece,
	};

	if (piece.p == NULL) {
		store_query_refuse(
		    &q->q, 408, "request_timeout", "The request took too long to arrive");
		return;
	}
	q->offset += (uint32_t)piece.len;
	store_query_ask(&q->q, MSG_SOURCE_UPLOAD, &upload, content_on_stored);
}

/* Whether this is an http or https URL. */
static bool
content_is_url(struct slice url)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (url.len > n && memcmp(url.p, schemes[i], n) == 0)
			return true;
	}
	return false;
}

/* A file may have a name in place of an address. */
static bool
content_fits_kind(struct slice url, uint8_t kind)
{
	return content_is_url(url) ||
	    (kind == SOURCE_FILES && memmem(url.p, url.len, "://", 3) == NULL);
}

/* Ends the request with 422 and one error; false. */
static bool
content_refuse_field(struct content_query *q, const char *name, enum field_reason reason)
{
	struct fields in;

	must(fields_parse(slice_str("{}"), &in) == NULL);
	fields_refuse(&in, name, reason);
	fields_refuse_query(&q->q, &in);
	return false;
}

/* Whether it is a line with something in it. */
static bool
content_is_line(struct slice text)
{
	return utf8_trim(text).len > 0 && utf8_is_line(text);
}

/* Reads address and title; false: the request was answered. */
static bool
content_read_names(struct content_query *q, uint8_t kind)
{
	struct slice query = q->q.x->req->query;
	struct slice url = parameter_read_form(query, "url", q->url, URL_MAX);
	struct slice title = parameter_read_form(query, "title", q->title, TITLE_MAX);

	if (!content_is_line(url) || !content_fits_kind(url, kind))
		return content_refuse_field(
		    q, "url", kind == SOURCE_FILES ? REASON_CONTENT_NAME : REASON_CONTENT_URL);
	if (title.p != NULL && !content_is_line(title))
		return content_refuse_field(q, "title", REASON_CONTENT_TITLE);
	if (q->total == 0)
		return content_refuse_field(q, "body", REASON_CONTENT_EMPTY);
	q->url_len = url.len;
	q->title_len = title.len;
	return true;
}

/* False: the request was answered. */
static bool
content_read_type(struct content_query *q)
{
	if (!content_type_read(http_header(q->q.x->req, "content-type"), &q->type)) {
		store_query_refuse(&q->q, 415, "unsupported_type",
		    "The Content-Type must be text/html, text/plain, text/markdown, "
		    "application/pdf or that of a .docx file");
		return false;
	}
	return true;
}

static void
content_on_source(void *arg, uint16_t type, const union msg *m)
{
	struct content_query *q = arg;
	struct msg_source_record source;

	if (type != MSG_RECORD ||
	    record_decode(m->record.record, MSG_SOURCE_RECORD, &source) != WIRE_OK)
		store_query_fail(&q->q, type, m);
	else if (source.kind != SOURCE_FILES && source.kind != SOURCE_PUSHED)
		store_query_refuse(&q->q, 409, "wrong_kind",
		    "Only sources of the kinds files and pushed take content");
	else if (content_read_type(q) && content_read_names(q, source.kind))
		content_take(q);
}

void
handle_source_content_put(const struct api_call *c)
{
	struct msg_record_get get = {.kind = MSG_SOURCE_RECORD, .org = c->org};
	struct content_query *q;

	if (!api_path_id(c, "Invalid sourceId", &get.id))
		return;
	q = store_query_new(c, sizeof(*q), ANSWER_MAX, "Source not found");
	q->q.refusals = refusals;
	q->source = get.id;
	q->upload = id_new();
	q->page = id_new();
	q->total = (uint32_t)http_body_left(c->x);
	api_caller_name(c, q->by);
	store_query_ask(&q->q, MSG_RECORD_GET, &get, content_on_source);
}
