/*
 * Shared answers: JSON bodies, 400, 403, and the failures of the store.
 */
#include "workerd/api/request/api_reply.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/api/request/json_writer.h"

void
api_reply_json(struct http_exchange *x, int status, struct slice json)
{
	reply_start(x, status);
	reply_header_str(x, "Cache-Control", "no-store");
	reply_body(x, "application/json; charset=utf-8", json);
}

void
api_reply_invalid(const struct api_call *c, const char *error, const char *details)
{
	struct buf *out = api_scratch(c->api);
	struct json_writer j = json_writer(out);

	json_write_open(&j, NULL, '{');
	json_write_str(&j, "error", slice_str(error));
	json_write_str(&j, "code", slice_str("invalid_request"));
	if (c->explains || c->api->settings->app_env != APP_ENV_PRODUCTION)
		json_write_str(&j, "details", slice_str(details));
	json_write_close(&j, '}');
	api_reply_json(c->x, 400, buf_slice(out));
}

void
api_reply_invalid_query(const struct api_call *c, const char *details)
{
	api_reply_invalid(c, "Invalid query parameters", details);
}

void
api_reply_invalid_body(const struct api_call *c, const char *details)
{
	api_reply_invalid(c, "Invalid request payload", details);
}

void
api_reply_store_failure(struct http_exchange *x, uint16_t type, const union msg *m)
{
	bool read_only = store_is_read_only(type, m);

	if (type == MSG_ERROR && !read_only && !store_refused(type, m, STORE_FULL)) {
		log_event(LOG_ERROR, "store_refused", L_UINT("conn", x->number),
		    L_UINT("code", m->error.code), L_SLICE("detail", m->error.detail));
		reply_json_error(x, 500, "internal", "Internal server error");
		return;
	}
	reply_start(x, 503);
	reply_header_str(x, "Retry-After", "2");
	if (type == MSG_ERROR && !read_only)
		reply_error_body(
		    x, "store_full", "The service is out of space, please try again later");
	else
		reply_error_body(x, "store_unavailable",
		    "The service is temporarily unavailable, please try again");
}

bool
api_path_id(const struct api_call *c, const char *error, struct id *id)
{
	uint8_t text[ROUTER_CAPTURE_MAX];

	if (id_parse(router_capture(&c->match, 0, text), id) == 0 && !id_is_zero(id))
		return true;
	api_reply_invalid(c, error, "the id must be a UUID, as returned by the list");
	return false;
}
