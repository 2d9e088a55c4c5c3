/*
 * Query strings: values, percent-encoding, and numbers.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/fields/parameters.h"

/* Memory of the exact size lets a sanitizer detect reads beyond it. */
static void
assert_value(const char *query, const char *want)
{
	size_t n = strlen(query);
	uint8_t *exact = test_malloc(n + (n == 0));
	uint8_t text[PARAMETER_MAX];
	struct slice value;

	memcpy(exact, query, n);
	value = parameter_read((struct slice){exact, n}, "id", text);
	if ((value.p == NULL) != (want == NULL) || (want != NULL && !slice_eq_str(value, want)))
		fail_msg("%s", query);
	test_free(exact);
}

TEST(a_parameter_has_its_decoded_value)
{
	static const char *const cases[][2] = {{"id=", ""}, {"id=1", "1"}, {"&id=1&", "1"},
	    {"a=2&id=1&b=3", "1"}, {"id=1=2", "1=2"}, {"id=a+b", "a+b"},
	    {"id=a%3Ab%3ac", "a:b:c"}, {"id=%26", "&"}, {"id=a%2Fb/c", "a/b/c"},
	    {"id=%E2%82%AC", "\xe2\x82\xac"}, {"id=%2525", "%25"}};
	static const char *const without[] = {
	    "", "id", "i=1", "ids=1", "xid=1", "x=id=1", "i%64=1"};
	/* Their value is empty. */
	static const char *const invalid[] = {"id=%", "id=%3", "id=%3&x=A", "id=%zz",
	    "id=a%00b", "id=a%0Ab", "id=%FF", "id=1&id=1", "id=1&x&id=2"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_value(cases[i][0], cases[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(without); i++)
		assert_value(without[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++)
		assert_value(invalid[i], "");
}

TEST(a_plus_sign_of_a_form_is_a_space)
{
	static const char *const cases[][2] = {{"id=a+b", "a b"}, {"id=a%2Bb", "a+b"},
	    {"id=+", " "}, {"id=a++b+", "a  b "}, {"id=%E2%82%AC+%20", "\xe2\x82\xac  "},
	    {"id=", ""}, {"id=a+%zz", ""}, {"id=%E2+%82", ""}, {"id=1&id=1", ""},
	    {"id=a%0A+b", ""}, {"id=12345678", "12345678"}, {"id=1+3456+8", "1 3456 8"},
	    {"id=123456789", ""}, {"id=12345678+", ""}, {"id=1234567+9", ""}};
	uint8_t text[8];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice value =
		    parameter_read_form(slice_str(cases[i][0]), "id", text, sizeof(text));

		if (value.p == NULL || !slice_eq_str(value, cases[i][1]))
			fail_msg("%s", cases[i][0]);
	}
	assert_null(parameter_read_form(slice_str("x=1"), "id", text, sizeof(text)).p);
}

TEST(a_value_is_bounded)
{
	char query[3 * PARAMETER_MAX + 8] = "id=";
	char want[PARAMETER_MAX + 1] = {0};
	size_t n = 3;

	for (size_t i = 0; i < PARAMETER_MAX; i++, n += 3)
		memcpy(query + n, "%41", 4);
	memset(want, 'A', PARAMETER_MAX);
	assert_value(query, want);
	memcpy(query + n, "A", 2);
	assert_value(query, "");
}

static bool
is_number(const char *text, uint32_t max, uint32_t number)
{
	uint32_t n = 0;

	return parameter_number(slice_str(text), max, &n) && n == number;
}

TEST(a_number_has_digits_only_and_a_maximum)
{
	static const char *const invalid[] = {"11", "1000000000", "99999999999999999999", "",
	    "-1", "+1", " 1", "1.0", "1e1", "0x1"};
	uint32_t n;

	assert_true(is_number("0", 0, 0));
	assert_false(is_number("1", 0, 1));
	assert_true(is_number("007", 10, 7));
	assert_true(is_number("10", 10, 10));
	assert_true(is_number("999999999", UINT32_MAX, 999999999));
	assert_false(parameter_number(slice_str("1000000000"), UINT32_MAX, &n));
	assert_false(parameter_number(slice_str("99999999999999999999"), UINT32_MAX, &n));
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++)
		if (parameter_number(slice_str(invalid[i]), 10, &n))
			fail_msg("%s", invalid[i]);
}

TEST_MAIN(NULL, NULL)
