/*
 * Sitemaps: what counts as an entry, and what does not.
 */
#include "proto/base/buf.h"
#include "tests/unit/unit.h"
#include "workerd/crawl/rules/path_pattern.h"
#include "workerd/crawl/rules/sitemap.h"

static struct buf seen;

static bool
note(void *arg, const struct sitemap_entry *entry)
{
	size_t *left = arg;

	assert_int_equal(buf_printf(&seen, "%s%.*s", entry->is_sitemap ? "+" : "",
			     (int)entry->url.len, (const char *)entry->url.p),
	    0);
	if (entry->lastmod != 0)
		assert_int_equal(
		    buf_printf(&seen, "@%llu", (unsigned long long)entry->lastmod / 1000), 0);
	assert_int_equal(buf_append(&seen, " ", 1), 0);
	return --*left > 0;
}

/* The entries of a text, as one text. */
static const char *
entries(const char *text)
{
	size_t left = 100;

	buf_init(&seen, 1 << 20);
	sitemap_parse(slice_str(text), note, &left);
	assert_int_equal(buf_append(&seen, "", 1), 0);
	return (const char *)buf_data(&seen);
}

TEST(entries_are_found)
{
	static const struct {
		const char *text, *entries;
	} cases[] = {
	    {"<?xml version=\"1.0\"?><urlset "
	     "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">"
	     "<url><loc> http://a/1 </loc><lastmod>2024-05-01</lastmod></url>"
	     "<url>\n<lastmod>2024-05-01T10:00:00+02:00</lastmod><loc>http://a/"
	     "2?x=1&amp;y=%22</loc>"
	     "</url></urlset>",
		"http://a/1@1714521600 http://a/2?x=1&y=%22@1714550400 "},
	    {"<sitemapindex><sitemap><loc>http://a/s.xml.gz</loc></sitemap></sitemapindex>",
		"+http://a/s.xml.gz "},
	    {"<urlset><url><loc><![CDATA[http://a/&amp;]]></loc></url></urlset>",
		"http://a/&amp; "},
	    {"<s:urlset xmlns:s='x'><s:url><s:loc>http://a/</s:loc></s:url></s:urlset>",
		"http://a/ "},
	    {"<urlset><url><loc>http://a/</loc><image:image><image:loc>http://b/i.png</"
	     "image:loc>"
	     "</image:image></url></urlset>",
		"http://a/ "},
	    {"<urlset><!-- <url><loc>http://a/</loc></url> "
	     "--><url><loc>&#104;ttp://&#x61;/</loc></url>",
		"http://a/ "},
	    {"<urlset><url><loc/></url><url/><url><loc>http://a/", ""},
	    {"<!DOCTYPE x [<!ENTITY a "
	     "'b'>]><urlset><url><loc>http://a/&a;</loc></url></urlset>",
		"http://a/&a; "},
	    {"\xef\xbb\xbfhttp://a/1\r\nhttps://a/2\n\nnonsense\nHTTP://a/3",
		"http://a/1 https://a/2 HTTP://a/3 "},
	    {"", ""},
	    {"<", ""},
	    {"<html><body>Not found</body></html>", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(entries(cases[i].text), cases[i].entries);
		buf_clear(&seen);
	}
}

static bool
count(void *arg, const struct sitemap_entry *entry)
{
	(void)entry;
	++*(size_t *)arg;
	return true;
}

TEST(no_more_entries_than_the_protocol_allows_are_read)
{
	struct buf text;
	size_t n = 0;

	buf_init(&text, 1 << 22);
	assert_int_equal(buf_append_str(&text, "<urlset>"), 0);
	for (int i = 0; i < SITEMAP_ENTRIES_MAX + 10; i++)
		assert_int_equal(buf_printf(&text, "<url><loc>http://a/%d</loc></url>", i), 0);
	assert_int_equal(sitemap_parse(buf_slice(&text), count, &n), SITEMAP_ENTRIES_MAX);
	assert_int_equal(n, SITEMAP_ENTRIES_MAX);
	buf_clear(&text);
}

TEST(dates_are_read)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} cases[] = {
	    {"2024-05-01", 1714521600},
	    {"2024", 1704067200},
	    {"2024-05", 1714521600},
	    {"2024-05-01T10:00Z", 1714557600},
	    {"2024-05-01T10:00:30Z", 1714557630},
	    {"2024-05-01T10:00:30.123456-01:30", 1714563030},
	    {"1969-01-01", 0},
	    {"2024-13-01", 0},
	    {"2024-05-01T25:00", 0},
	    {"yesterday", 0},
	    {"", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    sitemap_date(slice_str(cases[i].text)), cases[i].seconds * 1000);
}

TEST(patterns_of_owners_match_paths)
{
	static const struct {
		const char *lines, *path;
		bool any;
	} cases[] = {
	    {"/docs/", "/docs/a", true},
	    {"/docs/", "/blog/a", false},
	    {"\n /docs/ \r\n/blog*.html$", "/blog/a.html", true},
	    {"*/print", "/a/print", true},
	    {"docs", "/docs/a", true},
	    {"http://a/docs", "/docs/a", true},
	    {"/gr\xc3\xbc\xc3\x9f", "/gr%C3%BC%C3%9F/a", true},
	    {"", "/a", false},
	    {"\n\n", "/a", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    path_pattern_any(slice_str(cases[i].lines), slice_str(cases[i].path)),
		    cases[i].any);
}

TEST_MAIN(NULL, NULL)
