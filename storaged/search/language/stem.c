/*
 * The stemmers are made when a language first occurs, and kept.
 */
#include "storaged/search/language/stem.h"

#include <string.h>

#include <bsd/string.h>
#include <libstemmer.h>
#include <unicase.h>

#include "proto/base/basics.h"
#include "storaged/search/text/fold.h"

/* More languages than libstemmer has; further ones are not stemmed. */
#define STEMMERS_MAX 64

/* Bytes. No natural language has longer words. */
#define STEMMED_MAX 128

struct stemmer {
	char language[LANGUAGE_MAX + 1];
	struct sb_stemmer *sb; /* NULL: the language has none */
};

static struct sb_stemmer *
stem_open(const char *language)
{
	return strlen(language) == 2 ? sb_stemmer_new(language, "UTF_8") : NULL;
}

static struct sb_stemmer *
stem_find(const char *language)
{
	static struct stemmer stemmers[STEMMERS_MAX];
	static size_t n;

	for (size_t i = 0; i < n; i++)
		if (strcmp(stemmers[i].language, language) == 0)
			return stemmers[i].sb;
	if (n == STEMMERS_MAX)
		return NULL;
	strlcpy(stemmers[n].language, language, sizeof(stemmers[n].language));
	stemmers[n].sb = stem_open(language);
	return stemmers[n++].sb;
}

static bool
stem_is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

/* Folds a lower-cased stem, which is valid UTF-8. */
static size_t
stem_fold(struct slice stem, uint8_t out[WORD_MAX + FOLD_MAX])
{
	struct words words = {.text = stem};
	struct word word;

	if (!words_next(&words, &word))
		return 0;
	memcpy(out, word.text, word.len);
	return word.len;
}

/* The stem in lower case with its accents; in the stemmer's memory. */
static struct slice
stem_lower(struct sb_stemmer *sb, struct slice word)
{
	const uint8_t *stem = sb_stemmer_stem(sb, word.p, (int)word.len);

	must(stem != NULL);
	return (struct slice){stem, (size_t)sb_stemmer_length(sb)};
}

size_t
stem_word(const char *language, const struct word *word, struct slice text,
    uint8_t out[WORD_MAX + FOLD_MAX])
{
	struct slice raw = {text.p + word->start, word->end - word->start};
	struct slice stem = {word->text, word->len};
	struct sb_stemmer *sb = stem_find(language);
	uint8_t lower[4 * STEMMED_MAX];
	size_t n = sizeof(lower);

	if (sb != NULL && stem_is_ascii(raw)) {
		stem = stem_lower(sb, stem);
	} else if (sb != NULL && raw.len <= STEMMED_MAX &&
	    u8_tolower(raw.p, raw.len, language, UNINORM_NFC, lower, &n) == lower) {
		n = stem_fold(stem_lower(sb, (struct slice){lower, n}), out);
		if (n > 0)
			return n;
	}
	must(slice_copy(stem, out, WORD_MAX + FOLD_MAX));
	return stem.len;
}
