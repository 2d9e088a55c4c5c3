/*
 * Names, by the rules that the API has for a line (workerd/api/field_kinds.c).
 */
#include "storaged/banter/name.h"

#include "proto/utf8.h"

bool
name_read(const char *text, struct slice *name)
{
	struct slice s = slice_str(text);

	if (!utf8_valid(s) || !utf8_is_line(s))
		return false;
	*name = utf8_trim(s);
	return utf8_utf16_len(*name) <= NAME_MAX_UNITS;
}
