/*
 * A schema of arguments, and a value behind a NUL: a schema that is accepted says of every value whether it fits, and the
 * reasons are short texts.
 */
#include <jansson.h>

#include "proto/base/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "workerd/tools/tool_schema.h"

FUZZ(tool_schema)
{
	const uint8_t *nul = memchr(in.p, '\0', in.len);
	const size_t n = nul == NULL ? in.len : (size_t)(nul - in.p);
	json_t *schema = json_loadb((const char *)in.p, n, JSON_DECODE_ANY, NULL);
	json_t *value = nul == NULL
	    ? json_object()
	    : json_loadb((const char *)nul + 1, in.len - n - 1, JSON_DECODE_ANY, NULL);
	char why[TOOL_WHY_MAX] = "";

	if (schema != NULL && value != NULL) {
		const bool valid = tool_schema_check(schema, why);

		must(valid || (*why != '\0' && utf8_valid(slice_str(why))));
		why[0] = '\0';
		must(!valid || tool_schema_fits(schema, value, why) ||
		    (*why != '\0' && utf8_valid(slice_str(why))));
	}
	json_decref(schema);
	json_decref(value);
}
