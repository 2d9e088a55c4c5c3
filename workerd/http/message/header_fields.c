/*
 * Byte by byte.
 */
#include "workerd/http/message/header_fields.h"

#include <string.h>

/* s without its first n bytes. */
static struct slice
header_skip(struct slice s, size_t n)
{
	return (struct slice){s.p + n, s.len - n};
}

struct slice
header_trim(struct slice s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = header_skip(s, 1);
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static uint8_t
header_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

bool
header_equals(struct slice a, const char *lower_case)
{
	size_t i;

	for (i = 0; i < a.len && lower_case[i] != '\0'; i++)
		if (header_lower(a.p[i]) != (uint8_t)lower_case[i])
			return false;
	return i == a.len && lower_case[i] == '\0';
}

bool
header_list_next(struct slice *list, struct slice *member)
{
	while (list->len > 0) {
		const uint8_t *comma = memchr(list->p, ',', list->len);
		size_t n = comma == NULL ? list->len : (size_t)(comma - list->p);

		*member = header_trim((struct slice){list->p, n});
		*list = header_skip(*list, n + (comma != NULL));
		if (member->len > 0)
			return true;
	}
	return false;
}
