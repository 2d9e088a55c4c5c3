/*
 * robots.txt. The examples are those of RFC 9309 and its references.
 */
#include "tests/unit/unit.h"
#include "workerd/crawl/rules/robots.h"
#include "workerd/crawl/rules/robots_tag.h"

static bool
allows(const char *text, const char *path)
{
	struct robots *r = robots_parse(slice_str(text));
	bool allowed = robots_allows(r, slice_str(path));

	robots_free(r);
	return allowed;
}

/* Section 5.1, "Simple Example", with our name in place of theirs. */
static const char simple[] = "User-Agent: *\n"
			     "Disallow: *.gif$\n"
			     "Disallow: /example/\n"
			     "Allow: /publications/\n"
			     "\n"
			     "User-Agent: banter\n"
			     "Disallow:/\n"
			     "Allow:/example/page.html\n"
			     "Allow:/example/allowed.gif\n"
			     "\n"
			     "User-Agent: barbot\n"
			     "User-Agent: bazbot\n"
			     "Disallow: /example/page.html\n";

TEST(the_own_group_counts_and_no_other)
{
	assert_true(allows(simple, "/example/page.html"));
	assert_true(allows(simple, "/example/allowed.gif"));
	assert_false(allows(simple, "/example/"));
	assert_false(allows(simple, "/publications/"));
	assert_true(allows(simple, "/robots.txt"));
}

TEST(without_an_own_group_that_for_all_counts)
{
	static const char text[] = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\n"
				   "Allow: /publications/\nUser-agent: barbot\nDisallow: /\n";

	assert_false(allows(text, "/a.gif"));
	assert_true(allows(text, "/a.gif?x"));
	assert_false(allows(text, "/example/a"));
	assert_true(allows(text, "/publications/"));
	assert_true(allows(text, "/"));
	assert_true(allows("User-agent: other\nDisallow: /\n", "/a"));
	assert_true(allows("", "/a"));
}

/* Section 5.2: the longest match counts; of equal ones, allow. */
TEST(the_longest_match_counts)
{
	static const struct {
		const char *rules, *path;
		bool allowed;
	} cases[] = {
	    {"Allow: /example/page/\nDisallow: /example/page/disallowed.gif",
		"/example/page/disallowed.gif", false},
	    {"Allow: /example/page/\nDisallow: /example/page/disallowed.gif", "/example/page/",
		true},
	    {"Allow: /p\nDisallow: /", "/page", true},
	    {"Allow: /folder\nDisallow: /folder", "/folder/page", true},
	    {"Allow: /page\nDisallow: /*.htm", "/page.htm", false},
	    {"Allow: /$\nDisallow: /", "/", true},
	    {"Allow: /$\nDisallow: /", "/page.htm", false},
	    {"Disallow: /fish", "/fish.html", false},
	    {"Disallow: /fish", "/Fish.asp", true},
	    {"Disallow: /fish", "/catfish", true},
	    {"Disallow: /fish/", "/fish", true},
	    {"Disallow: /fish*", "/fish/salmon.html", false},
	    {"Disallow: /*.php", "/folder/any.php.file.html", false},
	    {"Disallow: /*.php$", "/folder/filename.php", false},
	    {"Disallow: /*.php$", "/filename.php?parameters", true},
	    {"Disallow: /fish*.php", "/fishheads/catfish.php?parameters", false},
	    {"Disallow: /fish*.php", "/Fish.PHP", true},
	    {"Disallow:", "/a", true},
	    {"Disallow: /a*b*c*d$", "/abcd", false},
	    {"Disallow: /a*b*c*d$", "/abcde", true},
	    {"Disallow: /a*a$", "/a", true},
	    {"Disallow: /*?", "/a?b", false},
	    {"Disallow: /*?", "/a", true},
	    {"disallow : /a", "/a", false},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "user-agent:*\n%s", cases[i].rules);
		assert_int_equal(allows(text, cases[i].path), cases[i].allowed);
	}
}

