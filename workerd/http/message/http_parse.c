/*
 * Parses in two passes: http_find_end() searches new bytes for line ends until the empty line, and
 * checks the request line as soon as it is complete, so that a client of another protocol gets its
 * error at once; then http_parse_fields() parses all fields. Only numbers are kept between calls,
 * so the bytes may move, and each is read at most twice.
 *
 * The result must not depend on how the bytes were split: each check depends only on the bytes
 * before it, and the checks are made in the order of these positions.
 */
#include "workerd/http/message/http_parse.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/http/message/byte_class.h"

static const char *const method_names[] = {
    [HTTP_GET] = "GET",
    [HTTP_HEAD] = "HEAD",
    [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH",
    [HTTP_DELETE] = "DELETE",
    [HTTP_OPTIONS] = "OPTIONS",
};

const char *
http_method_name(enum http_method method)
{
	return (size_t)method < ARRAY_LEN(method_names) ? method_names[method] : NULL;
}

/* Known methods that get a 405 with Allow (RFC 9110, section 9.3.8). */
static const char *const other_names[] = {"TRACE"};

/* 0, or 501 for an unknown method (RFC 9110, section 9.1): a proxy in front of us may refuse it, or
 * frame it by its own rules. */
static int
http_parse_method(struct slice text, struct http_request *req)
{
	req->method_text = text;
	for (size_t m = 0; m < ARRAY_LEN(method_names); m++) {
		if (slice_eq_str(text, method_names[m])) {
			req->method = (enum http_method)m;
			return 0;
		}
	}
	for (size_t m = 0; m < ARRAY_LEN(other_names); m++)
		if (slice_eq_str(text, other_names[m]))
			return 0;
	return 501;
}

/* The number of bytes at the front of s that belong to the class. */
static size_t
http_span(struct slice s, uint8_t class)
{
	size_t i = 0;

	while (i < s.len && (byte_class[s.p[i]] & class))
		i++;
	return i;
}

/* Removes the first n bytes of s and returns them. */
static struct slice
http_take(struct slice *s, size_t n)
{
	struct slice front = {s->p, n};

	s->p += n;
	s->len -= n;
	return front;
}

struct slice
http_header(const struct http_request *req, const char *lower_case_name)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (header_equals(req->headers[i].name, lower_case_name))
			return req->headers[i].value;
	return (struct slice){NULL, 0};
}

/* "HTTP/1.0" or "HTTP/1.1"; any other digits: 505. 0, or the status. */
static int
http_parse_version(struct slice s, struct http_request *req)
{
	if (s.len != 8 || memcmp(s.p, "HTTP/", 5) != 0 || s.p[6] != '.' || s.p[5] < '0' ||
	    s.p[5] > '9' || s.p[7] < '0' || s.p[7] > '9')
		return 400;
	if (s.p[5] != '1' || s.p[7] > '1')
		return 505;
	req->minor_version = s.p[7] - '0';
	req->keep_alive = req->minor_version == 1;
	return 0;
}

/* Removes "http://" or "https://" from s; false if it begins with neither. */
static bool
http_take_scheme(struct slice *s)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (s->len > n && header_equals((struct slice){s->p, n}, schemes[i])) {
			(void)http_take(s, n);
			return true;
		}
	}
	return false;
}

/* The host of an absolute target; p is NULL for other forms. rest is what follows. */
static struct slice
http_authority(struct slice target, struct slice *rest)
{
	*rest = target;
	if (!http_take_scheme(rest))
		return (struct slice){NULL, 0};
	return http_take(rest, http_span(*rest, BYTE_HOST));
}

/*
 * Origin form, absolute form, or "*" for OPTIONS (RFC 9112, section 3.2). A server must accept the
 * absolute form. 0, or the status.
 */
static int
http_parse_target(struct slice target, struct http_request *req)
{
	struct slice authority, path;
	const uint8_t *mark;

	if (target.len == 0 || http_span(target, BYTE_TARGET) != target.len)
		return 400;
	authority = http_authority(target, &path);
	if (authority.p != NULL && authority.len == 0)
		return 400;
	req->target = target;
	req->host = authority;
	if (authority.p != NULL && (path.len == 0 || path.p[0] == '?')) {
		/* An empty path means "/" (RFC 9110, section 4.2.3): that before the host. */
		req->path = (struct slice){authority.p - 1, 1};
		if (path.len > 0)
			req->query = (struct slice){path.p + 1, path.len - 1};
		return 0;
	}
	if ((path.len == 0 || path.p[0] != '/') &&
	    !(req->method == HTTP_OPTIONS && slice_eq_str(target, "*")))
		return 400;
	req->path = path;
	mark = memchr(path.p, '?', path.len);
	if (mark != NULL) {
		req->path.len = (size_t)(mark - path.p);
		req->query = (struct slice){mark + 1, path.len - req->path.len - 1};
	}
	return 0;
}

