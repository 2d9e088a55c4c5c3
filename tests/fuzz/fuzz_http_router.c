/*
 * Paths for the service's own routes and some overlapping patterns. The router sorts, searches and
 * skips; this compares every pattern segment by segment. The first byte selects the method.
 */
#include <ctype.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/http/router.h"

/* The payload identifies the route. */
#define ROUTE(METHOD, pattern, handler, GUARD, RIGHT, body_max, name) \
	{HTTP_##METHOD, pattern, #METHOD " " pattern},
static const struct route table[] = {
#include "workerd/api/routes.def"
    {HTTP_GET, "/x/:a", "GET /x/:a"},
    {HTTP_DELETE, "/x/:a", "DELETE /x/:a"},
    {HTTP_PUT, "/x/y", "PUT /x/y"},
    {HTTP_GET, "/x/y", "GET /x/y"},
    {HTTP_GET, "/x/:a/y", "GET /x/:a/y"},
    {HTTP_POST, "/x/:a/:b", "POST /x/:a/:b"},
    {HTTP_POST, "/:a/y/:b", "POST /:a/y/:b"},
    {HTTP_HEAD, "/:a/:b/:c/:d", "HEAD /:a/:b/:c/:d"},
};

static struct slice
next_segment(struct slice *s, bool *more)
{
	const uint8_t *slash = memchr(s->p, '/', s->len);
	size_t n = slash == NULL ? s->len : (size_t)(slash - s->p);
	struct slice segment = {s->p, n};

	*more = slash != NULL;
	n += *more;
	*s = (struct slice){s->p + n, s->len - n};
	return segment;
}

/* Whether a segment, with or without escapes, can be a parameter, parsed with sscanf(3). */
static bool
is_parameter(struct slice segment)
{
	uint8_t text[ROUTER_CAPTURE_MAX];
	size_t n = 0;

	if (segment.len == 0 || memchr(segment.p, '%', segment.len) == NULL)
		return segment.len > 0;
	for (size_t i = 0; i < segment.len; i++) {
		char hex[3] = {0};
		unsigned byte = segment.p[i];

		if (byte == '%') {
			if (segment.len - i < 3 || !isxdigit(segment.p[i + 1]) ||
			    !isxdigit(segment.p[i + 2]))
				return false;
			memcpy(hex, segment.p + i + 1, 2);
			must(sscanf(hex, "%x", &byte) == 1);
			i += 2;
		}
		if (n == sizeof(text) || byte < ' ' || byte == 0x7f || byte == '/')
			return false;
		text[n++] = (uint8_t)byte;
	}
	return utf8_valid((struct slice){text, n});
}

/* Whether path matches a pattern; captures get the parameters' values. */
static bool
fits(const char *pattern, struct slice path, struct slice *captures)
{
	struct slice rest = slice_str(pattern);
	bool more_pattern = true, more_path = true;

	while (more_pattern && more_path) {
		struct slice want = next_segment(&rest, &more_pattern);
		struct slice have = next_segment(&path, &more_path);

		if (want.len == 0 || want.p[0] != ':') {
			if (!slice_eq(want, have))
				return false;
			continue;
		}
		if (!is_parameter(have))
			return false;
		*captures++ = have;
	}
	return more_pattern == more_path;
}

static bool
serves(const struct route *route, enum http_method method)
{
	return route->method == method || (route->method == HTTP_GET && method == HTTP_HEAD);
}

/* Whether a pattern without captures equals this path and has the method. */
static bool
fixed_serves(struct slice path, enum http_method method)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (slice_eq_str(path, table[i].pattern) && serves(&table[i], method) &&
		    strchr(table[i].pattern, ':') == NULL)
			return true;
	return false;
}

/* A found route matches and has the method and these captures; one without captures takes
 * precedence over one with captures. */
static void
check_found(const struct route_match *m, enum http_method method, struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct slice captures[ROUTER_CAPTURES_MAX] = {0};

		if (table[i].payload != m->payload)
			continue;
		must(serves(&table[i], method) && fits(table[i].pattern, path, captures));
		must((m->n_captures == 0) == fixed_serves(path, method));
		for (size_t c = 0; c < m->n_captures; c++) {
			uint8_t text[ROUTER_CAPTURE_MAX];

			must(captures[c].p != NULL && m->captures[c].p == captures[c].p &&
			    m->captures[c].len == captures[c].len);
			must(utf8_valid(router_capture(m, c, text)) ||
			    memchr(captures[c].p, '%', captures[c].len) == NULL);
		}
		return;
	}
	never("a route that is not in the table");
}

/* The methods of all patterns that the path matches; *served: one has the method. */
static unsigned
allowed_methods(struct slice path, enum http_method method, bool *served)
{
	struct slice captures[ROUTER_CAPTURES_MAX];
	unsigned allowed = 0;

	*served = false;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!fits(table[i].pattern, path, captures))
			continue;
		allowed |= 1u << table[i].method;
		if (table[i].method == HTTP_GET)
			allowed |= 1u << HTTP_HEAD;
		*served = *served || serves(&table[i], method);
	}
	return allowed;
}

static void
check_path(const struct router *router, enum http_method method, struct slice path)
{
	struct route_match m;
	enum route_result r = router_match(router, method, path, &m);
	char allow[ROUTER_ALLOW_SIZE];
	bool served;
	unsigned allowed = allowed_methods(path, method, &served);

	must((r == ROUTE_FOUND) == served);
	must((r == ROUTE_UNKNOWN) == (allowed == 0));
	if (r == ROUTE_FOUND)
		check_found(&m, method, path);
	else
		must(m.allowed == allowed && m.n_captures == 0);
	router_allow(m.allowed, allow);
	must(memchr(allow, '\0', sizeof(allow)) != NULL);
}

FUZZ(http_router)
{
	static struct router *router;
	enum http_method method = (enum http_method)(fuzz_byte(&in) % (HTTP_OTHER + 1));

	if (router == NULL)
		router = router_new(table, ARRAY_LEN(table));
	check_path(router, method, in);
}
