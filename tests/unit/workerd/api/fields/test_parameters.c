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
	static const char *const cases[][2] = {
	    {"", NULL},
	    {"id", NULL},
	    {"i=1", NULL},
	    {"ids=1", NULL},
	    {"xid=1", NULL},
	    {"x=id=1", NULL},
	    {"i%64=1", NULL},
	    {"id=", ""},
	    {"id=1", "1"},
	    {"&id=1&", "1"},
	    {"a=2&id=1&b=3", "1"},
	    {"id=1=2", "1=2"},
	    {"id=a+b", "a+b"},
	    {"id=a%3Ab%3ac", "a:b:c"},
	    {"id=%26", "&"},
	    {"id=a%2Fb/c", "a/b/c"},
	    {"id=%E2%82%AC", "\xe2\x82\xac"},
	    {"id=%2525", "%25"},
	    /* Invalid values are empty. */
	    {"id=%", ""},
	    {"id=%3", ""},
	    {"id=%3&x=A", ""},
	    {"id=%zz", ""},
	    {"id=a%00b", ""},
	    {"id=a%0Ab", ""},
	    {"id=%FF", ""},
	    {"id=1&id=1", ""},
	    {"id=1&x&id=2", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_value(cases[i][0], cases[i][1]);
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

TEST(a_number_has_digits_only_and_a_maximum)
{
	static const struct {
		const char *text;
		uint32_t max;
		int64_t number; /* -1: none */
	} cases[] = {
	    {"0", 0, 0},
	    {"1", 0, -1},
	    {"007", 10, 7},
	    {"10", 10, 10},
	    {"11", 10, -1},
	    {"999999999", UINT32_MAX, 999999999},
	    {"1000000000", UINT32_MAX, -1},
	    {"99999999999999999999", UINT32_MAX, -1},
	    {"", 10, -1},
	    {"-1", 10, -1},
	    {"+1", 10, -1},
	    {" 1", 10, -1},
	    {"1.0", 10, -1},
	    {"1e1", 10, -1},
	    {"0x1", 10, -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t n = 0;
		bool is_number = parameter_number(slice_str(cases[i].text), cases[i].max, &n);

		if (is_number != (cases[i].number != -1) || (is_number && n != cases[i].number))
			fail_msg("%s", cases[i].text);
	}
}

TEST_MAIN(NULL, NULL)