/* Parses method SP target SP version, without the CRLF. 0, or the status. */
static int
http_parse_request_line(struct slice line, struct http_request *req)
{
	struct slice method, target;
	const uint8_t *space;
	int status, known;

	method = http_take(&line, http_span(line, BYTE_TOKEN));
	if (method.len == 0 || line.len == 0 || line.p[0] != ' ')
		return 400;
	known = http_parse_method(method, req);
	(void)http_take(&line, 1);
	space = memchr(line.p, ' ', line.len);
	if (space == NULL)
		return 400;
	target = http_take(&line, (size_t)(space - line.p));
	(void)http_take(&line, 1);
	status = http_parse_version(line, req);
	if (status == 0)
		status = http_parse_target(target, req);
	return status != 0 ? status : known;
}

/* Only digits, only once (RFC 9112, section 6.3); 18 digits exceed every limit and stay below 2^63. */
static int
http_parse_length(struct slice value, struct http_request *req)
{
	uint64_t n = 0;

	if (req->has_length || req->chunked || value.len == 0 || value.len > 18)
		return 400;
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return 400;
		n = 10 * n + (uint64_t)(value.p[i] - '0');
	}
	req->has_length = true;
	req->content_length = n;
	return 0;
}

/*
 * Only chunked, only once, and neither with a length nor on HTTP/1.0 (RFC 9112, sections 6.1 and 6.3).
 * 0, or the status: 501 is for codings that we do not know.
 */
static int
http_parse_coding(struct slice value, struct http_request *req)
{
	struct slice first = {NULL, 0};

	if (req->chunked || req->has_length || req->minor_version == 0 || value.len == 0)
		return 400;
	req->chunked = header_equals(value, "chunked");
	if (req->chunked)
		return 0;
	(void)header_list_next(&value, &first);
	return header_equals(first, "chunked") ? 400 : 501;
}

/* The fields that concern framing, collected. */
struct framing {
	bool has_host;
	bool close;
	bool keep_alive;
};

static void
http_parse_connection(struct slice value, struct framing *framing)
{
	struct slice token;

	while (header_list_next(&value, &token)) {
		if (header_equals(token, "close"))
			framing->close = true;
		else if (header_equals(token, "keep-alive"))
			framing->keep_alive = true;
	}
}

/* Only 100-continue is defined, and not for HTTP/1.0 (RFC 9110, section 10.1.1). 0, or the status. */
static int
http_parse_expect(struct slice value, struct http_request *req)
{
	struct slice token;
	bool expected = false;

	if (req->minor_version == 0)
		return 0;
	while (header_list_next(&value, &token)) {
		if (!header_equals(token, "100-continue"))
			return 417;
		expected = true;
	}
	req->expect_continue = true;
	return expected ? 0 : 417;
}

/* Only once, also when an absolute target overrides it. 0, or the status. */
static int
http_parse_host(struct slice value, struct http_request *req, struct framing *framing)
{
	if (framing->has_host || value.len == 0 || http_span(value, BYTE_HOST) != value.len)
		return 400;
	framing->has_host = true;
	if (req->host.p == NULL)
		req->host = value;
	return 0;
}

/* Handles the fields that decide where this request ends. 0, or the status. */
static int
http_parse_framing_field(
    const struct http_header *h, struct http_request *req, struct framing *framing)
{
	if (header_equals(h->name, "host")) {
		return http_parse_host(h->value, req, framing);
	} else if (header_equals(h->name, "content-length")) {
		return http_parse_length(h->value, req);
	} else if (header_equals(h->name, "transfer-encoding")) {
		return http_parse_coding(h->value, req);
	} else if (header_equals(h->name, "connection")) {
		http_parse_connection(h->value, framing);
	} else if (header_equals(h->name, "proxy-connection")) {
		/* Not in any standard, but other servers obey it; honour close only. */
		struct framing said = {0};

		http_parse_connection(h->value, &said);
		framing->close |= said.close;
	} else if (header_equals(h->name, "expect")) {
		return http_parse_expect(h->value, req);
	}
	return 0;
}

