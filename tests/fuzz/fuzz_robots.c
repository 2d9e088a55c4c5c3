/*
 * robots.txt, and an address behind its first line: the address has one normal form, the rules decide as a simple
 * implementation of patterns does, and groups for other crawlers change nothing.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/crawl/rules/path_pattern.h"
#include "workerd/crawl/rules/robots.h"
#include "workerd/crawl/rules/url.h"

#define PLAIN_MAX 256

/* Whether a pattern matches the front of a path: each row says which parts of the pattern can end there. */
static bool
plainly_matches(struct slice pattern, struct slice path)
{
	bool can[PLAIN_MAX + 1] = {true};
	bool to_end = pattern.len > 0 && pattern.p[pattern.len - 1] == '$';
	size_t m = pattern.len - to_end;

	for (size_t i = 0;; i++) {
		for (size_t j = 0; j < m; j++)
			if (pattern.p[j] == '*' && can[j])
				can[j + 1] = true;
		if (can[m] && (!to_end || i == path.len))
			return true;
		if (i == path.len)
			return false;
		for (size_t j = m; j > 0; j--)
			can[j] = pattern.p[j - 1] == '*'
			    ? can[j]
			    : can[j - 1] && pattern.p[j - 1] == path.p[i];
		can[0] = false;
	}
}

static void
check_pattern(struct slice line, const char *url)
{
	struct buf pattern, path;

	buf_init(&pattern, PLAIN_MAX);
	buf_init(&path, (size_t)3 * URL_MAX);
	if (path_pattern_add(&pattern, line) == 0) {
		must(path_pattern_add_path(&path, url_split(url).path) == 0);
		must(path_pattern_matches(buf_slice(&pattern), buf_slice(&path)) ==
		    plainly_matches(buf_slice(&pattern), buf_slice(&path)));
	}
	buf_clear(&pattern);
	buf_clear(&path);
}

/* The same rules behind a group for another crawler decide the same. */
static void
check_group(struct slice in, struct slice path)
{
	static const char other[] = "User-agent: other\nDisallow: /\nUser-agent: banter\n";
	struct buf text;
	struct robots *r, *own;

	buf_init(&text, sizeof(other) + in.len);
	fuzz_put(&text, slice_str("User-agent: banter\n"));
	fuzz_put(&text, in);
	own = robots_parse(buf_slice(&text));
	buf_reset(&text);
	fuzz_put(&text, slice_str(other));
	fuzz_put(&text, in);
	r = robots_parse(buf_slice(&text));
	must(robots_allows(r, path) == robots_allows(own, path));
	must(robots_delay_ms(r) <= ROBOTS_DELAY_MAX_MS);
	must(robots_sitemaps(r) == robots_sitemaps(own));
	for (size_t i = 0; i < robots_sitemaps(r); i++)
		must(slice_eq(robots_sitemap(r, i), robots_sitemap(own, i)));
	robots_free(r);
	robots_free(own);
	buf_clear(&text);
}

FUZZ(robots)
{
	const uint8_t *end = in.len == 0 ? NULL : memchr(in.p, '\n', in.len);
	struct slice line = {in.p, end == NULL ? in.len : (size_t)(end - in.p)};
	struct slice rest = {in.p + line.len, in.len - line.len};
	char url[URL_MAX + 1], again[URL_MAX + 1];

	if (url_normalize(line, "http://example.org/a/b?c", url) != 0)
		return;
	must(url_normalize(slice_str(url), NULL, again) == 0 && strcmp(url, again) == 0);
	must(utf8_valid(slice_str(url)));
	must(url_split(url).path.p[0] == '/' && url_split(url).host.len > 0);
	check_group(rest, url_split(url).path);
	check_pattern(rest, url);
}
