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

	for (size_t i = 0; i < SITEMAP_BASES; i++)
		if (entry->base[i].len > 0)
			assert_int_equal(buf_printf(&seen, "%.*s | ", (int)entry->base[i].len,
					     (const char *)entry->base[i].p),
			    0);
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
	    {"http://a/1\rhttp://a/2\r", "http://a/1 http://a/2 "},
	    {"<URLSET><Url><LOC>http://a/</LOC></Url></URLSET>", "http://a/ "},
	    {"<urlset><url><loc>/a</loc></url><url><loc>b?x</loc></url></urlset>", "/a b?x "},
	    {"<urlset><url><loc>http://a/1</loc><url><loc>http://a/2</loc></urlset>",
		"http://a/1 http://a/2 "},
	    {"<urlset><url><loc>http://a/<b></b></loc></url></urlset>", "http://a/ "},
	    {"<urlset><url><image:loc>http://b/i.png</image:loc><loc>http://a/</loc></url></"
	     "urlset>",
		"http://a/ "},
	    {"<urlset><url><loc>http://a/caf\xe9</loc></url></urlset>",
		"http://a/caf\xc3\xa9 "},
	    /* Byte order marks and spaces that do not break in front of the text, a line or an address. */
	    {"\n\xef\xbb\xbf\xef\xbb\xbf<urlset><url><loc>\xef\xbb\xbfhttp://a/\xc2\xa0"
	     "</loc></url></urlset>",
		"http://a/ "},
	    {"http://a/1\n\xef\xbb\xbfhttp://a/2\n", "http://a/1 http://a/2 "},
	    /* Behind the warnings of a program. */
	    {"Notice: Undefined index in /a.php on line 3\n<urlset><url><loc>http://a/"
	     "</loc></url></urlset>",
		"http://a/ "},
	    {"", ""},
	    {"<", ""},
	    {"<html><body>Not found</body></html>", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(entries(cases[i].text), cases[i].entries);
		buf_clear(&seen);
	}
}

