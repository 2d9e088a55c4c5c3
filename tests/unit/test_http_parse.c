/*
 * The request parser: which heads it takes, which it refuses and with what, and that neither
 * depends on how the bytes arrive: each case runs whole, cut in two at every place, and byte by
 * byte, each time from memory of exactly that size that moves between the calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/basics.h"
#include "workerd/http/parse.h"

#define HEAD_MAX 16384u

/* The case at hand, for the message when two ways of reading it differ. */
static const char *running;

struct outcome {
	enum http_result result;
	int status;
	size_t consumed;
	struct http_request req;
	struct http_header headers[HTTP_HEADERS_MAX];
	uint8_t *bytes; /* what the slices point into */
};

/* Gives the parser growing prefixes of text, one for each step of cuts (ending with len). */
static void
run(struct outcome *o, const char *text, const size_t *cuts, size_t n_cuts)
{
	struct http_parser p;

	memset(o, 0, sizeof(*o));
	http_parser_init(&p, HEAD_MAX);
	for (size_t i = 0; i < n_cuts; i++) {
		free(o->bytes);
		o->bytes = malloc(cuts[i] + (cuts[i] == 0));
		assert_non_null(o->bytes);
		memcpy(o->bytes, text, cuts[i]);
		o->req.headers = o->headers;
		o->result = http_parse(
		    &p, (struct slice){o->bytes, cuts[i]}, &o->req, &o->consumed, &o->status);
		if (o->result != HTTP_MORE)
			return;
	}
}

static void
done(struct outcome *o)
{
	free(o->bytes);
	o->bytes = NULL;
}

/* The same bytes at the same place, though in other memory. */
static void
assert_same_slice(
    const struct outcome *a, struct slice x, const struct outcome *b, struct slice y)
{
	assert_int_equal(x.len, y.len);
	if (x.len > 0)
		assert_int_equal(x.p - a->bytes, y.p - b->bytes);
}

static void
assert_same(const struct outcome *a, const struct outcome *b)
{
	if (running != NULL &&
	    (a->result != b->result || (a->result == HTTP_BAD && a->status != b->status)))
		print_error("case \"%s\" depends on how it is split\n", running);
	assert_int_equal(a->result, b->result);
	if (a->result == HTTP_BAD)
		assert_int_equal(a->status, b->status);
	if (a->result != HTTP_OK)
		return;
	assert_int_equal(a->consumed, b->consumed);
	assert_int_equal(a->req.method, b->req.method);
	assert_int_equal(a->req.minor_version, b->req.minor_version);
	assert_int_equal(a->req.keep_alive, b->req.keep_alive);
	assert_int_equal(a->req.has_length, b->req.has_length);
	assert_int_equal(a->req.expect_continue, b->req.expect_continue);
	assert_int_equal(a->req.content_length, b->req.content_length);
	assert_same_slice(a, a->req.target, b, b->req.target);
	assert_same_slice(a, a->req.path, b, b->req.path);
	assert_same_slice(a, a->req.query, b, b->req.query);
	assert_int_equal(a->req.n_headers, b->req.n_headers);
	for (size_t i = 0; i < a->req.n_headers; i++) {
		assert_same_slice(a, a->headers[i].name, b, b->headers[i].name);
		assert_same_slice(a, a->headers[i].value, b, b->headers[i].value);
	}
}

/* Runs text in every way and leaves the outcome of the whole in *whole. */
static void
run_all_ways(struct outcome *whole, const char *text, size_t len, size_t step)
{
	size_t *each = calloc(len, sizeof(*each));
	struct outcome o;

	assert_non_null(each);
	run(whole, text, &len, 1);
	for (size_t cut = 0; cut < len; cut += step) {
		run(&o, text, (size_t[]){cut, len}, 2);
		assert_same(whole, &o);
		done(&o);
	}
	for (size_t i = 0; i < len; i++)
		each[i] = i + 1;
	if (step == 1) {
		run(&o, text, each, len);
		assert_same(whole, &o);
		done(&o);
	}
	free(each);
}

#define OK   200 /* accepted */
#define MORE 100 /* not whole */
#define H    "Host: a\r\n"

struct test_case {
	const char *name;
	int verdict;
	const char *text;
	size_t len; /* 0: strlen(text) */
};

#define BYTES(s) (s), sizeof(s) - 1

