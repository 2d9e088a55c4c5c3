/*
 * The rules of the API for a line of text (workerd/api/fields/field_kinds.c).
 */
#include "storaged/cli/base/display_name.h"

#include "proto/base/utf8.h"

bool
display_name_parse(const char *text, struct slice *name)
{
	struct slice s = slice_str(text);

	if (!utf8_valid(s) || !utf8_is_line(s))
		return false;
	*name = utf8_trim(s);
	return utf8_utf16_len(*name) <= DISPLAY_NAME_MAX_UNITS;
}
