/*
 * Called by conn_events.c when bytes have come. Reading, writing and timeouts are done there: this file sees
 * a buffer that grows, and moves the connection through HEAD and BODY to ANSWER.
 */
#include "workerd/http/request.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/reply.h"

/* Copies a request and its header fields into one piece of memory. */
static struct http_request *
request_copy(const struct http_request *req)
{
	size_t size = req->n_headers * sizeof(*req->headers);
	struct http_request *copy = xcalloc(1, sizeof(*copy) + size);

	*copy = *req;
	copy->headers = (struct http_header *)(copy + 1);
	if (size > 0)
		memcpy(copy->headers, req->headers, size);
	return copy;
}

/* Makes the exchange of a request that was parsed into server->headers. */
static struct http_exchange *
request_begin(struct http_conn *c, const struct http_request *req, struct slice body)
{
	struct http_server *s = c->server;
	struct conn_exchange *box;
	struct http_exchange *x;

	must(c->box == NULL);
	box = xcalloc(1, sizeof(*box) + s->config.context_size);
	box->req = request_copy(req);
	x = &box->x;
	x->req = box->req;
	x->method = (uint8_t)req->method;
	x->minor_version = (uint8_t)req->minor_version;
	x->keep_alive = req->keep_alive;
	x->route = c->route;
	x->context = box->context;
	x->body = body;
	x->client = (struct slice){c->address, c->address_len};
	x->client_port = c->port;
	x->loopback = c->loopback;
	x->tls = c->io.tls;
	x->number = c->number;
	x->conn = c;
	c->box = box;
	c->route = NULL;
	c->state = CONN_ANSWER;
	c->input_waits = false;
	s->exchanges++;
	if (s->config.begin != NULL)
		s->config.begin(x, s->config.ctx);
	return x;
}

void
request_refuse(struct http_conn *c, const struct http_request *req, int status)
{
	static const struct {
		int status;
		const char *code, *message;
	} texts[] = {
	    {400, "bad_request", "Malformed request"},
	    {408, "request_timeout", "The request took too long to arrive"},
	    {413, "body_too_large", "Request body too large"},
	    {414, "uri_too_long", "Request target too long"},
	    {417, "expectation_failed", "Only 100-continue may be expected"},
	    {431, "headers_too_large", "Request headers too large"},
	    {501, "not_implemented", "This method or transfer coding is not supported"},
	    {505, "version_not_supported", "HTTP version not supported"},
	};
	size_t i = 0;

	while (i < ARRAY_LEN(texts) - 1 && texts[i].status != status)
		i++;
	must(texts[i].status == status);
	log_event(
	    LOG_DEBUG, "request_refused", L_UINT("conn", c->number), L_INT("status", status));
	c->refused = true;
	reply_json_error(
	    request_begin(c, req, (struct slice){0}), status, texts[i].code, texts[i].message);
}

void
request_refuse_plain(struct http_conn *c)
{
	const struct http_request none = {.method = HTTP_OTHER};

	log_event(LOG_DEBUG, "plain_http_refused", L_UINT("conn", c->number));
	c->refused = true;
	reply_json_error(request_begin(c, &none, (struct slice){0}), 400, "https_required",
	    "This port speaks HTTPS: use https://");
}

void
request_refuse_rejected(struct http_conn *c)
{
	const struct http_request none = {.method = HTTP_OTHER};

	c->refused = true;
	reply_too_many_connections(request_begin(c, &none, (struct slice){0}));
}

static void
request_handle(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	struct http_server *s = c->server;
	struct slice body = {buf_data(&c->in) + head_len, c->need - head_len};

	s->config.handle(request_begin(c, req, body), s->config.ctx);
}

static size_t
request_body_max(const struct http_conn *c)
{
	size_t most = c->server->config.limits.body_max;

	return c->route != NULL && c->route->body_max < most ? c->route->body_max : most;
}

/* The head is complete: refuses the body, handles the request, or waits for the rest of the body. */
static void
request_take_head(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	const struct http_server_config *config = &c->server->config;
	size_t len = buf_len(&c->in);

	if (config->route != NULL)
		c->route = config->route(req, config->ctx);
	if (req->content_length > request_body_max(c)) {
		request_refuse(c, req, 413);
		return;
	}
	c->need = head_len + (size_t)req->content_length;
	if (c->need <= len) {
		request_handle(c, req, head_len);
		return;
	}
	c->state = CONN_BODY;
	/* RFC 9110, section 10.1.1: not to HTTP/1.0, and not when the body has begun. */
	if (req->expect_continue && req->minor_version == 1 && len == head_len &&
	    buf_append_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n") == -1)
		conn_drop(c, "output_full");
}

bool
request_take(struct http_conn *c)
{
	struct http_server *s = c->server;
	struct http_request req = {.headers = s->headers};
	size_t head_len = 0;
	int status = 0;

	if (c->state == CONN_BODY) {
		if (buf_len(&c->in) < c->need)
			return false;
		/* The buffer may have moved while the body came: parse again for valid slices. */
		http_parser_init(&c->parser, s->config.limits.head_max);
		must(http_parse(&c->parser, buf_slice(&c->in), &req, &head_len, &status) ==
		    HTTP_OK);
		request_handle(c, &req, head_len);
		return true;
	}
	c->state = CONN_HEAD;
	switch (http_parse(&c->parser, buf_slice(&c->in), &req, &head_len, &status)) {
	case HTTP_MORE:
		return false;
	case HTTP_BAD:
		request_refuse(c, &req, status);
		return true;
	case HTTP_OK:
		request_take_head(c, &req, head_len);
		return c->state != CONN_BODY;
	}
	never("http_parse");
}

void
request_release(struct http_conn *c)
{
	static const struct http_request released = {.method = HTTP_OTHER};
	struct conn_exchange *box = c->box;

	free(box->req);
	box->req = NULL;
	box->x.req = &released;
	box->x.body = (struct slice){0};
	/* The bytes after it belong to the next request. */
	buf_consume(&c->in, c->need);
	buf_release(&c->in);
	c->need = 0;
}

void
request_end(struct http_conn *c)
{
	struct conn_exchange *box = c->box;
	struct http_server *s = c->server;

	c->box = NULL;
	s->exchanges--;
	if (s->config.replied != NULL)
		s->config.replied(&box->x, s->config.ctx);
	free(box->req);
	free(box);
}
