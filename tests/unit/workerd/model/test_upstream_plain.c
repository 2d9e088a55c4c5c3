/*
 * Which requests go without libcurl: those to an IP address over plain HTTP, without a proxy.
 */
#include <stdlib.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/model/upstream.h"
#include "workerd/model/upstream_internal.h"

static bool
uses_libcurl(const char *url, const char *proxy)
{
	static struct scoreboard_worker board;
	struct event_base *base = event_base_new();
	const struct upstream_config config = {
	    .base = base, .board = &board, .url = url, .proxy = proxy, .rest_ms = 1000};
	struct upstream *u = upstream_new(&config);
	bool yes = u->plain == NULL;

	upstream_free(u);
	event_base_free(base);
	return yes;
}

TEST(only_ip_addresses_over_http_go_without_libcurl)
{
	static const struct {
		const char *url;
		bool libcurl;
	} cases[] = {
	    {"http://127.0.0.1/v1/chat/completions", false},
	    {"http://127.0.0.1:65535/v1/chat/completions", false},
	    {"http://[::1]:80/v1/chat/completions", false},
	    {"https://127.0.0.1/v1/chat/completions", true},
	    {"http://localhost:1/v1/chat/completions", true},
	    {"http://model.example/v1/chat/completions", true},
	    {"http://user@127.0.0.1/v1/chat/completions", true},
	    {"http://127.0.0.1:0/v1/chat/completions", true},
	    {"http://127.0.0.1:65536/v1/chat/completions", true},
	    {"http://127.0.0.1:/v1/chat/completions", true},
	    {"http://127.0.0.1:80x/v1/chat/completions", true},
	    {"http://127.1/v1/chat/completions", true},
	    {"http://[::1/v1/chat/completions", true},
	    {"http://[127.0.0.1]/v1/chat/completions", true},
	    {"http://[]/v1/chat/completions", true},
	    {"http:///v1/chat/completions", true},
	    {"http://127.0.0.1/v1/chat/completions?version=1", true},
	    {"http://127.0.0.1", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (uses_libcurl(cases[i].url, NULL) != cases[i].libcurl)
			fail_msg("%s", cases[i].url);
}

TEST(a_proxy_needs_libcurl)
{
	static const char url[] = "http://127.0.0.1/v1/chat/completions";

	assert_true(uses_libcurl(url, "http://127.0.0.1:1"));
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_true(uses_libcurl(url, NULL));
	assert_int_equal(setenv("http_proxy", "", 1), 0);
	assert_false(uses_libcurl(url, NULL));
}

TEST_MAIN(NULL, NULL)
