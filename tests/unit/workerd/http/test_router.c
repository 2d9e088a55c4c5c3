/*
 * The router: matching, captures, and Allow.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/http/router.h"

static const struct route table[] = {
    {HTTP_GET, "/", "root"},
    {HTTP_GET, "/health", "health"},
    {HTTP_GET, "/health/ready", "ready"},
    {HTTP_POST, "/v1/chat", "chat"},
    {HTTP_POST, "/v1/chat/stream", "stream"},
    {HTTP_GET, "/v1/chat/stream/:id", "resume"},
    {HTTP_POST, "/v1/chat/:id/stop", "stop"},
    {HTTP_GET, "/v1/widgets", "list"},
    {HTTP_POST, "/v1/widgets", "create"},
    {HTTP_GET, "/v1/widgets/:id", "read"},
    {HTTP_PUT, "/v1/widgets/:id", "update"},
    {HTTP_DELETE, "/v1/widgets/:name", "delete"},
    {HTTP_GET, "/v1/widgets/new", "new"},
    {HTTP_GET, "/:a/:b/:c/:d", "four"},
    {HTTP_HEAD, "/own", "own-head"},
    {HTTP_GET, "/own", "own-get"},
};

static struct router *router;

FIXTURE(set_up)
{
	router = router_new(table, ARRAY_LEN(table));
}

FIXTURE(tear_down)
{
	router_free(router);
	router_free(NULL);
}

TEST(every_path_matches_the_route_of_the_table)
{
	static const struct {
		enum http_method method;
		const char *path;
		const char *payload; /* NULL: 404; "": 405 */
		const char *captures[ROUTER_CAPTURES_MAX];
	} cases[] = {
	    {HTTP_GET, "/", "root", {NULL}},
	    {HTTP_HEAD, "/", "root", {NULL}},
	    {HTTP_HEAD, "/own", "own-head", {NULL}},
	    {HTTP_GET, "/own", "own-get", {NULL}},
	    {HTTP_POST, "/", "", {NULL}},
	    {HTTP_GET, "/health", "health", {NULL}},
	    {HTTP_GET, "/health/ready", "ready", {NULL}},
	    {HTTP_OPTIONS, "*", NULL, {NULL}},
	    {HTTP_POST, "/v1/chat/stream", "stream", {NULL}},
	    {HTTP_GET, "/v1/chat/stream", "", {NULL}},
	    {HTTP_GET, "/v1/chat/stream/m1", "resume", {"m1"}},
	    {HTTP_HEAD, "/v1/chat/stream/m1", "resume", {"m1"}},
	    {HTTP_POST, "/v1/chat/m1/stop", "stop", {"m1"}},
	    {HTTP_POST, "/v1/chat//stop", NULL, {NULL}},
	    {HTTP_POST, "/v1/chat/m1/stopp", "", {NULL}}, /* GET /:a/:b/:c/:d matches */
	    {HTTP_POST, "/v1/chat/m1/stop/", NULL, {NULL}},
	    {HTTP_GET, "/v1/chat/stream/m%31", "resume", {"m1"}},
	    {HTTP_GET, "/v1/chat/stream/%6d%31", "resume", {"m1"}},
	    {HTTP_GET, "/v1/chat/stream/a%3Ab%3ac", "resume", {"a:b:c"}},
	    {HTTP_GET, "/v1/chat/stream/%25%33%31", "resume", {"%31"}},
	    {HTTP_GET, "/v1/chat/stream/%C3%BC", "resume", {"\xc3\xbc"}},
	    {HTTP_GET, "/v1/chat/stream/%2e%2E", "resume", {".."}},
	    {HTTP_POST, "/v1/ch%61t", NULL, {NULL}},
	    {HTTP_GET, "/%31/2/3/%34", "four", {"1", "2", "3", "4"}},
	    {HTTP_GET, "/v1/widgets/w", "read", {"w"}},
	    {HTTP_PUT, "/v1/widgets/w", "update", {"w"}},
	    {HTTP_DELETE, "/v1/widgets/w", "delete", {"w"}},
	    {HTTP_GET, "/v1/widgets/new", "new", {NULL}},
	    {HTTP_DELETE, "/v1/widgets/new", "delete", {"new"}},
	    {HTTP_POST, "/v1/widgets/w", "", {NULL}},
	    {HTTP_OTHER, "/v1/widgets/w", "", {NULL}},
	    {HTTP_GET, "/v1/widgets/a:b", "read", {"a:b"}},
	    {HTTP_GET, "/1/22/333/4444", "four", {"1", "22", "333", "4444"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route_match m;
		enum route_result r, want;
		size_t n = 0;

		want = cases[i].payload == NULL ? ROUTE_UNKNOWN
		    : *cases[i].payload == '\0' ? ROUTE_METHOD
						: ROUTE_FOUND;
		r = router_match(router, cases[i].method, slice_str(cases[i].path), &m);
		if (r != want)
			print_error("%s\n", cases[i].path);
		assert_int_equal(r, want);
		if (r == ROUTE_FOUND)
			assert_string_equal((const char *)m.payload, cases[i].payload);
		while (n < ROUTER_CAPTURES_MAX && cases[i].captures[n] != NULL)
			n++;
		assert_int_equal(m.n_captures, n);
		for (size_t k = 0; k < n; k++) {
			uint8_t text[ROUTER_CAPTURE_MAX];

			assert_true(
			    slice_eq_str(router_capture(&m, k, text), cases[i].captures[k]));
		}
	}
}

TEST(a_path_without_a_route_is_unknown)
{
	static const char *const paths[] = {"/healt", "/healthy", "/health/", "//health",
	    "/Health", "", "/v1/chat/stream/", "/v1/chat/stream/m%", "/v1/chat/stream/m%3",
	    "/v1/chat/stream/m%3g", "/v1/chat/stream/m%g3", "/v1/chat/stream/m%00",
	    "/v1/chat/stream/m%1f", "/v1/chat/stream/m%7F", "/v1/chat/stream/m%2Fn",
	    "/v1/chat/stream/%2f", "/v1/chat/stream/%C3", "/v1/chat/stream/%C0%AF",
	    "/v1/chat/stream%2Fm1", "/1/22/333/4444/5", "/1/22//4444", "/unknown"};
	struct route_match m;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (router_match(router, HTTP_GET, slice_str(paths[i]), &m) != ROUTE_UNKNOWN ||
		    m.n_captures != 0)
			fail_msg("%s", paths[i]);
}

TEST(allow_names_the_methods_of_the_path)
{
	static const struct {
		const char *path;
		const char *allow;
	} cases[] = {
	    {"/", "GET, HEAD"},
	    {"/v1/chat", "POST"},
	    {"/v1/widgets", "GET, HEAD, POST"},
	    {"/v1/widgets/w", "GET, HEAD, PUT, DELETE"},
	    {"/v1/widgets/new", "GET, HEAD, PUT, DELETE"},
	    {"/unknown", ""},
	};
	char allow[ROUTER_ALLOW_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route_match m;

		assert_int_not_equal(
		    router_match(router, HTTP_OTHER, slice_str(cases[i].path), &m),
		    ROUTE_FOUND);
		router_allow(m.allowed, allow);
		assert_string_equal(allow, cases[i].allow);
	}
	router_allow((1u << HTTP_OTHER) - 1, allow);
	assert_string_equal(allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

/* Without escapes only the size of the request bounds a capture. */
TEST(decoded_captures_are_bounded)
{
	char path[3 * ROUTER_CAPTURE_MAX + 64] = "/v1/widgets/";
	size_t n = strlen(path);
	struct route_match m;
	uint8_t text[ROUTER_CAPTURE_MAX];

	for (size_t i = 0; i < ROUTER_CAPTURE_MAX; i++, n += 3)
		memcpy(path + n, "%41", 4);
	assert_int_equal(router_match(router, HTTP_GET, slice_str(path), &m), ROUTE_FOUND);
	assert_int_equal(router_capture(&m, 0, text).len, ROUTER_CAPTURE_MAX);
	path[n] = 'A';
	assert_int_equal(router_match(router, HTTP_GET, slice_str(path), &m), ROUTE_UNKNOWN);
	memset(path + 12, 'A', n - 11);
	assert_int_equal(router_match(router, HTTP_GET, slice_str(path), &m), ROUTE_FOUND);
	assert_int_equal(router_capture(&m, 0, text).len, n - 11);
}

TEST_MAIN(set_up, tear_down)
