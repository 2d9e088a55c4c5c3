/*
 * Addresses: one page has one address.
 */
#include "tests/unit/unit.h"
#include "workerd/crawl/rules/url.h"

TEST(an_address_has_one_normal_form)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
	    {"http://example.org", "http://example.org/"},
	    {"HTTP://Example.ORG:80/A", "http://example.org/A"},
	    {"https://example.org:443/", "https://example.org/"},
	    {"https://example.org:8443/", "https://example.org:8443/"},
	    {"http://example.org./a", "http://example.org/a"},
	    {"http://example.org/a#b", "http://example.org/a"},
	    {"http://example.org?", "http://example.org/"},
	    {"http://example.org?a=1", "http://example.org/?a=1"},
	    {"http://example.org/a/./b/../c", "http://example.org/a/c"},
	    {"http://example.org/../../a", "http://example.org/a"},
	    {"http://example.org/a/..", "http://example.org/"},
	    {"http://example.org/a/%2e%2E/b", "http://example.org/b"},
	    {"http://example.org/a/.", "http://example.org/a/"},
	    {"http://example.org//a", "http://example.org//a"},
	    {"http://example.org/%7euser/%3fa%2f", "http://example.org/~user/%3Fa%2F"},
	    {"http://example.org/gr\xc3\xbc\xc3\x9f", "http://example.org/gr%C3%BC%C3%9F"},
	    {"http://example.org/a b\"<>", "http://example.org/a%20b%22%3C%3E"},
	    {"http://example.org/100%", "http://example.org/100%25"},
	    {"http://example.org/%%411", "http://example.org/%25A1"},
	    {"http://example.org\\a\\b?c\\d", "http://example.org/a/b?c%5Cd"},
	    {" \n http://exam\nple.org/a\tb ", "http://example.org/ab"},
	    {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
	    {"http://example.org/?utm_source=x&a=1&gclid=2&fbclid=3",
		"http://example.org/?a=1"},
	    {"http://example.org/?utm_source=x", "http://example.org/"},
	    {"http://example.org/?a=1&&b=2", "http://example.org/?a=1&b=2"},
	    {"http://example.org/?a=utm_source", "http://example.org/?a=utm_source"},
	    {"http://example.org/?a=../b", "http://example.org/?a=../b"},
	};
	char out[URL_MAX + 1], again[URL_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(url_normalize(slice_str(cases[i].text), NULL, out), 0);
		assert_string_equal(out, cases[i].normal);
		assert_int_equal(url_normalize(slice_str(out), NULL, again), 0);
		assert_string_equal(again, out);
	}
}

/* RFC 3986, section 5.4, with another base. */
TEST(references_are_resolved)
{
	static const char base[] = "http://a/b/c/d?q";
	static const struct {
		const char *text, *normal;
	} cases[] = {
	    {"g", "http://a/b/c/g"},
	    {"./g", "http://a/b/c/g"},
	    {"g/", "http://a/b/c/g/"},
	    {"/g", "http://a/g"},
	    {"//g", "http://g/"},
	    {"?y", "http://a/b/c/d?y"},
	    {"g?y", "http://a/b/c/g?y"},
	    {"#s", "http://a/b/c/d?q"},
	    {"g#s", "http://a/b/c/g"},
	    {"g;x=1/../y", "http://a/b/c/y"},
	    {"", "http://a/b/c/d?q"},
	    {".", "http://a/b/c/"},
	    {"..", "http://a/b/"},
	    {"../g", "http://a/b/g"},
	    {"../../../g", "http://a/g"},
	    {"/./g", "http://a/g"},
	    {"g.", "http://a/b/c/g."},
	    {"..g", "http://a/b/c/..g"},
	    {"g?y/../x", "http://a/b/c/g?y/../x"},
	    {"https://b", "https://b/"},
	};
	char out[URL_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(url_normalize(slice_str(cases[i].text), base, out), 0);
		assert_string_equal(out, cases[i].normal);
	}
}

TEST(other_addresses_are_refused)
{
	static const char *const bad[] = {"", "a", "/a", "ftp://a/", "file:///etc/passwd",
	    "javascript:alert(1)", "mailto:a@b", "data:text/html,x", "http://", "http:///a",
	    "http://user@a/", "http://user:pw@a/", "http://a:0/", "http://a:65536/",
	    "http://a:b/", "http://a b/", "http://a%2eb/", "http://.a/", "http://a../",
	    "http://a..b/", "http://./", "http://\x8b/", "http://[::1/", "http://[::g]/",
	    "http://[::1]x/", "gopher://a/", "http:a", "http//a"};
	char out[URL_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(url_normalize(slice_str(bad[i]), NULL, out), -1);
	assert_int_equal(url_normalize(slice_str("mailto:a"), "http://a/", out), -1);
}

TEST(a_long_address_is_refused)
{
	char text[2 * URL_MAX] = "http://a/", out[URL_MAX + 1];

	memset(text + 9, 'x', URL_MAX - 9);
	assert_int_equal(url_normalize(slice_str(text), NULL, out), 0);
	text[URL_MAX] = 'x';
	assert_int_equal(url_normalize(slice_str(text), NULL, out), -1);
}

TEST(an_address_is_split)
{
	struct url u = url_split("https://[::1]:8443/a/b?c");

	assert_true(u.secure);
	assert_true(slice_eq_str(u.origin, "https://[::1]:8443"));
	assert_true(slice_eq_str(u.host, "[::1]"));
	assert_int_equal(u.port, 8443);
	assert_true(slice_eq_str(u.path, "/a/b?c"));
	u = url_split("http://a/");
	assert_int_equal(u.port, 80);
	assert_true(slice_eq_str(u.host, "a"));
	assert_true(slice_eq_str(u.path, "/"));
}

TEST_MAIN(NULL, NULL)
