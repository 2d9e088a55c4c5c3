/*
 * From a request's beginning, when it is found out who calls, to its end, when it is counted and
 * logged: once each, however it ends.
 *
 * The line has the route's name and never the path, the query, a header or a body: none of what a
 * visitor or an owner wrote ends up in the log.
 */
#include "workerd/api/request/trace.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/api.h"
#include "workerd/api/chat/chat_body.h"
#include "workerd/api/guard/admission.h"

/* The client's own name for the request, if it is one that can stand anywhere, or a new one. */
static struct slice
request_id(const struct http_request *req, char own[ID_TEXT_LEN + 1])
{
	struct slice given = http_header(req, "x-request-id");
	struct id id;

	if (is_client_id(given))
		return given;
	id = id_new();
	id_format(&id, own);
	return slice_str(own);
}

void
api_begin(struct http_exchange *x, void *ctx)
{
	const struct api *api = ctx;
	struct api_context *context = api_context(x);

	context->began_ms = clock_mono_ms();
	context->caller = caller_of(x->req, x->client, x->tls, &api->settings->trusted_proxies);
	context->request_id = request_id(x->req, context->own_id);
}

int
trace_headers(const struct http_exchange *x, struct buf *out)
{
	struct slice id = api_context(x)->request_id;

	return buf_printf(out, "X-Request-Id: %.*s\r\n", (int)id.len, (const char *)id.p);
}

/* A stream outlives the bytes of its request, in which the client's own name for it stands. */
static void
keep_request_id(struct api_context *context)
{
	struct slice id = context->request_id;

	if (id.p == (const uint8_t *)context->own_id || context->kept_id != NULL)
		return;
	context->kept_id = xcalloc(1, id.len + 1);
	memcpy(context->kept_id, id.p, id.len);
	context->request_id = slice_str(context->kept_id);
}

static void
stays_open(struct http_exchange *x, metric_cell *gauge)
{
	keep_request_id(api_context(x));
	api_context(x)->open = gauge;
	metric_add(gauge, 1);
}

void
api_stream_begin(struct api *api, struct http_exchange *x)
{
	stays_open(x, &api->me->streams);
}

void
api_socket_begin(struct api *api, struct http_exchange *x)
{
	stays_open(x, &api->me->sockets);
}

/* A method of a client's own making is not worth a line of its own. */
static const char *
method_name(enum http_method method)
{
	const char *name = http_method_name(method);

	return name == NULL ? "other" : name;
}

void
api_answered(struct http_exchange *x, void *ctx)
{
	struct api *api = ctx;
	struct api_context *context = api_context(x);
	size_t route = routes_number(x);
	char client[IP_TEXT_SIZE];

	if (context->open != NULL)
		metric_sub(context->open, 1);
	if (context->place != 0)
		api_left(context->place, api);
	metric_add(&api->me->requests[route][metric_status_of(x->status)], 1);
	ip_format(&context->caller.address, client);
	log_event(LOG_INFO, "request", L_UINT("conn", x->number),
	    L_SLICE("request", context->request_id), L_STR("client", client),
	    L_STR("method", method_name(x->method)), L_STR("route", routes_name(route)),
	    L_INT("status", x->status), L_UINT("ms", clock_mono_ms() - context->began_ms),
	    L_UINT("bytes", x->sent), L_STR("end", reply_is_whole(x) ? NULL : "client_left"));
	free(context->kept_id);
	context->kept_id = NULL;
}
