/*
 * Parses one connection's requests from bytes split anywhere: HTTP/1.1 with keep-alive, pipelining,
 * Content-Length and chunked bodies (RFC 9112). Knows nothing of sockets or responses.
 *
 * The owner adds bytes at http_reader_space(), calls http_reader_parse() until it returns
 * HTTP_REQUEST, uses the fields and the body, and calls http_reader_next(). Fields and body are
 * views into the reader's buffer: they are valid until http_reader_next() or until more bytes are
 * added.
 */
#ifndef TESTS_STUB_HTTP_H
#define TESTS_STUB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/stub/bytes.h"

#define HTTP_HEAD_MAX ((size_t)32 << 10)
#define HTTP_BODY_MAX ((size_t)32 << 20)

enum http_result {
	HTTP_MORE,    /* incomplete */
	HTTP_REQUEST, /* a complete request */
	HTTP_BAD,     /* send the reader's status and reason, then close */
};

/* The stored parts of a head; an absent header is an empty field. */
enum http_field {
	HTTP_METHOD,
	HTTP_TARGET,
	HTTP_AUTHORIZATION,
	HTTP_ACCEPT,
	HTTP_CONTENT_TYPE,
	HTTP_USER_AGENT,
	HTTP_FIELDS
};

enum http_phase {
	HTTP_IN_HEAD,
	HTTP_IN_BODY,
	HTTP_IN_CHUNK_SIZE,
	HTTP_IN_CHUNK,
	HTTP_IN_CHUNK_END,
	HTTP_IN_TRAILER,
	HTTP_WHOLE
};

struct http_reader {
	char *mem; /* NULL without data: an idle connection needs no buffer */
	size_t len;
	size_t cap;
	size_t head;     /* bytes of the head with its blank line; 0 until it is complete */
	size_t at;       /* first byte not parsed yet */
	size_t body_end; /* the body is the bytes from head to here */
	size_t left;     /* bytes of the body or chunk that are still missing */
	struct {
		uint32_t at;
		uint32_t len;
	} field[HTTP_FIELDS];
	enum http_phase phase;
	bool close;    /* Connection: close */
	bool chunked;  /* Transfer-Encoding: chunked */
	bool has_size; /* a Content-Length header is present */
	bool expects;  /* Expect: 100-continue, not answered yet */
	int status;    /* after HTTP_BAD: 400, 413, 431, 501 or 505 */
	const char *reason;
};

/* Frees the buffer. All zero is a reader before its first request. */
void http_reader_clear(struct http_reader *r);

/* Returns a place for up to *n more bytes; report the bytes read with http_reader_added(). NULL if
 * the reader contains the maximum of a request. */
char *http_reader_space(struct http_reader *r, size_t *n);
void http_reader_added(struct http_reader *r, size_t n);

[[gnu::warn_unused_result]] enum http_result http_reader_parse(struct http_reader *r);

/* Parts of a complete request. The path is the target without its query; the query may be empty. */
struct span http_reader_field(const struct http_reader *r, enum http_field f);
struct span http_reader_path(const struct http_reader *r);
struct span http_reader_query(const struct http_reader *r);
struct span http_reader_body(const struct http_reader *r);

/* Whether a 100 Continue response is due (RFC 9110, 10.1.1); true once per request. */
bool http_reader_take_expect(struct http_reader *r);

/* Removes the request; keeps the bytes after it for the next one. */
void http_reader_next(struct http_reader *r);

#endif
