/*
 * Client addresses: X-Forwarded-For and X-Forwarded-Proto count only behind a trusted proxy, from the end.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/request/client_address.h"

#define PROXIES "10.0.0.0/8,fd00::/8,192.0.2.9"

static struct network_list
list_of(const char *text)
{
	struct network_list list = {0};
	char *copy = xstrdup(text), *rest = copy, *item;

	while ((item = strsep(&rest, ",")) != NULL && *item != '\0')
		assert_int_equal(
		    network_parse(slice_str(item), &list.at[list.n++]), NETWORK_OK);
	free(copy);
	return list;
}

/* The client of a request with these header lines, over a connection from peer. */
static struct client_address
caller(const char *proxies, const char *peer, bool tls, const char *lines)
{
	static struct http_header headers[HTTP_HEADERS_MAX];
	struct http_request req = {.headers = headers};
	struct network_list trusted = list_of(proxies);
	struct ip_address from = {0};
	struct http_parser parser;
	struct buf text;
	struct client_address c;
	size_t consumed;
	int status;

	if (*peer != '\0')
		assert_int_equal(ip_parse(slice_str(peer), &from), 0);
	buf_init(&text, 65536);
	assert_int_equal(buf_printf(&text, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", lines), 0);
	http_parser_init(&parser, 65536);
	assert_int_equal(
	    http_parse(&parser, buf_slice(&text), &req, &consumed, &status), HTTP_OK);
	c = client_address_of(&req, ip_slice(&from), tls, &trusted);
	buf_clear(&text);
	return c;
}

#define FOR(list)   "X-Forwarded-For: " list "\r\n"
#define PROTO(list) "X-Forwarded-Proto: " list "\r\n"

static void
expect_address(const char *proxies, const char *peer, const char *lines, const char *address)
{
	struct client_address c = caller(proxies, peer, false, lines);
	char text[IP_TEXT_SIZE];

	ip_format(&c.address, text);
	if (strcmp(text, address) != 0)
		fail_msg("peer %s, %s: %s", peer, lines, text);
}

TEST(the_address_is_the_rightmost_that_is_not_a_proxy)
{
	static const struct {
		const char *proxies, *peer, *lines, *address;
	} cases[] = {
	    /* Without trusted proxies, or from others, the headers are ignored. */
	    {"", "203.0.113.5", FOR("198.51.100.1"), "203.0.113.5"},
	    {"", "127.0.0.1", FOR("198.51.100.1"), "127.0.0.1"},
	    {PROXIES, "203.0.113.5", FOR("198.51.100.1"), "203.0.113.5"},
	    {PROXIES, "203.0.113.5", FOR("198.51.100.1, 10.0.0.1"), "203.0.113.5"},
	    {PROXIES, "192.0.2.8", FOR("198.51.100.1"), "192.0.2.8"},
	    {PROXIES, "", FOR("198.51.100.1"), ""},
	    /* From a proxy. */
	    {PROXIES, "192.0.2.9", FOR("198.51.100.1"), "198.51.100.1"},
	    {PROXIES, "::ffff:10.0.0.1", FOR("198.51.100.1"), "198.51.100.1"},
	    {PROXIES, "fd00::7", FOR("2001:db8::1"), "2001:db8::1"},
	    {PROXIES, "10.0.0.1", FOR("[2001:db8::1]:51234"), "2001:db8::1"},
	    {PROXIES, "10.0.0.1", FOR("[2001:db8::1]"), "2001:db8::1"},
	    /* If all are proxies, the farthest; an invalid member ends the search. */
	    {PROXIES, "10.0.0.1", FOR("10.0.0.3, 10.0.0.2"), "10.0.0.3"},
	    {PROXIES, "10.0.0.1", FOR("198.51.100.1, junk, 10.0.0.2"), "10.0.0.2"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_address(
		    cases[i].proxies, cases[i].peer, cases[i].lines, cases[i].address);
}

TEST(the_address_behind_a_proxy_is_found_in_every_form_of_the_header)
{
	static const char *const cases[] = {FOR("198.51.100.1"),
	    "x-forwarded-FOR: 198.51.100.1\r\n",
	    /* Members that the client wrote do not count. */
	    FOR("6.6.6.6, 198.51.100.1"), FOR("10.9.9.9, 198.51.100.1"),
	    FOR("6.6.6.6,10.0.0.3 , 198.51.100.1,10.0.0.2"), FOR("junk, 198.51.100.1"),
	    /* Several fields are one list. */
	    FOR("6.6.6.6") FOR("198.51.100.1"), FOR("198.51.100.1") FOR("10.0.0.2"),
	    FOR("6.6.6.6, 198.51.100.1") "A: b\r\n" FOR("10.0.0.2"),
	    FOR("198.51.100.1") FOR(""),
	    /* Empty members are skipped; ports, brackets and mapped addresses are read. */
	    FOR("198.51.100.1, ,"), FOR("198.51.100.1:51234"), FOR("[198.51.100.1]:1"),
	    FOR("198.51.100.1, [fd00::1]:443"), FOR("::ffff:198.51.100.1"),
	    FOR("198.51.100.1, ::ffff:10.0.0.2")};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_address(PROXIES, "10.0.0.1", cases[i], "198.51.100.1");
}

TEST(an_invalid_header_leaves_the_address_of_the_proxy)
{
	static const char *const cases[] = {"", FOR(""), FOR(" , ,"), FOR("unknown"),
	    FOR("198.51.100.1, unknown"), FOR("198.51.100.1; x"),
	    FOR("198.51.100.1 198.51.100.2"), FOR("\"198.51.100.1\""), FOR("198.51.100.1:port"),
	    FOR("198.51.100.1:"), FOR("198.51.100.1:123456"), FOR("[2001:db8::1"),
	    FOR("[2001:db8::1]x"), FOR("2001:db8::1]"), FOR("[]"), FOR("["), FOR(":"),
	    FOR("fe80::1%eth0"), FOR("198.51.100.1\xff"),
	    /* Other headers. */
	    "Forwarded: for=198.51.100.1\r\n", "X-Real-IP: 198.51.100.1\r\n",
	    "X-Forwarded-For-X: 198.51.100.1\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_address(PROXIES, "10.0.0.1", cases[i], "10.0.0.1");
}

TEST(the_scheme_is_what_the_nearest_proxy_says_or_that_of_the_connection)
{
	static const struct {
		const char *peer, *lines;
		enum client_scheme scheme, over_tls;
	} cases[] = {
	    {"10.0.0.1", "", SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO("https"), SCHEME_HTTPS, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO("HTTPS"), SCHEME_HTTPS, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO("http"), SCHEME_HTTP, SCHEME_HTTP},
	    {"10.0.0.1", PROTO("https, http"), SCHEME_HTTP, SCHEME_HTTP},
	    {"10.0.0.1", PROTO("http") PROTO("https"), SCHEME_HTTPS, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO("wss"), SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO("httpsx"), SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"10.0.0.1", PROTO(""), SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"10.0.0.1", "Forwarded: proto=https\r\n", SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"203.0.113.5", PROTO("https"), SCHEME_UNKNOWN, SCHEME_HTTPS},
	    {"203.0.113.5", PROTO("http"), SCHEME_UNKNOWN, SCHEME_HTTPS},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct client_address c = caller(PROXIES, cases[i].peer, false, cases[i].lines);

		assert_int_equal(c.scheme, cases[i].scheme);
		assert_int_equal(caller(PROXIES, cases[i].peer, true, cases[i].lines).scheme,
		    cases[i].over_tls);
		assert_int_equal(c.trusted_peer, strcmp(cases[i].peer, "10.0.0.1") == 0);
	}
}

/* The longest list that a head can hold. */
TEST(a_list_of_thousands_is_read_to_its_beginning)
{
	struct buf lines;

	buf_init(&lines, 65536);
	assert_int_equal(buf_append_str(&lines, "X-Forwarded-For: 198.51.100.1"), 0);
	for (int i = 0; i < 4000; i++)
		assert_int_equal(buf_append_str(&lines, ",10.0.0.1"), 0);
	assert_int_equal(buf_append(&lines, "\r\n", 3), 0);
	expect_address(PROXIES, "10.0.0.1", (const char *)buf_data(&lines), "198.51.100.1");
	buf_clear(&lines);
}

TEST_MAIN(NULL, NULL)
