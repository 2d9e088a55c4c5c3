/*
 * The begin and the end of each request.
 */
#include "workerd/api/request/request_context.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "workerd/api/request/client_id.h"
#include "workerd/http/reply.h"

/* The client's X-Request-Id if it is a valid id, otherwise a new one, written to own. */
static struct slice
request_context_id(const struct http_request *req, char own[ID_TEXT_LEN + 1])
{
	struct slice given = http_header(req, "x-request-id");
	struct id id;

	if (client_id_is_valid(given))
		return given;
	id = id_new();
	id_format(&id, own);
	return slice_str(own);
}

void
request_context_begin(struct http_exchange *x, const struct settings *settings)
{
	static const struct network_list none = {0};
	struct request_context *context = request_context_of(x);
	/* The address of a proxy that announces nobody is no sign that it wrote the headers: it forwards bytes. */
	const struct network_list *trusted =
	    x->unannounced ? &none : &settings->trusted_proxies;

	context->began_ms = clock_mono_ms();
	context->client = client_address_of(x->req, x->client, x->tls, trusted);
	context->request_id = request_context_id(x->req, context->own_id);
}

int
request_context_headers(const struct http_exchange *x, struct buf *out)
{
	struct slice id = request_context_of(x)->request_id;

	if (buf_append_str(out, "X-Request-Id: ") == -1 || buf_append(out, id.p, id.len) == -1)
		return -1;
	return buf_append_str(out, "\r\n");
}

static void
request_context_keep_id(struct request_context *context)
{
	struct slice id = context->request_id;

	if (id.p == (const uint8_t *)context->own_id || context->kept_id != NULL)
		return;
	context->kept_id = slice_strdup(id);
	context->request_id = slice_str(context->kept_id);
}

void
request_context_stream_begin(struct http_exchange *x, metric_cell *gauge)
{
	struct request_context *context = request_context_of(x);

	request_context_keep_id(context);
	context->open = gauge;
	metric_add(gauge, 1);
}

/* Methods that a client invented share one name. */
static const char *
request_context_method(enum http_method method)
{
	const char *name = http_method_name(method);

	return name == NULL ? "other" : name;
}

static void
request_context_log(const struct http_exchange *x, const char *route_name)
{
	const struct request_context *context = request_context_of(x);
	char client[IP_TEXT_SIZE];

	if (!log_shows(LOG_INFO))
		return;
	ip_format(&context->client.address, client);
	log_event(LOG_INFO, "request", L_UINT("conn", x->number),
	    L_SLICE("request", context->request_id), L_STR("client", client),
	    L_STR("method", request_context_method(x->method)), L_STR("route", route_name),
	    L_INT("status", x->status), L_UINT("ms", clock_mono_ms() - context->began_ms),
	    L_UINT("bytes", x->sent),
	    L_STR("end", reply_is_complete(x) ? NULL : "client_left"));
}

void
request_context_end(struct http_exchange *x, struct scoreboard_worker *worker, size_t route,
    const char *route_name)
{
	struct request_context *context = request_context_of(x);

	if (context->open != NULL)
		metric_sub(context->open, 1);
	metric_add(&worker->requests[route][metric_status_of(x->status)], 1);
	request_context_log(x, route_name);
	free(context->kept_id);
	context->kept_id = NULL;
}
