/*
 * Schemas of arguments: which ones are accepted, and what fits them.
 */
#include <jansson.h>

#include "tests/unit/unit.h"
#include "workerd/tools/tool_schema.h"

#define OBJECT(rest) "{\"type\":\"object\"" rest "}"
#define X(schema)    OBJECT(",\"properties\":{\"x\":" schema "}")

static const struct {
	const char *schema, *why; /* NULL: valid */
} schemas[] = {
    {OBJECT(""), NULL},
    {X("{\"type\":[\"string\",\"null\"],\"description\":\"a\"}"), NULL},
    {X("{\"enum\":[1,\"a\"],\"const\":1.0}"), NULL},
    {X("{}"), NULL},
    {"[]", "its \"type\" must be \"object\""},
    {"{\"type\":\"string\"}", "its \"type\" must be \"object\""},
    {"{}", "its \"type\" must be \"object\""},
    {X("true"), "a schema must be an object"},
    {X("{\"type\":\"text\"}"), "\"type\" must name types"},
    {X("{\"type\":[]}"), "\"type\" must name types"},
    {X("{\"pattern\":\"a*\"}"), "the keyword \"pattern\" is not supported"},
    {X("{\"$ref\":\"#\"}"), "the keyword \"$ref\" is not supported"},
    {X("{\"minimum\":3,\"maximum\":2}"), "\"minimum\" is greater than \"maximum\""},
    {X("{\"minimum\":\"3\"}"), "\"minimum\" must be a number"},
    {X("{\"minLength\":-1}"), "\"minLength\" must be a whole number from 0 on"},
    {X("{\"minItems\":2,\"maxItems\":1}"), "\"minItems\" is greater than \"maxItems\""},
    {X("{\"enum\":[]}"), "\"enum\" must be a list of values"},
    {X("{\"type\":\"string\",\"enum\":[1]}"), "no value of \"enum\" has the type"},
    {X("{\"type\":\"string\",\"const\":1}"), "\"const\" does not have the type"},
    {X("{\"enum\":[1],\"const\":2}"), "\"const\" is not in \"enum\""},
    {OBJECT(",\"required\":[\"y\"]"), "\"required\" names \"y\", which is not a property"},
    {OBJECT(",\"required\":[1]"), "\"required\" must be a list of names"},
    {OBJECT(",\"properties\":[]"), "\"properties\" must be an object"},
    {X("{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{\"items\":{"
       "\"items\":{}}}}}}}}}"),
	"it is nested too deeply"},
};

TEST(a_schema_is_accepted_or_refused_with_a_reason)
{
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		json_t *schema = json_loads(schemas[i].schema, 0, NULL);
		char why[TOOL_WHY_MAX] = "";

		assert_non_null(schema);
		assert_int_equal(tool_schema_check(schema, why), schemas[i].why == NULL);
		assert_string_equal(why, schemas[i].why == NULL ? "" : schemas[i].why);
		json_decref(schema);
	}
}

static const struct {
	const char *schema, *value, *why; /* NULL: fits */
} values[] = {
    {X("{\"type\":\"integer\"}"), "{\"x\":2.0}", NULL},
    {X("{\"type\":\"integer\"}"), "{\"x\":2.5}", "\"x\" has the wrong type"},
    {X("{\"type\":\"number\"}"), "{\"x\":2}", NULL},
    {X("{\"type\":\"number\"}"), "{\"x\":2.5}", NULL},
    {X("{\"type\":\"string\"}"), "{\"x\":null}", "\"x\" has the wrong type"},
    {X("{\"type\":\"string\"}"), "{}", NULL},
    {X("{\"type\":\"string\"}"), "{\"y\":1}", NULL},
    {OBJECT(",\"additionalProperties\":false"), "{\"y\":1}", "\"y\" is unknown"},
    {OBJECT(",\"additionalProperties\":{\"type\":\"string\"}"), "{\"y\":1}",
	"\"y\" has the wrong type"},
    {OBJECT(",\"properties\":{\"x\":{}},\"required\":[\"x\"]"), "{}", "\"x\" is missing"},
    {X("{\"minimum\":1,\"maximum\":3}"), "{\"x\":0}", "\"x\" must be at least 1"},
    {X("{\"minimum\":1,\"maximum\":3}"), "{\"x\":3.5}", "\"x\" must be at most 3"},
    {X("{\"minimum\":1}"), "{\"x\":\"a\"}", NULL},
    {X("{\"minLength\":2,\"maxLength\":2}"), "{\"x\":\"\xc3\xa4\xf0\x9f\x98\x80\"}", NULL},
    {X("{\"maxLength\":1}"), "{\"x\":\"ab\"}", "\"x\" is too long"},
    {X("{\"minLength\":1}"), "{\"x\":\"\"}", "\"x\" is too short"},
    {X("{\"enum\":[\"a\",1]}"), "{\"x\":1.0}", NULL},
    {X("{\"enum\":[\"a\",1]}"), "{\"x\":\"b\"}", "\"x\" is not one of the allowed values"},
    {X("{\"const\":[1]}"), "{\"x\":[1]}", NULL},
    {X("{\"items\":{\"type\":\"string\"},\"maxItems\":1}"), "{\"x\":[1]}",
	"\"x\" has the wrong type"},
    {X("{\"maxItems\":1}"), "{\"x\":[1,2]}", "\"x\" has too few or too many items"},
    {OBJECT(""), "[]", "\"arguments\" has the wrong type"},
};

TEST(arguments_fit_a_schema_or_the_model_gets_the_reason)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		json_t *schema = json_loads(values[i].schema, 0, NULL);
		json_t *value = json_loads(values[i].value, 0, NULL);
		char why[TOOL_WHY_MAX] = "";

		assert_true(tool_schema_check(schema, why));
		assert_int_equal(tool_schema_fits(schema, value, why), values[i].why == NULL);
		assert_string_equal(why, values[i].why == NULL ? "" : values[i].why);
		json_decref(schema);
		json_decref(value);
	}
}

TEST_MAIN(NULL, NULL)
