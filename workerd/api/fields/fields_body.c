/*
 * 400 for a body that is not an object, 422 for invalid members.
 */
#include "workerd/api/fields/fields_body.h"

#include "proto/base/basics.h"
#include "workerd/api/request/api_reply.h"
#include "workerd/http/http_server.h"

bool
fields_body(const struct api_call *c, struct fields *in)
{
	const char *wrong = fields_parse(c->x->body, in);

	http_server_wipe_body(c->x);
	if (wrong != NULL)
		api_reply_invalid_body(c, wrong);
	return wrong == NULL;
}

void
fields_reply_wrong(struct api *api, struct http_exchange *x, const struct fields *in)
{
	struct slice wrong = fields_wrong(in), reasons = fields_reasons(in);
	struct buf *line = api_scratch(api);

	must(buf_append_str(line,
		 "{\"error\":\"Some fields are invalid\","
		 "\"code\":\"invalid_fields\",\"fields\":{") == 0 &&
	    buf_append(line, wrong.p, wrong.len) == 0 &&
	    buf_append_str(line, "},\"reasons\":{") == 0 &&
	    buf_append(line, reasons.p, reasons.len) == 0 && buf_append_str(line, "}}") == 0);
	api_reply_json(x, 422, buf_slice(line));
}

void
fields_refuse_query(struct store_query *q, struct fields *in)
{
	struct api *api = q->api;
	struct fields own = *in;

	*in = (struct fields){0};
	fields_reply_wrong(api, store_query_done(q), &own);
	fields_clear(&own);
}
