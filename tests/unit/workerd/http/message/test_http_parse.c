/*
 * The request parser: what it reads from a request. test_corpus.c shows which requests are accepted,
 * the limits, and that the result does not depend on how the bytes are split.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/message/http_parse.h"

static struct http_header headers[HTTP_HEADERS_MAX];
static struct http_request req;
static size_t consumed;

/* Parses a head, at first without its second half. */
static enum http_result
parse(const char *text)
{
	struct slice all = slice_str(text), half = {all.p, all.len / 2};
	enum http_result result;
	struct http_parser p;
	int status;

	req = (struct http_request){.headers = headers};
	http_parser_init(&p, 16384);
	result = http_parse(&p, half, &req, &consumed, &status);
	return result == HTTP_MORE ? http_parse(&p, all, &req, &consumed, &status) : result;
}

static void
assert_slice(struct slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.p, text, s.len);
}

TEST(the_parts_of_a_request_are_those_that_were_sent)
{
	static const char head[] = "POST /v1/chat?a=b HTTP/1.1\r\nHost: example.org\r\n"
				   "X-Api-Key:  \t secret key \t\r\nExpect: 100-Continue\r\n"
				   "Content-Length:\t12 \t\r\nx-api-key: other\r\n\r\n";
	char text[512];

	(void)snprintf(text, sizeof(text), "%sbody of it!!", head);
	assert_int_equal(parse(text), HTTP_OK);
	assert_int_equal(req.method, HTTP_POST);
	assert_slice(req.method_text, "POST");
	assert_slice(req.target, "/v1/chat?a=b");
	assert_slice(req.path, "/v1/chat");
	assert_slice(req.query, "a=b");
	assert_int_equal(req.minor_version, 1);
	assert_true(req.keep_alive && req.has_length && req.expect_continue);
	assert_int_equal(req.content_length, 12);
	assert_int_equal(consumed, strlen(head));
	assert_int_equal(req.n_headers, 5);
	assert_slice(http_header(&req, "x-api-key"), "secret key");
	assert_slice(http_header(&req, "host"), "example.org");
	assert_null(http_header(&req, "origin").p);
	assert_null(http_header(&req, "x-api-ke").p);
	assert_null(http_header(&req, "x-api-keyy").p);
}

TEST(a_target_in_absolute_form_has_the_same_parts_and_overrides_host)
{
	static const struct {
		const char *target, *host, *path, *query; /* NULL: no query */
	} cases[] = {
	    {"/a?b", "other", "/a", "b"},
	    {"HTTP://Example.ORG:80/a/b?c=/d", "Example.ORG:80", "/a/b", "c=/d"},
	    {"http://[::1]/a", "[::1]", "/a", NULL},
	    {"http://example.org", "example.org", "/", NULL},
	    {"https://example.org?c=/d?", "example.org", "/", "c=/d?"},
	    {"http://example.org?", "example.org", "/", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: other\r\n\r\n",
		    cases[i].target);
		assert_int_equal(parse(text), HTTP_OK);
		assert_slice(req.target, cases[i].target);
		assert_slice(req.host, cases[i].host);
		assert_slice(req.path, cases[i].path);
		assert_int_equal(req.query.p != NULL, cases[i].query != NULL);
		assert_slice(req.query, cases[i].query == NULL ? "" : cases[i].query);
		assert_slice(http_header(&req, "host"), "other");
	}
}

TEST(an_empty_query_differs_from_no_query)
{
	assert_int_equal(parse("GET /a HTTP/1.0\r\n\r\n"), HTTP_OK);
	assert_null(req.query.p);
	assert_int_equal(parse("GET /a? HTTP/1.0\r\n\r\n"), HTTP_OK);
	assert_non_null(req.query.p);
	assert_slice(req.query, "");
	assert_slice(req.path, "/a");
}

TEST(the_part_before_an_error_can_be_read)
{
	static const char *const texts[] = {
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nBad Name: b\r\nHost: a\r\n\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nHost: a\nX: b\r\n",
	    "POST /x HTTP/1.1\r\nOrigin: https://a\r\nTransfer-Encoding: gzip\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(texts[i]), HTTP_BAD);
		assert_int_equal(req.method, HTTP_POST);
		assert_slice(req.path, "/x");
		assert_int_equal(req.n_headers, 1);
		assert_slice(http_header(&req, "origin"), "https://a");
	}
}

TEST(every_method_has_its_name)
{
	for (enum http_method m = HTTP_GET; m < HTTP_OTHER; m++) {
		char text[64];

		(void)snprintf(
		    text, sizeof(text), "%s / HTTP/1.0\r\n\r\n", http_method_name(m));
		assert_int_equal(parse(text), HTTP_OK);
		assert_int_equal(req.method, m);
	}
	assert_null(http_method_name(HTTP_OTHER));
}

TEST_MAIN(NULL, NULL)
