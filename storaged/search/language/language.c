/*
 * The primary language subtag.
 */
#include "storaged/search/language/language.h"

void
language_of_tag(char language[LANGUAGE_MAX], struct slice tag)
{
	size_t n = 0;

	language[0] = '\0';
	while (n < tag.len && tag.p[n] != '-' && tag.p[n] != '_') {
		uint8_t c = tag.p[n] | 0x20;

		if (c < 'a' || c > 'z' || n == LANGUAGE_MAX - 1) {
			language[0] = '\0';
			return;
		}
		language[n++] = (char)c;
		language[n] = '\0';
	}
}
