/*
 * What a model server's URL says, for the request and for the connection.
 */
#include "tests/unit/unit.h"
#include "workerd/model/upstream_target.h"

TEST(a_url_names_the_server_and_perhaps_a_user)
{
	static const struct {
		const char *url, *without_user, *authority, *host, *tcp_url, *authorization;
	} rows[] = {
	    {"http://model/v1", "http://model/v1", "model", "model", "http://model/", NULL},
	    {"https://model/v1", "https://model/v1", "model", "model", "http://model:443/",
		NULL},
	    {"https://model:8/v1", "https://model:8/v1", "model:8", "model", "http://model:8/",
		NULL},
	    {"https://[::1]/v1", "https://[::1]/v1", "[::1]", "::1", "http://[::1]:443/", NULL},
	    {"https://[::1]:8/a:b", "https://[::1]:8/a:b", "[::1]:8", "::1", "http://[::1]:8/",
		NULL},
	    {"https://model/a:b", "https://model/a:b", "model", "model", "http://model:443/",
		NULL},
	    {"https://a.b./v1", "https://a.b./v1", "a.b.", "a.b", "http://a.b.:443/", NULL},
	    {"https://a.b.:8/v1", "https://a.b.:8/v1", "a.b.:8", "a.b", "http://a.b.:8/", NULL},
	    {"http://user:p%40ss@model/v1", "http://model/v1", "model", "model",
		"http://model/", "Basic dXNlcjpwQHNz"},
	    {"https://user@[::1]:8/@", "https://[::1]:8/@", "[::1]:8", "::1", "http://[::1]:8/",
		"Basic dXNlcjo="},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct upstream_target t;
		char whole[64];

		upstream_target_init(&t, rows[i].url, "");
		snprintf(whole, sizeof(whole), "%s%s", t.origin, t.path);
		assert_string_equal(whole, rows[i].without_user);
		assert_string_equal(t.authority, rows[i].authority);
		assert_string_equal(t.host, rows[i].host);
		assert_string_equal(t.tcp_url, rows[i].tcp_url);
		assert_string_equal(t.path, strrchr(rows[i].without_user, '/'));
		if (rows[i].authorization == NULL)
			assert_null(t.authorization);
		else
			assert_string_equal(t.authorization, rows[i].authorization);
		upstream_target_clear(&t);
	}
}

TEST(a_proxy_forwards_requests_without_tls_if_its_port_tells_it_from_the_server)
{
	static const struct {
		const char *url, *proxy;
		bool forwards;
		const char *authorization;
	} rows[] = {
	    {"http://model/v1", "proxy:3128", true, NULL},
	    {"http://model/v1", "HTTPS://user@proxy", true, "Basic dXNlcjo="},
	    {"http://model/v1", "http://user@proxy:80", false, NULL},
	    {"http://model:1080/v1", "http://user@proxy", false, NULL},
	    {"http://model/v1", "socks5h://user@proxy", false, NULL},
	    {"https://model/v1", "http://user@proxy:3128", false, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct upstream_target t;

		upstream_target_init(&t, rows[i].url, rows[i].proxy);
		assert_int_equal(t.proxy_forwards, rows[i].forwards);
		if (rows[i].authorization == NULL)
			assert_null(t.proxy_authorization);
		else
			assert_string_equal(t.proxy_authorization, rows[i].authorization);
		upstream_target_clear(&t);
	}
}

TEST_MAIN(NULL, NULL)
