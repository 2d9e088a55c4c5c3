/*
 * Which addresses belong to a source, and when its pages are due.
 */
#include "tests/unit/unit.h"
#include "workerd/crawl/source/freshness.h"
#include "workerd/crawl/source/site.h"

static struct site
site_of(const char *url, const char *include, const char *exclude)
{
	const struct msg_source_record source = {.kind = SOURCE_SITE,
	    .url = slice_str(url),
	    .include = slice_str(include),
	    .exclude = slice_str(exclude)};
	struct site site;

	assert_int_equal(site_init(&site, &source), 0);
	return site;
}

TEST(a_site_has_the_pages_of_its_host)
{
	static const struct {
		const char *start, *include, *exclude, *url;
		bool has;
	} cases[] = {
	    {"http://a/", "", "", "http://a/b", true},
	    {"http://a/", "", "", "https://a/b", true},
	    {"http://a/", "", "", "http://a:8080/b", false},
	    {"http://a:8080/", "", "", "http://a:8080/b", true},
	    {"http://a/", "", "", "http://b/", false},
	    {"http://a/", "", "", "http://b.a/", false},
	    {"http://a/docs/", "", "", "http://a/docs/b", true},
	    {"http://a/docs/", "", "", "http://a/blog", false},
	    {"http://a/docs/", "/blog", "", "http://a/blog", true},
	    {"http://a/index.html", "", "", "http://a/blog", true},
	    {"http://a/", "/docs/\n/blog/", "*draft", "http://a/blog/b", true},
	    {"http://a/", "/docs/\n/blog/", "*draft", "http://a/blog/draft", false},
	    {"http://a/", "/docs/", "", "http://a/", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct site site = site_of(cases[i].start, cases[i].include, cases[i].exclude);

		assert_int_equal(site_has(&site, cases[i].url), cases[i].has);
		site_clear(&site);
	}
}

TEST(a_site_that_has_moved_includes_the_new_host)
{
	struct site site = site_of("http://a/", "", "");

	strcpy(site.moved, "https://www.a/");
	assert_true(site_has(&site, "https://www.a/b"));
	assert_true(site_has(&site, "http://a/b"));
	assert_false(site_has(&site, "https://b/"));
	site_clear(&site);
}

TEST(pictures_and_archives_are_not_pages)
{
	assert_true(site_is_page("http://a/"));
	assert_true(site_is_page("http://a/b.html?c=d.png"));
	assert_true(site_is_page("http://a/v1.2/x"));
	assert_true(site_is_page("http://a/b.pdf"));
	assert_false(site_is_page("http://a/b.PNG"));
	assert_false(site_is_page("http://a/b.tar.gz?x"));
	assert_true(site_is_page("http://a.zip/"));
}

TEST(intervals_follow_the_changes)
{
	uint32_t s = freshness_interval(0, true, 0);

	assert_int_equal(s, FRESHNESS_FIRST_S);
	assert_true(freshness_interval(s, false, 0) > s);
	assert_true(freshness_interval(s, true, 0) < s);
	for (int i = 0; i < 50; i++)
		s = freshness_interval(s, false, 0);
	assert_int_equal(s, FRESHNESS_MAX_S);
	for (int i = 0; i < 50; i++)
		s = freshness_interval(s, true, 0);
	assert_int_equal(s, FRESHNESS_MIN_S);
	assert_int_equal(freshness_interval(s, true, 5), 300);
	assert_int_equal(freshness_retry(0), FRESHNESS_MIN_S);
	assert_int_equal(freshness_retry(FRESHNESS_MAX_S), 86400);
}

TEST(a_source_that_was_never_read_is_tried_again_soon)
{
	const uint64_t pauses_s[] = {10, 60, 300, 1200, 3600, 3600};
	uint64_t ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++) {
		ms = freshness_first_retry(ms);
		assert_int_equal(ms, pauses_s[i] * 1000);
	}
}

TEST_MAIN(NULL, NULL)
