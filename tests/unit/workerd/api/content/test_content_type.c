/*
 * The Content-Type of an upload.
 */
#include "tests/unit/unit.h"
#include "workerd/api/content/content_type.h"

static const char *
read_type(const char *value)
{
	static struct content_type type;

	return content_type_read(slice_str(value), &type) ? type.text : NULL;
}

TEST(a_type_keeps_its_parameters_if_they_fit)
{
	assert_string_equal(read_type("text/plain"), "text/plain");
	assert_string_equal(
	    read_type(" Text/HTML ;charset=latin1\t"), "Text/HTML ;charset=latin1");
	assert_string_equal(read_type("text/html;"), "text/html;");
	assert_string_equal(read_type("text/plain; a=\xff"), "text/plain");
	assert_string_equal(read_type("text/plain; a=\"b\rc\""), "text/plain");
}

TEST(a_value_that_is_too_long_keeps_the_type_alone)
{
	char value[8192];

	for (int spaces = 0; spaces < 8000; spaces += spaces < 200 ? 1 : 500) {
		snprintf(value, sizeof(value), "text/plain%*s;a=b", spaces, "");
		if (strlen(value) > CONTENT_TYPE_MAX)
			assert_string_equal(read_type(value), "text/plain");
		else
			assert_string_equal(read_type(value), value);
	}
	memset(value, 'b', 200);
	memcpy(value, "text/html;a=", 12);
	value[200] = '\0';
	assert_string_equal(read_type(value), "text/html");
}

TEST(a_type_that_crawld_does_not_read_is_refused)
{
	static const char *const wrong[] = {
	    "", " ", ";", "image/png", "text/plainer", "text", "text/plain,text/html"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(read_type(wrong[i]));
	assert_false(content_type_read((struct slice){0}, &(struct content_type){{0}}));
}

TEST_MAIN(NULL, NULL)
