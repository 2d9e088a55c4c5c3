/*
 * The request parser: its results and limits. Each head is parsed whole, split in two at every
 * place, and byte by byte, each time from memory of exactly that size that moves between the calls.
 * test_corpus.c shows which heads are accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/http_parse.h"

#define HEAD_MAX 16384u

struct outcome {
	enum http_result result;
	int status;
	size_t consumed;
	struct http_request req;
	struct http_header headers[HTTP_HEADERS_MAX];
	uint8_t *bytes; /* the memory of the slices */
};

/* Passes growing prefixes of text to the parser, one for each step of cuts (ending with len). */
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

/* The same bytes at the same offset, in different memory. */
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

/* Parses text in every way; *whole is the outcome for the whole text. */
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

#define H "Host: a\r\n"

TEST(the_parts_of_a_request_are_what_was_sent)
{
	static const char text[] = "POST /v1/chat?a=b HTTP/1.1\r\nHost: example.org\r\n"
				   "X-Api-Key:  \t secret key \t\r\nExpect: 100-Continue\r\n"
				   "Content-Length: 12\r\nx-api-key: other\r\n\r\nbody of it!!";
	struct outcome o;

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

TEST(the_absolute_form_has_the_same_parts)
{
	static const char text[] = "GET HTTP://Example.ORG:80/a/b?c=/d HTTP/1.1\r\n"
				   "Host: example.org:80\r\n\r\n";
	struct outcome o;

	run_all_ways(&o, text, sizeof(text) - 1, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_true(slice_eq_str(o.req.target, "HTTP://Example.ORG:80/a/b?c=/d"));
	assert_true(slice_eq_str(o.req.path, "/a/b"));
	assert_true(slice_eq_str(o.req.query, "c=/d"));
	done(&o);
}

TEST(no_query_differs_from_an_empty_one)
{
	struct outcome o;

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

TEST(connection_tokens_decide_about_keep_alive)
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

TEST(sixty_four_fields_are_accepted_and_one_more_is_not)
{
	struct outcome o;
	size_t len;
	char *text = head_of(HTTP_HEADERS_MAX - 1, 1, &len);

	run_all_ways(&o, text, len, 1);
	assert_int_equal(o.result, HTTP_OK);
	assert_int_equal(o.req.n_headers, HTTP_HEADERS_MAX);
	done(&o);
	free(text);
	text = head_of(HTTP_HEADERS_MAX, 1, &len);
	assert_bad(text, len, 431, 1);
	free(text);
}

TEST(a_head_of_the_maximum_size_is_accepted_and_one_byte_more_is_not)
{
	struct outcome o;
	size_t base, len;
	char *text;

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

TEST(a_request_line_over_the_limit_gets_414)
{
	char *text = malloc(2 * HEAD_MAX);

	assert_non_null(text);
	memset(text, 'a', 2 * HEAD_MAX);
	memcpy(text, "GET /", 5);
	assert_bad(text, HEAD_MAX, 414, 61);
	assert_bad(text, 2 * HEAD_MAX, 414, 61);
	free(text);
}

TEST(the_part_before_an_error_can_be_read)
{
	static const char *const texts[] = {
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nBad Name: b\r\nHost: a\r\n\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nHost: a\nX: b\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nTransfer-Encoding: chunked\r\n\r\n",
	};

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

TEST(every_method_has_its_name)
{
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

TEST_MAIN(NULL, NULL)