/* Section 2.2.2, figures 3 to 5, and 2.2.3. */
TEST(escapes_are_compared_in_one_form)
{
	assert_false(allows("User-agent: *\nDisallow: /foo/bar?baz=quz", "/foo/bar?baz=quz"));
	assert_false(
	    allows("User-agent: *\nDisallow: /foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84"));
	assert_false(
	    allows("User-agent: *\nDisallow: /foo/bar/%E3%83%84", "/foo/bar/%E3%83%84"));
	assert_false(allows("User-agent: *\nDisallow: /foo/bar/%62%61%7A", "/foo/bar/baz"));
	assert_false(allows("User-agent: *\nDisallow: /foo/bar/%62%61%7a", "/foo/bar/baz"));
	assert_true(allows("User-agent: *\nDisallow: /a%2fb", "/a/b"));
	/* A literal * or $ in a path matches %2A and %24. */
	assert_false(allows("User-agent: *\nDisallow: /file-%2A.html", "/file-*.html"));
	assert_true(allows("User-agent: *\nDisallow: /file-%2A.html", "/file-x.html"));
	assert_false(allows("User-agent: *\nDisallow: /a%24b", "/a$b"));
	assert_true(allows("User-agent: *\nDisallow: /a$b", "/a"));
}

TEST(groups_of_one_name_are_joined)
{
	static const char text[] =
	    "User-agent: banter\r\nDisallow: /a\r\n\r\n"
	    "User-agent: other\r\nDisallow: /b\r\n"
	    "User-Agent: x\r\nuser-agent: BANTER/2.0 # we\r\nDisallow: /c\r\n";

	assert_false(allows(text, "/a"));
	assert_true(allows(text, "/b"));
	assert_false(allows(text, "/c"));
	assert_true(allows("User-agent: banterbot\nDisallow: /", "/a"));
	assert_true(allows("Disallow: /\nUser-agent: *\nAllow: /", "/a"));
	assert_false(allows("\xef\xbb\xbfUser-agent: *\rDisallow: /", "/a"));
	assert_false(allows("User-agent: *\nSitemap: /s\n\n# c\nDisallow: /", "/a"));
}

/* What Google's parser accepts (google/robotstxt), and what it does not. */
TEST(common_mistakes_are_accepted)
{
	static const char *const forbid[] = {
	    "user-agent: *\ndissallow: /a",
	    "user-agent: *\ndissalow: /a",
	    "user-agent: *\ndisalow: /a",
	    "user-agent: *\ndiasllow: /a",
	    "user-agent: *\ndisallaw: /a",
	    "user-agent: *\nDISALOW: /a",
	    "user-agent: *\ndisallow /a",
	    "user-agent: *\ndisallow\t/a ",
	    "user-agent: *\n  disallow   /a # all",
	    "user-agent: *\nDisallow : /a",
	    "user-agent *\ndisallow: /a",
	    "\fuser-agent:\v*\n\v\fdisallow: /a\v",
	    "useragent: *\ndisallow: /a",
	    "user agent: *\ndisallow: /a",
	    "User-Agent : banter\nDisallow: /a",
	    "user-agent: * and more\ndisallow: /a",
	    "\xef\xbb\xbfuser-agent: *\ndisallow: /a",
	    "\xef\xbbuser-agent: *\ndisallow: /a",
	    "\xefuser-agent: *\ndisallow: /a",
	};
	static const char *const allow[] = {
	    "user-agent: *\ndisallow /a b",
	    "user-agent: *\ndisallow",
	    "user-agent: *\ndis allow: /a",
	    "user-agent: *\nforbid: /a",
	    "user-agent: *bot\ndisallow: /a",
	    "\xbb\xbfuser-agent: *\ndisallow: /a",
	    "user-agent: *\ndisallow: /\nallow: /a/index.html",
	    "user-agent: *\ndisallow: /\nallow: /a/index.htm",
	};

	for (size_t i = 0; i < ARRAY_LEN(forbid); i++)
		assert_false(allows(forbid[i], "/a/"));
	for (size_t i = 0; i < ARRAY_LEN(allow); i++)
		assert_true(allows(allow[i], "/a/"));
	assert_false(allows("user-agent: *\ndisallow: /\nallow: /a/index.html", "/a/b"));
}

