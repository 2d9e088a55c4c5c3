/*
 * Called by conn_events.c when bytes have come. Reading, writing and timeouts are done there: this file sees
 * a buffer that grows, and moves the connection through HEAD and BODY to ANSWER.
 */
#include "workerd/http/request.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/http/body_conn.h"
#include "workerd/http/reply.h"

/* Copies a request and its header fields into one piece of memory. */
static struct http_request *
request_copy(const struct http_request *req)
{
	size_t size = req->n_headers * sizeof(*req->headers);
	struct http_request *copy = xreallocarray(NULL, 1, sizeof(*copy) + size);

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
	x->unannounced = c->unannounced;
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
	    {411, "length_required", "Content-Length is required here"},
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

	if (c->route != NULL && (c->route->streamed || c->route->body_max < most))
		return c->route->body_max;
	return most;
}

/* Whether the body is complete. Before that, the connection enters BODY. */
static bool
request_begin_body(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	c->need = head_len + (size_t)req->content_length;
	c->chunked = req->chunked;
	if (c->chunked)
		chunked_init(
		    &c->chunks, request_body_max(c), c->server->config.limits.head_max);
	else if (c->need <= buf_len(&c->in))
		return true;
	c->state = CONN_BODY;
	return false;
}

/* Removes the chunk framing from what has come of a body, in place: its bytes move to c->need, and what
 * follows the body behind them. */
static enum chunked_result
request_decode(struct http_conn *c, int *status)
{
	uint8_t *to = c->in.mem + c->in.start + c->need;
	struct slice coded = {to, buf_len(&c->in) - c->need}, piece;
	enum chunked_result result;

	while ((result = chunked_read(&c->chunks, &coded, &piece, status)) == CHUNKED_PIECE) {
		memmove(to, piece.p, piece.len);
		to += piece.len;
		c->need += piece.len;
	}
	memmove(to, coded.p, coded.len);
	buf_truncate(&c->in, c->need + coded.len);
	return result;
}

/* Handles or refuses a request whose body is complete or invalid. */
static void
request_end_body(struct http_conn *c, enum chunked_result result, int status)
{
	struct http_server *s = c->server;
	struct http_request req = {.headers = s->headers};
	size_t head_len = 0;
	int unused;

	/* The buffer may have moved while the body came: parse again for valid slices. */
	http_parser_init(&c->parser, s->config.limits.head_max);
	must(http_parse(&c->parser, buf_slice(&c->in), &req, &head_len, &unused) == HTTP_OK);
	if (result == CHUNKED_BAD)
		request_refuse(c, &req, status);
	else
		request_handle(c, &req, head_len);
}

/* Takes what has come of the body. false when more bytes are needed. */
static bool
request_take_body(struct http_conn *c)
{
	enum chunked_result result = CHUNKED_END;
	int status = 0;

	if (c->chunked)
		result = request_decode(c, &status);
	else if (buf_len(&c->in) < c->need)
		result = CHUNKED_MORE;
	if (result == CHUNKED_MORE)
		return false;
	request_end_body(c, result, status);
	return true;
}

/* A request with a streamed body: its handler takes it. */
static void
request_begin_stream(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	if (req->chunked) {
		request_refuse(c, req, 411);
		return;
	}
	c->need = head_len;
	body_begin(c, req, head_len);
	request_handle(c, req, head_len);
}

/* The head is complete: refuses the body, handles the request, or waits for the rest of the body. false
 * when more bytes are needed. */
static bool
request_take_head(struct http_conn *c, const struct http_request *req, size_t head_len)
{
	const struct http_server_config *config = &c->server->config;

	if (config->route != NULL)
		c->route = config->route(req, config->ctx);
	if (req->content_length > request_body_max(c)) {
		request_refuse(c, req, 413);
		return true;
	}
	if (c->route != NULL && c->route->streamed) {
		request_begin_stream(c, req, head_len);
		return true;
	}
	if (request_begin_body(c, req, head_len)) {
		request_handle(c, req, head_len);
		return true;
	}
	if (buf_len(&c->in) > head_len)
		return request_take_body(c);
	/* RFC 9110, section 10.1.1: not to HTTP/1.0, and not when the body has begun. */
	if (req->expect_continue && req->minor_version == 1 &&
	    buf_append_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n") == -1)
		conn_drop(c, "output_full");
	return c->state != CONN_BODY;
}

bool
request_take(struct http_conn *c)
{
	struct http_request req = {.headers = c->server->headers};
	size_t head_len = 0;
	int status = 0;

	if (c->state == CONN_BODY)
		return request_take_body(c);
	c->state = CONN_HEAD;
	switch (http_parse(&c->parser, buf_slice(&c->in), &req, &head_len, &status)) {
	case HTTP_MORE:
		return false;
	case HTTP_BAD:
		request_refuse(c, &req, status);
		return true;
	case HTTP_OK:
		return request_take_head(c, &req, head_len);
	}
	never("http_parse");
}

size_t
request_wanted(const struct http_conn *c)
{
	size_t head_max = c->server->config.limits.head_max;
	size_t have = buf_len(&c->in);

	/* What lies beyond the chunk is framing, another chunk, or the next request. */
	if (c->state == CONN_BODY && c->chunked)
		return chunked_left(&c->chunks) + head_max;
	if (c->state == CONN_BODY)
		return c->need - have;
	return have < head_max ? head_max - have : 0;
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
