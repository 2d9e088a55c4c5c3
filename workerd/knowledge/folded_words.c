#include "workerd/knowledge/folded_words.h"

#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwbrk.h>

#include "proto/base/basics.h"

/* Removes the accents of a decomposed text, in place. Returns its length. */
static size_t
folded_words_strip(uint8_t *text, size_t len)
{
	size_t to = 0;
	ucs4_t c;

	for (size_t at = 0; at < len;) {
		size_t step = (size_t)u8_mbtouc(&c, text + at, len - at);

		if (!uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Mn)) {
			memmove(text + to, text + at, step);
			to += step;
		}
		at += step;
	}
	return to;
}

void
folded_words_init(struct folded_words *w, struct slice text)
{
	*w = (struct folded_words){0};
	if (text.len == 0)
		return;
	w->text = u8_casefold(text.p, text.len, NULL, UNINORM_NFKD, NULL, &w->len);
	must(w->text != NULL);
	w->len = folded_words_strip(w->text, w->len);
	w->breaks = xcalloc(1, w->len + 1);
	if (w->len > 0)
		u8_wordbreaks(w->text, w->len, w->breaks);
}

void
folded_words_clear(struct folded_words *w)
{
	free(w->text);
	free(w->breaks);
	*w = (struct folded_words){0};
}

/* Whether a part between two breaks is a word, and not punctuation or space. */
static bool
folded_words_is_word(struct slice part)
{
	ucs4_t c;

	for (size_t at = 0; at < part.len;) {
		int len = u8_mbtouc(&c, part.p + at, part.len - at);

		if (uc_is_general_category_withtable(
			c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N))
			return true;
		at += (size_t)len;
	}
	return false;
}

bool
folded_words_next(struct folded_words *w, struct slice *word)
{
	while (w->at < w->len) {
		size_t start = w->at++;

		while (w->at < w->len && !w->breaks[w->at])
			w->at++;
		*word = (struct slice){w->text + start, w->at - start};
		if (folded_words_is_word(*word))
			return true;
	}
	return false;
}
