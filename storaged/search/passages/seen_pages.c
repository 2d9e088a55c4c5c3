/*
 * A bit for each number: numbers of pages are dense.
 */
#include "storaged/search/passages/seen_pages.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

void
seen_pages_reset(struct seen_pages *s)
{
	free(s->bits);
	*s = (struct seen_pages){0};
}

void
seen_pages_add(struct seen_pages *s, int64_t number)
{
	size_t byte = (size_t)number / 8, bytes = s->bytes;

	if (byte >= bytes) {
		s->bytes = 2 * byte + 64;
		s->bits = xreallocarray(s->bits, s->bytes, 1);
		memset(s->bits + bytes, 0, s->bytes - bytes);
	}
	s->bits[byte] = (uint8_t)(s->bits[byte] | 1 << number % 8);
}

static bool
seen_pages_has(const struct seen_pages *s, int64_t number)
{
	size_t byte = (size_t)number / 8;

	return byte < s->bytes && (s->bits[byte] >> number % 8 & 1) != 0;
}

int
seen_pages_next_lost(struct seen_pages *s, struct passages *ix, struct passages_page *page)
{
	int found;

	do
		found = passages_next_page(ix, &s->at, page);
	while (found == 1 && seen_pages_has(s, s->at));
	return found;
}