TEST(feeds_are_lists_of_addresses)
{
	static const struct {
		const char *text, *entries;
	} cases[] = {
	    {"<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>"
	     "<link>http://a/</link><image><url>http://a/i.png</url><link>http://a/</link></"
	     "image>"
	     "<atom:link href=\"http://a/feed\" rel=\"self\"/><item><title>One</title>"
	     "<link>\nhttp://a/1?x&amp;y</link><guid>http://a/?p=1</guid>"
	     "<atom:link href=\"http://b/\"/><pubDate>Wed, 01 May 2024 10:00:30 +0200</pubDate>"
	     "<source url=\"http://b/feed\">B</source></item>"
	     "<item><guid isPermaLink=\"true\">http://a/2</guid></item>"
	     "<item><guid>not an address</guid></item><item><link/></item></channel></rss>",
		"http://a/1?x&y@1714550430 http://a/2 "},
	    {"<rdf:RDF xmlns:rdf=\"x\"><channel rdf:about=\"http://a/\"><items><rdf:Seq>"
	     "<rdf:li resource=\"http://a/1\"/></rdf:Seq></items></channel>"
	     "<item "
	     "rdf:about=\"http://a/1\"><link>http://a/1</link><dc:date>2024-05-01</dc:date></"
	     "item>"
	     "<item rdf:about=\"http://a/2\"><title>Two</title></item></rdf:RDF>",
		"http://a/1@1714521600 http://a/2 "},
	    {"<feed xmlns=\"http://www.w3.org/2005/Atom\"><link "
	     "href=\"http://a/\"/><id>urn:x</id>"
	     "<entry><id>urn:1</id><link rel=\"replies\" href=\"http://a/1/r\"/>"
	     "<link rel='alternate' type=\"text/html\" href='http://a/1?x&amp;y' />"
	     "<updated>2024-05-01T10:00:00+02:00</updated><source><link "
	     "href=\"http://b/\"/></source>"
	     "</entry><entry><link data-href=\"http://b/\" href=\"/2\"></link></entry>"
	     "<entry><link rel=\"edit\" href=\"http://a/3\"/><link "
	     "href=\"unquoted></entry></feed>",
		"http://a/1?x&y@1714550400 /2 "},
	    /* ">" in the value of an attribute, and quotes without an end. */
	    {"<feed><entry><link title=\"News > Sport\" href='http://a/?1>2'/></entry><entry>"
	     "<link title=\"News></link><link href=\"http://a/2\"/></entry></feed>",
		"http://a/?1>2 http://a/2 "},
	    {"<?xml version='1.0'?><feed xml:base='http://a/blog/'><entry><link "
	     "href='1'/></entry>"
	     "<entry xml:base=\"/news/\"><link href=\"2\"/></entry></feed>",
		"http://a/blog/ | 1 http://a/blog/ | /news/ | 2 "},
	    /* Of the elements around the entry only, also if ends are missing. */
	    {"<rss xml:base='http://a/'><channel xml:base='b/'><image xml:base='no/'/>"
	     "<item xml:base='c/'><link>1</link><item><link xml:base='no/'>2</link></item>"
	     "</channel><channel><item><link>3</link></item></channel></rss>",
		"http://a/ | b/ | c/ | 1 http://a/ | b/ | 2 http://a/ | 3 "},
	    {"<rss><channel xml:base='b/'><p><p><item "
	     "xml:base='c/'><link>1</link></item></rss>",
		"b/ | c/ | 1 "},
	    /* Several pages of an entry: the first one that is HTML, else the first one. */
	    {"<feed><entry><link rel='alternate' type='application/pdf' href='http://a/1.pdf'/>"
	     "<link rel='alternate' type='TEXT/HTML; charset=utf-8' href='http://a/1'/>"
	     "<link rel='alternate' hreflang='de' href='http://a/1/de'/></entry>"
	     "<entry><link type='image/png' href='http://a/2.png'/></entry>"
	     "<entry><link rel='http://www.iana.org/assignments/relation/alternate' "
	     "href='http://a/3'/></entry></feed>",
		"http://a/1 http://a/2.png http://a/3 "},
	    {"<rss><item><guid isPermaLink='false'>http://a/?p=1</guid></item>"
	     "<item><guid isPermaLink=\"true\">http://a/2</guid></item></rss>",
		"http://a/2 "},
	    {"<atom:feed><atom:entry><atom:link href=\"http://a/1\"/></atom:entry></atom:feed>",
		"http://a/1 "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(entries(cases[i].text), cases[i].entries);
		buf_clear(&seen);
	}
}

TEST(utf_16_is_read)
{
	static const char text[] = "<urlset><url><loc>http://a/\x01\x02</loc></url></urlset>";

	for (int form = 0; form < 4; form++) {
		const bool big = form & 1, mark = form & 2;
		struct buf utf16;
		size_t left = 1;

		buf_init(&utf16, 1000);
		if (mark)
			assert_int_equal(
			    buf_append(&utf16, big ? "\xfe\xff" : "\xff\xfe", 2), 0);
		for (size_t i = 0; text[i] != '\0'; i++) {
			/* In place of the two: U+00E9, and U+1F600 as a pair of surrogates. */
			static const uint16_t units[][2] = {{0xe9, 0}, {0xd83d, 0xde00}};
			const bool special = text[i] == 1 || text[i] == 2;

			for (size_t k = 0; k < (special && units[text[i] - 1][1] != 0 ? 2 : 1);
			     k++) {
				const uint16_t u = special ? units[text[i] - 1][k]
							   : (uint16_t)(uint8_t)text[i];
				const uint8_t bytes[] = {
				    (uint8_t)(big ? u >> 8 : u), (uint8_t)(big ? u : u >> 8)};

				assert_int_equal(buf_append(&utf16, bytes, 2), 0);
			}
		}
		assert_int_equal(buf_append(&utf16, "x", 1), 0); /* half a character */
		buf_init(&seen, 1000);
		assert_int_equal(sitemap_parse(buf_slice(&utf16), note, &left), 1);
		assert_int_equal(buf_append(&seen, "", 1), 0);
		assert_string_equal(
		    (const char *)buf_data(&seen), "http://a/\xc3\xa9\xf0\x9f\x98\x80 ");
		buf_clear(&seen);
		buf_clear(&utf16);
	}
}

/* A list of lines, and XML behind a line end: what comes first is any ASCII character. */
TEST(utf_16_without_a_mark_is_read)
{
	static const char *const texts[] = {"http://a/1\r\nhttp://a/2\r\n",
	    "\r\n<urlset><url><loc>http://a/1</loc></url><url><loc>http://a/2</loc></url>"};

	for (size_t k = 0; k < 2 * ARRAY_LEN(texts); k++) {
		struct buf utf16;
		size_t left = 9;

		buf_init(&utf16, 1000);
		for (const char *p = texts[k / 2]; *p != '\0'; p++) {
			const uint8_t bytes[] = {
			    (uint8_t)(k % 2 ? *p : 0), (uint8_t)(k % 2 ? 0 : *p)};

			assert_int_equal(buf_append(&utf16, bytes, 2), 0);
		}
		buf_init(&seen, 1000);
		assert_int_equal(sitemap_parse(buf_slice(&utf16), note, &left), 2);
		assert_int_equal(buf_append(&seen, "", 1), 0);
		assert_string_equal((const char *)buf_data(&seen), "http://a/1 http://a/2 ");
		buf_clear(&seen);
		buf_clear(&utf16);
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
	    {"Wed, 01 May 2024 10:00:30 +0200", 1714550430},
	    {"1 May 2024 10:00 GMT", 1714557600},
	    {"Wed, 01 May 2024 10:00:30 -01:30", 1714563030},
	    {"Wed, 01 May", 0},
	    {"Wed, 01 May 1969 10:00:30 GMT", 0},
	    {"Wednesday, 01 May 2024 10:00:30 GMT, and so on and on, for more than a line of "
	     "text",
		0},
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
