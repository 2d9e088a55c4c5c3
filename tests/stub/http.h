/*
 * One connection's requests, read from any split of bytes: HTTP/1.1 with keep-alive, pipelining,
 * Content-Length and chunked bodies (RFC 9112). No sockets here, and no answers.
 *
 * The owner adds bytes at http_reader_space(), asks http_reader_parse() until it says HTTP_REQUEST,
 * uses the fields and the body, and calls http_reader_next(). Fields and body are views into the
 * reader's buffer: they end with http_reader_next() or when more bytes are added.
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
	HTTP_MORE,    /* not whole yet */
	HTTP_REQUEST, /* a whole request waits */
	HTTP_BAD,     /* answer with http_reader's status and reason, then close */
};

/* What is remembered of a head; an absent header is an empty field. */
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
	char *mem; /* NULL while nothing waits: an idle connection costs no buffer */
	size_t len;
	size_t cap;
	size_t head;     /* bytes of the head with its blank line; 0 until it is whole */
	size_t at;       /* first byte not looked at */
	size_t body_end; /* the body is what lies between head and here */
	size_t left;     /* bytes still to come of the body or the chunk */
	struct {
		uint32_t at;
		uint32_t len;
	} field[HTTP_FIELDS];
	enum http_phase phase;
	bool close;    /* Connection: close */
	bool chunked;  /* Transfer-Encoding: chunked */
	bool has_size; /* Content-Length was there */
	bool expects;  /* Expect: 100-continue, not yet answered */
	int status;    /* after HTTP_BAD: 400, 413, 431, 501 or 505 */
	const char *reason;
};

/* Frees the buffer. All zero is a reader that waits for its first request. */
void http_reader_clear(struct http_reader *r);

/*
 * Room for up to *n more bytes, and in *n how many there are; add what was read with
 * http_reader_added(). NULL when the reader holds as much as a request may have.
 */
char *http_reader_space(struct http_reader *r, size_t *n);
void http_reader_added(struct http_reader *r, size_t n);

[[gnu::warn_unused_result]] enum http_result http_reader_parse(struct http_reader *r);

/* Of a whole request. The path is the target without its query; the query may be empty. */
struct span http_reader_field(const struct http_reader *r, enum http_field f);
struct span http_reader_path(const struct http_reader *r);
struct span http_reader_query(const struct http_reader *r);
struct span http_reader_body(const struct http_reader *r);

/* Whether an interim 100 answer is due now (RFC 9110, 10.1.1); true once a request. */
bool http_reader_take_expect(struct http_reader *r);

/* Drops the whole request; what the peer sent behind it stays for the next one. */
void http_reader_next(struct http_reader *r);

#endif
