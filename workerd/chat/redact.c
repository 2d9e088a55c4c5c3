/*
 * One pass; the text is cut only behind the replacing, so that no half of a secret is left at its
 * end.
 */
#include "workerd/chat/redact.h"

#include <string.h>

#define INSTEAD "[key]"

/* Appends as much as fits; the end is never written. */
static char *
put(char *to, const char *end, const void *from, size_t n)
{
	size_t room = (size_t)(end - to);

	if (n > room)
		n = room;
	memcpy(to, from, n);
	return to + n;
}

void
redact(struct slice text, const char *secret, char *out, size_t size)
{
	const char *end = out + size - 1;
	size_t len = secret == NULL ? 0 : strlen(secret);

	while (text.len > 0 && out < end) {
		const uint8_t *found = len == 0 ? NULL : memmem(text.p, text.len, secret, len);
		size_t before = found == NULL ? text.len : (size_t)(found - text.p);

		out = put(out, end, text.p, before);
		if (found != NULL)
			out = put(out, end, INSTEAD, strlen(INSTEAD));
		before += found == NULL ? 0 : len;
		text = (struct slice){text.p + before, text.len - before};
	}
	*out = '\0';
}
