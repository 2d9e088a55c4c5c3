/*
 * One pass. Truncation comes after the replacement, so that no part of a secret is left at the
 * end.
 */
#include "workerd/model/redact.h"

#include <string.h>

#define INSTEAD "[key]"

/* Appends what fits before end. */
static char *
redact_put(char *to, const char *end, const void *from, size_t n)
{
	size_t room = (size_t)(end - to);

	if (n > room)
		n = room;
	memcpy(to, from, n);
	return to + n;
}

/* Length of the longest secret that text starts with; 0: none. */
static size_t
redact_secret_length(struct slice text, const char *const secrets[], size_t n)
{
	size_t longest = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = secrets[i] == NULL ? 0 : strlen(secrets[i]);

		if (len > longest && len <= text.len && memcmp(text.p, secrets[i], len) == 0)
			longest = len;
	}
	return longest;
}

void
redact(struct slice text, const char *const secrets[], size_t n, char *out, size_t size)
{
	const char *end = out + size - 1;
	size_t hidden = 0; /* bytes of a secret that follow */

	for (; text.len > 0 && out < end; text.p++, text.len--) {
		size_t len = redact_secret_length(text, secrets, n);

		if (hidden == 0)
			out = len > 0 ? redact_put(out, end, INSTEAD, strlen(INSTEAD))
				      : redact_put(out, end, text.p, 1);
		if (len > hidden)
			hidden = len;
		hidden -= hidden > 0;
	}
	*out = '\0';
}