/* Parses name ":" OWS value OWS, without the CRLF. A folded line has no name. 0, or the status. */
static int
http_parse_field(struct slice line, struct http_request *req, struct framing *framing)
{
	struct http_header h;
	int status;

	h.name = http_take(&line, http_span(line, BYTE_TOKEN));
	if (h.name.len == 0 || line.len == 0 || line.p[0] != ':')
		return 400;
	(void)http_take(&line, 1);
	if (http_span(line, BYTE_VALUE) != line.len)
		return 400;
	h.value = header_trim(line);
	if (req->n_headers == HTTP_HEADERS_MAX)
		return 431;
	status = http_parse_framing_field(&h, req, framing);
	if (status == 0)
		req->headers[req->n_headers++] = h;
	return status;
}

/* Parses all field lines of a complete head; http_find_end() has checked that each ends in CRLF. */
static int
http_parse_fields(struct slice lines, struct http_request *req)
{
	struct framing framing = {0};

	while (lines.len > 0) {
		const uint8_t *lf = memchr(lines.p, '\n', lines.len);
		size_t n = (size_t)(lf - lines.p) - 1;
		int status;

		status = http_parse_field(http_take(&lines, n), req, &framing);
		if (status != 0)
			return status;
		(void)http_take(&lines, 2);
	}
	req->keep_alive = !framing.close && (req->minor_version == 1 || framing.keep_alive);
	return req->minor_version == 1 && !framing.has_host ? 400 : 0;
}

void
http_parser_init(struct http_parser *p, size_t max)
{
	*p = (struct http_parser){.max = max};
}

static enum http_result
http_bad(int *status, int with)
{
	*status = with;
	return HTTP_BAD;
}

/* Handles a complete line at p->line with len bytes before its CRLF. HTTP_OK: it is the empty line
 * that ends the head. */
static enum http_result
http_take_line(
    struct http_parser *p, struct slice head, size_t len, struct http_request *req, int *status)
{
	if (len == 0 && p->begun)
		return HTTP_OK;
	/* One empty line before a request is ignored (RFC 9112, section 2.2). */
	if (len == 0 && p->line > 0)
		return http_bad(status, 400);
	if (len > 0 && !p->begun) {
		int fault = http_parse_request_line((struct slice){head.p + p->line, len}, req);

		if (fault != 0)
			return http_bad(status, fault);
		p->start = p->line;
		p->begun = true;
	}
	return HTTP_MORE;
}

/* Searches the new bytes for the empty line; HTTP_OK: the head ends at p->line. */
static enum http_result
http_find_end(struct http_parser *p, struct slice head, struct http_request *req, int *status)
{
	size_t window = head.len < p->max ? head.len : p->max;

	while (p->scanned < window) {
		const uint8_t *lf;
		enum http_result r;
		size_t at;

		if (!p->begun && head.p[p->line] != '\r' &&
		    !(byte_class[head.p[p->line]] & BYTE_TOKEN))
			return http_bad(status, 400);
		lf = memchr(head.p + p->scanned, '\n', window - p->scanned);
		if (lf == NULL)
			break;
		at = (size_t)(lf - head.p);
		if (at == p->line || head.p[at - 1] != '\r')
			return http_bad(status, 400);
		r = http_take_line(p, head, at - 1 - p->line, req, status);
		p->scanned = p->line = at + 1;
		if (r != HTTP_MORE)
			return r;
	}
	p->scanned = window;
	if (head.len < p->max)
		return HTTP_MORE;
	return http_bad(status, p->begun ? 431 : 414);
}

enum http_result
http_parse(struct http_parser *p, struct slice head, struct http_request *req, size_t *consumed,
    int *status)
{
	enum http_result r;
	struct slice rest;
	const uint8_t *lf;
	int fault;

	*req = (struct http_request){.method = HTTP_OTHER, .headers = req->headers};
	r = http_find_end(p, head, req, status);
	if (r == HTTP_MORE || (r == HTTP_BAD && !p->begun))
		return r;
	/* Parse the request line again: the bytes may have moved since. */
	rest = (struct slice){head.p + p->start, p->line - p->start};
	lf = memchr(rest.p, '\n', rest.len);
	must(http_parse_request_line(http_take(&rest, (size_t)(lf - rest.p) - 1), req) == 0);
	(void)http_take(&rest, 2);
	if (r == HTTP_BAD) {
		/* For the reply only: the valid lines before the error. */
		(void)http_parse_fields(rest, req);
		return r;
	}
	rest.len -= 2; /* the empty line */
	*consumed = p->line;
	fault = http_parse_fields(rest, req);
	return fault == 0 ? HTTP_OK : http_bad(status, fault);
}