static const struct test_case cases[] = {
    {"plain", OK, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"no host on 1.0", OK, "GET / HTTP/1.0\r\n\r\n", 0},
    {"host on 1.0", OK, "GET / HTTP/1.0\r\n" H "\r\n", 0},
    {"post with length", OK, "POST /a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 0},
    {"leading zeros in length", OK, "POST / HTTP/1.1\r\n" H "Content-Length: 007\r\n\r\n", 0},
    {"one empty line before", OK, "\r\nGET / HTTP/1.1\r\n" H "\r\n", 0},
    {"unknown method", OK, "BREW /pot HTTP/1.1\r\n" H "\r\n", 0},
    {"method of odd token characters", OK, "M-!#$%&'*+.^_`|~1 / HTTP/1.1\r\n" H "\r\n", 0},
    {"lower-case method is another", OK, "get / HTTP/1.1\r\n" H "\r\n", 0},
    {"options star", OK, "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0},
    {"options path", OK, "OPTIONS /a HTTP/1.1\r\n" H "\r\n", 0},
    {"query", OK, "GET /a/b?c=d&e=%20?f HTTP/1.1\r\n" H "\r\n", 0},
    {"odd characters in target", OK, "GET /a|b\"<>{}^`[]\\ HTTP/1.1\r\n" H "\r\n", 0},
    {"double slash", OK, "GET //b HTTP/1.1\r\n" H "\r\n", 0},
    {"empty value", OK, "GET / HTTP/1.1\r\n" H "X-Empty:\r\n\r\n", 0},
    {"value of white space", OK, "GET / HTTP/1.1\r\n" H "X-Empty: \t \r\n\r\n", 0},
    {"no space after colon", OK, "GET / HTTP/1.1\r\nHost:a\r\n\r\n", 0},
    {"tab in value", OK, "GET / HTTP/1.1\r\n" H "X: a\tb\r\n\r\n", 0},
    {"colon in value", OK, "GET / HTTP/1.1\r\n" H "X: a:b: c\r\n\r\n", 0},
    {"obs-text in value", OK, "GET / HTTP/1.1\r\n" H "X: caf\xc3\xa9 \xff\r\n\r\n", 0},
    {"host with port", OK, "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", 0},
    {"host of IPv6", OK, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
    {"name in any case", OK, "GET / HTTP/1.1\r\nhOST: a\r\n\r\n", 0},
    {"name of odd token characters", OK, "GET / HTTP/1.1\r\n" H "!#$%&'*+-.^_`|~: x\r\n\r\n",
	0},
    {"expect other", OK, "GET / HTTP/1.1\r\n" H "Expect: a-pony\r\n\r\n", 0},
    {"bytes after the head", OK, "GET / HTTP/1.1\r\n" H "\r\n\x16\x03garbage", 0},
    {"length of 18 digits", OK,
	"POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999999\r\n\r\n", 0},

    {"nothing", MORE, "\r\n", 0},
    {"half a line", MORE, "GET / HT", 0},
    {"no empty line", MORE, "GET / HTTP/1.1\r\n" H, 0},
    {"half an end", MORE, "GET / HTTP/1.1\r\n" H "\r", 0},

    {"two empty lines before", 400, "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 0},
    {"bare LF before", 400, "\nGET / HTTP/1.1\r\n" H "\r\n", 0},
    {"bare LF after the request line", 400, "GET / HTTP/1.1\n" H "\r\n", 0},
    {"bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 0},
    {"bare LF at the end", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n", 0},
    {"only LF", 400, "GET / HTTP/1.1\nHost: a\n\n", 0},
    {"bare CR in the request line", 400, "GET /\r HTTP/1.1\r\n" H "\r\n", 0},
    {"bare CR in a value", 400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 0},
    {"bare CR before CRLF", 400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 0},
    {"bare CR as an end", 400, "GET / HTTP/1.1\r\n" H "\rX: y\r\n\r\n", 0},
    {"space first", 400, " GET / HTTP/1.1\r\n" H "\r\n", 0},
    {"TLS hello", 400, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01")},
    {"NUL first", 400, BYTES("\0")},
    {"control in method", 400, "G\x01T / HTTP/1.1\r\n" H "\r\n", 0},
    {"separator in method", 400, "GE(T / HTTP/1.1\r\n" H "\r\n", 0},
    {"no method", 400, "/ HTTP/1.1\r\n" H "\r\n", 0},
    {"HTTP/0.9", 400, "GET /\r\n\r\n", 0},
    {"method alone", 400, "GET\r\n\r\n", 0},
    {"two spaces after method", 400, "GET  / HTTP/1.1\r\n" H "\r\n", 0},
    {"two spaces after target", 400, "GET /  HTTP/1.1\r\n" H "\r\n", 0},
    {"tab for space", 400, "GET\t/ HTTP/1.1\r\n" H "\r\n", 0},
    {"space after version", 400, "GET / HTTP/1.1 \r\n" H "\r\n", 0},
    {"space in target", 400, "GET /a b HTTP/1.1\r\n" H "\r\n", 0},
    {"tab in target", 400, "GET /a\tb HTTP/1.1\r\n" H "\r\n", 0},
    {"fragment", 400, "GET /a#b HTTP/1.1\r\n" H "\r\n", 0},
    {"NUL in target", 400, BYTES("GET /a\0b HTTP/1.1\r\n" H "\r\n")},
    {"DEL in target", 400, "GET /a\x7f HTTP/1.1\r\n" H "\r\n", 0},
    {"UTF-8 in target", 400, "GET /caf\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 0},
    {"absolute form", 400, "GET http://a/ HTTP/1.1\r\n" H "\r\n", 0},
    {"authority form", 400, "CONNECT a:80 HTTP/1.1\r\n" H "\r\n", 0},
    {"star for another method", 400, "GET * HTTP/1.1\r\n" H "\r\n", 0},
    {"star and more", 400, "OPTIONS *a HTTP/1.1\r\n" H "\r\n", 0},
    {"relative target", 400, "GET a HTTP/1.1\r\n" H "\r\n", 0},
    {"version in lower case", 400, "GET / http/1.1\r\n" H "\r\n", 0},
    {"version of another protocol", 400, "GET / HTCP/1.1\r\n" H "\r\n", 0},
    {"version too long", 400, "GET / HTTP/1.10\r\n" H "\r\n", 0},
    {"version too short", 400, "GET / HTTP/1\r\n" H "\r\n", 0},
    {"version without digits", 400, "GET / HTTP/a.b\r\n" H "\r\n", 0},
    {"version with a comma", 400, "GET / HTTP/1,1\r\n" H "\r\n", 0},
    {"HTTP/1.2", 505, "GET / HTTP/1.2\r\n" H "\r\n", 0},
    {"HTTP/2.0", 505, "GET / HTTP/2.0\r\n" H "\r\n", 0},
    {"HTTP/0.9 said", 505, "GET / HTTP/0.9\r\n" H "\r\n", 0},
    {"HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},

    {"no host", 400, "GET / HTTP/1.1\r\n\r\n", 0},
    {"two hosts", 400, "GET / HTTP/1.1\r\n" H H "\r\n", 0},
    {"two hosts on 1.0", 400, "GET / HTTP/1.0\r\n" H "hOsT: b\r\n\r\n", 0},
    {"empty host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
    {"host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0},
    {"host with a user", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 0},
    {"host list", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 0},
    {"space before colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0},
    {"space before name", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0},
    {"folded line", 400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n", 0},
    {"folded by a tab", 400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n", 0},
    {"line of a space", 400, "GET / HTTP/1.1\r\n" H " \r\n\r\n", 0},
    {"no colon", 400, "GET / HTTP/1.1\r\n" H "Nothing\r\n\r\n", 0},
    {"no name", 400, "GET / HTTP/1.1\r\n" H ": a\r\n\r\n", 0},
    {"separator in name", 400, "GET / HTTP/1.1\r\n" H "X(Y): a\r\n\r\n", 0},
    {"UTF-8 in name", 400, "GET / HTTP/1.1\r\n" H "X\xc3\xa9: a\r\n\r\n", 0},
    {"NUL in name", 400, BYTES("GET / HTTP/1.1\r\n" H "X\0: a\r\n\r\n")},
    {"NUL in value", 400, BYTES("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n")},
    {"control in value", 400, "GET / HTTP/1.1\r\n" H "X: a\x0b\r\n\r\n", 0},
    {"DEL in value", 400, "GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n", 0},

    {"two lengths", 400,
	"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 0},
    {"two equal lengths", 400,
	"POST / HTTP/1.1\r\n" H "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", 0},
    {"length list", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n", 0},
    {"empty length", 400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 0},
    {"negative length", 400, "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 0},
    {"length with a plus", 400, "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 0},
    {"length in hex", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 0},
    {"length with letters", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1a\r\n\r\n", 0},
    {"length with a space", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1 2\r\n\r\n", 0},
    {"length with a dot", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 1.0\r\n\r\n", 0},
    {"length over 2^64", 400,
	"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n", 0},
    {"chunked", 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0},
    {"identity coding", 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 0},
    {"empty coding", 501, "POST / HTTP/1.1\r\n" H "transfer-encoding:\r\n\r\n", 0},
    {"chunked on 1.0", 501, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
    {"length and chunked", 501,
	"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0},
    {"coding with a space before colon", 400,
	"POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 0},
};

static void
every_case_gets_its_verdict_however_it_is_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct test_case *t = &cases[i];
		size_t len = t->len != 0 ? t->len : strlen(t->text);
		struct outcome o;
		int verdict;

		running = t->name;
		run_all_ways(&o, t->text, len, 1);
		verdict = o.result == HTTP_OK ? OK : o.result == HTTP_MORE ? MORE : o.status;
		if (verdict != t->verdict)
			print_error("case \"%s\"\n", t->name);
		assert_int_equal(verdict, t->verdict);
		done(&o);
	}
	running = NULL;
}

static void
the_parts_of_a_request_are_what_was_sent(void **state)
{
	static const char text[] = "POST /v1/chat?a=b HTTP/1.1\r\nHost: example.org\r\n"
				   "X-Api-Key:  \t secret key \t\r\nExpect: 100-Continue\r\n"
				   "Content-Length: 12\r\nx-api-key: other\r\n\r\nbody of it!!";
	struct outcome o;

	(void)state;
	run_all_ways(&o, text, sizeof(text) - 1, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_int_equal(o.req.method, HTTP_POST);
	assert_true(slice_eq_str(o.req.method_text, "POST"));
	assert_true(slice_eq_str(o.req.target, "/v1/chat?a=b"));
	assert_true(slice_eq_str(o.req.path, "/v1/chat"));
	assert_true(slice_eq_str(o.req.query, "a=b"));
	assert_int_equal(o.req.minor_version, 1);
	assert_true(o.req.has_length);
	assert_true(o.req.expect_continue);
	assert_int_equal(o.req.content_length, 12);
	assert_int_equal(o.consumed, sizeof(text) - 1 - 12);
	assert_int_equal(o.req.n_headers, 5);
	assert_true(slice_eq_str(http_header(&o.req, "x-api-key"), "secret key"));
	assert_true(slice_eq_str(http_header(&o.req, "host"), "example.org"));
	assert_null(http_header(&o.req, "origin").p);
	assert_null(http_header(&o.req, "x-api-ke").p);
	assert_null(http_header(&o.req, "x-api-keyy").p);
	done(&o);
}

static void
no_query_differs_from_an_empty_one(void **state)
{
	struct outcome o;

	(void)state;
	run(&o, "GET /a HTTP/1.0\r\n\r\n", (size_t[]){19}, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_null(o.req.query.p);
	done(&o);
	run(&o, "GET /a? HTTP/1.0\r\n\r\n", (size_t[]){20}, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_non_null(o.req.query.p);
	assert_int_equal(o.req.query.len, 0);
	assert_true(slice_eq_str(o.req.path, "/a"));
	done(&o);
}

static void
connection_tokens_decide_about_keep_alive(void **state)
{
	static const struct {
		const char *text;
		bool keep_alive;
	} table[] = {
	    {"GET / HTTP/1.1\r\n" H "\r\n", true},
	    {"GET / HTTP/1.0\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
	    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: x , CLOSE\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: ,,close,\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: x\r\nConnection: close\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: keep-alive, close\r\n\r\n", false},
	    {"GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n", false},
	    {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\n" H "Connection: clos\r\n\r\n", true},
	    {"GET / HTTP/1.1\r\n" H "Connection:\r\n\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct outcome o;

		run_all_ways(&o, table[i].text, strlen(table[i].text), 1);
		assert_int_equal(o.result, HTTP_OK);
		if (o.req.keep_alive != table[i].keep_alive)
			print_error("%s", table[i].text);
		assert_int_equal(o.req.keep_alive, table[i].keep_alive);
		done(&o);
	}
}

/* A head of n fields besides Host, each padded with pad bytes. */
static char *
head_of(size_t n, size_t pad, size_t *len)
{
	size_t size = 64 + n * (pad + 16);
	char *text = calloc(1, size);
	size_t at;

	assert_non_null(text);
	at = (size_t)snprintf(text, size, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < n; i++) {
		at += (size_t)snprintf(text + at, size - at, "X%zu: ", i % 1000);
		memset(text + at, 'y', pad);
		at += pad;
		memcpy(text + at, "\r\n", 2);
		at += 2;
	}
	memcpy(text + at, "\r\n", 2);
	*len = at + 2;
	return text;
}

static void
assert_bad(const char *text, size_t len, int status, size_t step)
{
	struct outcome o;

	run_all_ways(&o, text, len, step);
	assert_int_equal(o.result, HTTP_BAD);
	assert_int_equal(o.status, status);
	done(&o);
}

static void
sixty_four_fields_are_taken_and_one_more_is_not(void **state)
{
	struct outcome o;
	size_t len;
	char *text = head_of(HTTP_HEADERS_MAX - 1, 1, &len);

	(void)state;
	run_all_ways(&o, text, len, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_int_equal(o.req.n_headers, HTTP_HEADERS_MAX);
	done(&o);
	free(text);
	text = head_of(HTTP_HEADERS_MAX, 1, &len);
	assert_bad(text, len, 431, 1);
	free(text);
}

static void
a_head_of_the_greatest_size_is_taken_and_a_byte_more_is_not(void **state)
{
	struct outcome o;
	size_t base, len;
	char *text;

	(void)state;
	free(head_of(1, 0, &base));
	text = head_of(1, HEAD_MAX - base, &len);
	assert_int_equal(len, HEAD_MAX);
	run_all_ways(&o, text, len, 61);
	assert_int_equal(o.result, HTTP_OK);
	assert_int_equal(o.consumed, HEAD_MAX);
	done(&o);
	free(text);
	text = head_of(1, HEAD_MAX - base + 1, &len);
	assert_int_equal(len, HEAD_MAX + 1);
	assert_bad(text, len, 431, 61);
	free(text);
}

static void
a_request_line_over_the_limit_is_told_by_414(void **state)
{
	char *text = malloc(2 * HEAD_MAX);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 2 * HEAD_MAX);
	memcpy(text, "GET /", 5);
	assert_bad(text, HEAD_MAX, 414, 61);
	assert_bad(text, 2 * HEAD_MAX, 414, 61);
	free(text);
}

static void
what_stood_before_the_fault_can_be_read(void **state)
{
	static const char *const texts[] = {
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nBad Name: b\r\nHost: a\r\n\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nHost: a\nX: b\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nTransfer-Encoding: chunked\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t len = strlen(texts[i]);
		struct outcome o;

		run(&o, texts[i], (size_t[]){20, len}, 2);
		assert_int_equal(o.result, HTTP_BAD);
		assert_int_equal(o.req.method, HTTP_POST);
		assert_true(slice_eq_str(o.req.path, "/x"));
		assert_int_equal(o.req.n_headers, 1);
		assert_true(slice_eq_str(http_header(&o.req, "origin"), "https://a"));
		done(&o);
	}
}

static void
every_method_has_its_name(void **state)
{
	(void)state;
	for (enum http_method m = HTTP_GET; m < HTTP_OTHER; m++) {
		struct outcome o;
		char text[64];

		(void)snprintf(
		    text, sizeof(text), "%s / HTTP/1.0\r\n\r\n", http_method_name(m));
		run(&o, text, (size_t[]){strlen(text)}, 1);
		assert_int_equal(o.result, HTTP_OK);
		assert_int_equal(o.req.method, m);
		done(&o);
	}
	assert_null(http_method_name(HTTP_OTHER));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_gets_its_verdict_however_it_is_split),
	    cmocka_unit_test(the_parts_of_a_request_are_what_was_sent),
	    cmocka_unit_test(no_query_differs_from_an_empty_one),
	    cmocka_unit_test(connection_tokens_decide_about_keep_alive),
	    cmocka_unit_test(sixty_four_fields_are_taken_and_one_more_is_not),
	    cmocka_unit_test(a_head_of_the_greatest_size_is_taken_and_a_byte_more_is_not),
	    cmocka_unit_test(a_request_line_over_the_limit_is_told_by_414),
	    cmocka_unit_test(what_stood_before_the_fault_can_be_read),
	    cmocka_unit_test(every_method_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
