/*
 * A strict parser for the head of an HTTP/1.1 request (RFC 9112): no I/O, no allocation.
 *
 * The caller passes all bytes of the head that it has so far, and may call again after every
 * further byte, at O(1) per byte in total. The result consists of slices of these bytes, valid as
 * long as they stay in place.
 *
 * Everything that two parsers could read differently is refused: line ends other than CRLF, space
 * before a colon, folded lines, control characters, a second Host or Content-Length, any
 * Transfer-Encoding but a single "chunked" of HTTP/1.1 without Content-Length, an unknown method.
 * Node's parser reads accepted requests in the same way: tests/e2e/differential.test.mjs.
 */
#ifndef WORKERD_HTTP_MESSAGE_HTTP_PARSE_H
#define WORKERD_HTTP_MESSAGE_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workerd/http/message/header_fields.h"

#define HTTP_HEADERS_MAX 100

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER, /* a known method that we do not serve: see method_text */
};

enum http_result { HTTP_OK, HTTP_MORE, HTTP_BAD };

struct http_header {
	struct slice name; /* as sent: compare with header_equals() */
	struct slice value;
};

struct http_request {
	enum http_method method;
	struct slice method_text;
	struct slice target; /* as sent: visible ASCII without '#' */
	/* Begins with '/', or is "*" (OPTIONS only); not percent-decoded. Of an absolute target it is
	 * what follows the host, or "/". */
	struct slice path;
	/* The host of an absolute target, otherwise of Host (RFC 9112, section 3.2.2); p is NULL
	 * without both. */
	struct slice host;
	struct slice query; /* without '?'; p is NULL without a query */
	int minor_version;  /* 0 or 1 */
	bool keep_alive;    /* as the client asks, or the default of its version */
	bool has_length;
	bool chunked; /* the body has the chunked coding (chunked.h), and no length */
	bool expect_continue;
	uint64_t content_length; /* 0 without the header */
	size_t n_headers;
	struct http_header *headers; /* the array of the caller of http_parse() */
};

/* The name of a method, as in a request and in Allow; NULL for HTTP_OTHER. */
const char *http_method_name(enum http_method method);

/* The position of the search for the end of the head. */
struct http_parser {
	size_t max;     /* bytes of a head, at most */
	size_t scanned; /* bytes searched for line ends */
	size_t line;    /* start of the incomplete line */
	size_t start;   /* start of the request line: after at most one empty line */
	bool begun;     /* the request line is complete and valid */
};

/* Resets for a new head of at most max bytes. */
void http_parser_init(struct http_parser *p, size_t max);

/*
 * Parses the bytes of a head so far; between two calls, head only grows at its end (it may move).
 * req->headers must have room for HTTP_HEADERS_MAX.
 *
 * HTTP_OK: *req is filled, *consumed is the length of the head; the body begins there. HTTP_MORE:
 * the head is incomplete; *req is undefined. HTTP_BAD: *status is the status to reply before
 * closing: 400, 414 (the request line is over max; RFC 9112, section 3), 417 (an Expect other than
 * 100-continue), 431 (the head is over max, or has over HTTP_HEADERS_MAX fields), 501 (an unknown
 * method or transfer coding), 505. *req has what comes before the error, for the reply; it may
 * have method HTTP_OTHER, empty slices and no headers.
 */
[[gnu::warn_unused_result]] enum http_result http_parse(struct http_parser *p,
    struct slice head, struct http_request *req, size_t *consumed, int *status);

/* The value of the first field of that name (in lower case), without white space at its ends; p is
 * NULL without one. */
struct slice http_header(const struct http_request *req, const char *lower_case_name);

#endif
