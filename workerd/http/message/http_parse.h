/*
 * The head of an HTTP/1.1 request (RFC 9112), parsed strictly: no I/O, no allocation, no guess.
 *
 * conn.c calls it with all the bytes of a head that have come so far; it may be called again
 * after every further byte, at O(1) a byte in all. What comes out are slices of the caller's
 * bytes, valid as long as these stay where they are.
 *
 * Anything that two parsers could read differently is refused: line ends other than CRLF, space
 * before a colon, folded lines, control characters, a second Host or Content-Length, any
 * Transfer-Encoding, a method that nobody has heard of, a target of another host than Host. What
 * is accepted, Node's parser reads the same way: tests/e2e/differential.test.mjs.
 */
#ifndef WORKERD_HTTP_MESSAGE_HTTP_PARSE_H
#define WORKERD_HTTP_MESSAGE_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workerd/http/message/header_fields.h"

#define HTTP_HEADERS_MAX 64

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER, /* one that the web knows and we do not serve: see method_text */
};

enum http_result { HTTP_OK, HTTP_MORE, HTTP_BAD };

struct http_header {
	struct slice name; /* as it was sent: compare by http_header() */
	struct slice value;
};

struct http_request {
	enum http_method method;
	struct slice method_text;
	struct slice target; /* as it was sent: visible ASCII without '#' */
	/* Begins with '/', or is "*" (OPTIONS alone); not percent-decoded. In the absolute form
	 * what stands before it was the same as Host. */
	struct slice path;
	struct slice query; /* without its '?'; p is NULL when there is none */
	int minor_version;  /* 0 or 1 */
	bool keep_alive;    /* the client's wish, with the default of its version */
	bool has_length;
	bool expect_continue;
	uint64_t content_length; /* 0 without the header */
	size_t n_headers;
	struct http_header *headers; /* given by the caller of http_parse() */
};

/* The name of a method, as it is spelled in a request and in Allow; NULL for HTTP_OTHER. */
const char *http_method_name(enum http_method method);

/* Where the search for the end of the head stands. */
struct http_parser {
	size_t max;     /* bytes that a head may have */
	size_t scanned; /* bytes searched for line ends */
	size_t line;    /* where the line begins that is not yet whole */
	size_t start;   /* where the request line begins: after at most one empty line */
	bool begun;     /* the request line is whole and good */
};

/* Ready for a new head of at most max bytes. */
void http_parser_init(struct http_parser *p, size_t max);

/*
 * Looks at the bytes of a head that have come so far; between two calls head only grows at its
 * end (it may have moved). req->headers must have room for HTTP_HEADERS_MAX.
 *
 * HTTP_OK: *req is filled, *consumed is the length of the head; the body begins there.
 * HTTP_MORE: the end is not there yet; *req holds nothing of use.
 * HTTP_BAD: *status is the answer to give before closing: 400, 414 (the request line is over max;
 * RFC 9112, section 3), 417 (an Expect other than 100-continue), 431 (the head is over max, or has
 * over HTTP_HEADERS_MAX fields), 501 (an unknown method, a Transfer-Encoding), 505. *req holds
 * what stood before the fault, so that the answer can depend on it: a method of HTTP_OTHER, empty
 * slices and few or no headers must be reckoned with.
 */
[[gnu::warn_unused_result]] enum http_result http_parse(struct http_parser *p,
    struct slice head, struct http_request *req, size_t *consumed, int *status);

/* The value of the first field of that name (given in lower case) without the white space at its
 * ends; p is NULL when there is none. */
struct slice http_header(const struct http_request *req, const char *lower_case_name);

#endif
