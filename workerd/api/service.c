/*
 * /health, /health/ready, and the OpenAPI document.
 */
#include "workerd/api/service.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/json_escape.h"
#include "workerd/api/request/api_reply.h"

#define READY_TIMEOUT_MS 2000

static const char status_ok[] = "{\"status\":\"ok\"}";

void
handle_health(const struct api_call *c)
{
	api_reply_json(c->x, 200, slice_str(status_ok));
}

static void
service_on_pong(void *arg, uint16_t type, const union msg *m)
{
	struct http_exchange *x = arg;

	x->on_close = NULL;
	if (type == MSG_PONG && m->pong.refusal == 0)
		api_reply_json(x, 200, slice_str(status_ok));
	else if (type == MSG_PONG)
		api_reply_store_failure(
		    x, MSG_ERROR, &(union msg){.error = {.code = m->pong.refusal}});
	else
		api_reply_store_failure(x, type, m);
}

static void
service_on_client_gone(struct http_exchange *x)
{
	store_call_forget(x->data);
}

void
handle_health_ready(const struct api_call *c)
{
	const uint64_t crashes = c->api->settings->ready_crashes;
	struct msg_ping ping;
	struct store_call *call;

	if (scoreboard_store_crashes(c->api->board, crashes) ||
	    scoreboard_workers_crash(c->api->board, crashes)) {
		reply_start(c->x, 503);
		reply_header_str(c->x, "Retry-After", "60");
		reply_error_body(c->x, "crash_loop",
		    "Parts of the service end again and again: see the log");
		return;
	}
	call =
	    store_call(c->api->store, MSG_PING, &ping, READY_TIMEOUT_MS, service_on_pong, c->x);
	if (call == NULL) {
		api_reply_store_failure(c->x, 0, NULL);
		return;
	}
	c->x->data = call;
	c->x->on_close = service_on_client_gone;
}

/* openapi.json from the source tree, with a NUL appended. */
__asm__(".section .rodata\n"
	"openapi_json: .incbin \"workerd/api/openapi/openapi.json\"\n"
	".byte 0\n"
	".previous\n");
extern const char openapi_json[];

/* The server in the document, which is replaced by the host of the request. */
static const char server[] = "http://localhost:4000";

void
handle_openapi(const struct api_call *c)
{
	const char *place = strstr(openapi_json, server);
	struct slice host = c->x->req->host;
	struct buf *line = api_scratch(c->api);
	bool https = api_is_https(c->api, c->x);

	must(place != NULL);
	if (host.len == 0)
		host = slice_str("localhost");
	must(buf_append(line, openapi_json, (size_t)(place - openapi_json)) == 0 &&
	    buf_append_str(line, https ? "https://" : "http://") == 0 &&
	    json_escape(line, host) == 0 &&
	    buf_append_str(line, place + sizeof(server) - 1) == 0);
	reply_start(c->x, 200);
	reply_header_str(c->x, "Cache-Control", "no-cache");
	reply_body(c->x, "application/json; charset=utf-8", buf_slice(line));
}
