/*
 * Tokens are collected one after the other, and sorted by reference.
 */
#include "storaged/search/language/bag.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"

struct bag {
	struct buf text;
	struct slice *tokens;
	size_t n, cap;
	size_t *ends;
};

static int
bag_compare(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void
bag_collect(struct bag *bag, struct slice text, const char *language)
{
	struct tokens tokens;
	struct token token;

	tokens_init(&tokens, text, language);
	while (tokens_next(&tokens, &token)) {
		if (bag->n == bag->cap) {
			bag->cap = bag->cap == 0 ? 256 : 2 * bag->cap;
			bag->ends = xreallocarray(bag->ends, bag->cap, sizeof(*bag->ends));
		}
		must(buf_append(&bag->text, token.text, token.len) == 0);
		bag->ends[bag->n++] = buf_len(&bag->text);
	}
}

static void
bag_sort(struct bag *bag)
{
	size_t start = 0;

	bag->tokens = xcalloc(bag->n + 1, sizeof(*bag->tokens));
	for (size_t i = 0; i < bag->n; i++) {
		bag->tokens[i] =
		    (struct slice){buf_data(&bag->text) + start, bag->ends[i] - start};
		start = bag->ends[i];
	}
	if (bag->n > 1)
		qsort(bag->tokens, bag->n, sizeof(*bag->tokens), bag_compare);
}

static void
bag_print(const struct bag *bag, struct buf *out)
{
	for (size_t i = 0, end; i < bag->n; i = end) {
		struct slice token = bag->tokens[i];

		for (end = i + 1; end < bag->n && slice_eq(bag->tokens[end], token); end++)
			;
		must(buf_append(out, " ", buf_len(out) > 0) == 0);
		must(buf_append(out, token.p, token.len) == 0);
		if (end - i > 1)
			must(buf_printf(out, ":%zu", end - i) == 0);
	}
}

size_t
bag_append(struct buf *out, struct slice text, const char *language)
{
	struct bag bag = {0};

	buf_init(&bag.text, text.len * BAG_ROOM + TOKEN_MAX);
	bag_collect(&bag, text, language);
	bag_sort(&bag);
	bag_print(&bag, out);
	free(bag.tokens);
	free(bag.ends);
	buf_clear(&bag.text);
	return bag.n;
}

static unsigned
bag_count(struct slice digits)
{
	unsigned count = 0;

	for (size_t i = 0; i < digits.len; i++)
		count = count * 10 + (unsigned)(digits.p[i] - '0');
	return count;
}

bool
bag_next(struct slice *bag, struct slice *token, unsigned *count)
{
	const uint8_t *space, *colon;
	size_t len;

	if (bag->len == 0)
		return false;
	space = memchr(bag->p, ' ', bag->len);
	len = space != NULL ? (size_t)(space - bag->p) : bag->len;
	colon = memchr(bag->p, ':', len);
	*token = (struct slice){bag->p, colon != NULL ? (size_t)(colon - bag->p) : len};
	*count = colon == NULL ? 1 : bag_count((struct slice){colon + 1, len - token->len - 1});
	bag->p += len + (space != NULL);
	bag->len -= len + (space != NULL);
	return true;
}
