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

#define PATH "/v1/chat/completions"

TEST(only_ip_addresses_over_http_go_without_libcurl)
{
	static const char *const without[] = {
	    "http://127.0.0.1" PATH, "http://127.0.0.1:65535" PATH, "http://[::1]:80" PATH};
	static const char *const with[] = {"https://127.0.0.1" PATH, "http://localhost:1" PATH,
	    "http://model.example" PATH, "http://user@127.0.0.1" PATH,
	    "http://127.0.0.1:0" PATH, "http://127.0.0.1:65536" PATH, "http://127.0.0.1:" PATH,
	    "http://127.0.0.1:80x" PATH, "http://127.1" PATH, "http://[::1" PATH,
	    "http://[127.0.0.1]" PATH, "http://[]" PATH, "http://" PATH,
	    "http://127.0.0.1" PATH "?version=1", "http://127.0.0.1"};

	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		if (uses_libcurl(without[i], NULL))
			fail_msg("%s", without[i]);
	for (size_t i = 0; i < ARRAY_LEN(with); i++)
		if (!uses_libcurl(with[i], NULL))
			fail_msg("%s", with[i]);
}

TEST(a_proxy_needs_libcurl)
{
	static const char url[] = "http://127.0.0.1" PATH;

	assert_true(uses_libcurl(url, "http://127.0.0.1:1"));
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	assert_true(uses_libcurl(url, NULL));
	assert_int_equal(setenv("http_proxy", "", 1), 0);
	assert_false(uses_libcurl(url, NULL));
}

TEST_MAIN(NULL, NULL)