TEST(sitemaps_and_delays_are_read)
{
	static const char text[] = "Sitemap: https://a/s.xml\nUser-agent: *\nCrawl-delay: 2.5\n"
				   "sitemap:/t.xml # x\nUser-agent: banter\nCrawl-delay: 1e9\n";
	struct robots *r = robots_parse(slice_str(text));

	assert_int_equal(robots_sitemaps(r), 2);
	assert_true(slice_eq_str(robots_sitemap(r, 0), "https://a/s.xml"));
	assert_true(slice_eq_str(robots_sitemap(r, 1), "/t.xml"));
	assert_int_equal(robots_delay_ms(r), ROBOTS_DELAY_MAX_MS);
	robots_free(r);
	r = robots_parse(slice_str("User-agent: *\nCrawl-delay: 2.5"));
	assert_int_equal(robots_delay_ms(r), 2500);
	robots_free(r);
	r = robots_parse(slice_str("User-agent: *\nCrawl-delay: -1\nCrawl-delay: x"));
	assert_int_equal(robots_delay_ms(r), 0);
	robots_free(r);
}

TEST(assumed_rules_allow_all_or_nothing)
{
	struct robots *r = robots_all(true);

	assert_true(robots_allows(r, slice_str("/a")));
	robots_free(r);
	r = robots_all(false);
	assert_false(robots_allows(r, slice_str("/a")));
	assert_true(robots_allows(r, slice_str("/robots.txt")));
	robots_free(r);
}

/* Of a line across the limit nothing counts, not "Disallow: /" of "Disallow: /a". */
TEST(a_line_across_the_limit_is_not_read)
{
	static char text[ROBOTS_BYTES_MAX + 100];
	static const char rules[] = "user-agent: *\ndisallow: /b\n", last[] = "disallow: /a";

	for (size_t beyond = 0; beyond <= 2; beyond++) {
		/* The last line ends `beyond` bytes behind the limit, and then the text does. */
		const size_t end = ROBOTS_BYTES_MAX + beyond;

		memset(text, '\n', sizeof(text));
		memcpy(text, rules, strlen(rules));
		memcpy(text + end - strlen(last), last, strlen(last));
		text[end] = '\0';
		assert_true(allows(text, "/"));
		assert_false(allows(text, "/b"));
		assert_int_equal(allows(text, "/a"), beyond > 0);
		/* As it is when the rest was not fetched. */
		text[ROBOTS_BYTES_MAX + 1] = '\0';
		assert_true(allows(text, "/"));
		assert_false(allows(text, "/b"));
	}
}

/* A pattern must not cost more time than its length. */
TEST(many_stars_take_no_time)
{
	static char pattern[ROBOTS_BYTES_MAX], path[2000];
	size_t n = (size_t)snprintf(pattern, sizeof(pattern), "User-agent: *\n");

	while (n < sizeof(pattern) - 100)
		n += (size_t)snprintf(pattern + n, sizeof(pattern) - n,
		    "Disallow: *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b$\n");
	path[0] = '/';
	memset(path + 1, 'a', sizeof(path) - 2);
	assert_true(allows(pattern, path));
}

TEST(x_robots_tag_is_read)
{
	static const struct {
		const char *value;
		bool noindex, nofollow;
	} cases[] = {
	    {"noindex", true, false},
	    {"NoIndex , nofollow", true, true},
	    {"none", true, true},
	    {"all", false, false},
	    {"otherbot: noindex", false, false},
	    {"banter: noindex", true, false},
	    {"otherbot: noindex, nofollow", false, false},
	    {"unavailable_after: 25 Jun 2010 15:00:00 PST, noindex", true, false},
	    {"max-snippet: 5, nofollow", false, true},
	    {"", false, false},
	    {",,", false, false},
	    {"noindexing", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct robots_tag tag = {0};

		robots_tag_add(&tag, slice_str(cases[i].value));
		assert_int_equal(tag.noindex, cases[i].noindex);
		assert_int_equal(tag.nofollow, cases[i].nofollow);
	}
}

TEST_MAIN(NULL, NULL)
