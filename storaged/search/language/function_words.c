/*
 * A hash table of all lists, filled at first use.
 */
#include "storaged/search/language/function_words.h"

#include <string.h>

#include "proto/base/basics.h"

#define SLOTS 8192u /* a power of two, some four times the words */

static const struct {
	const char *language, *words;
} lists[] = {
#define LANGUAGE(code, words) {code, words},
#include "storaged/search/language/function_words.def"
#undef LANGUAGE
};

struct slot {
	const char *word; /* NULL: empty */
	uint8_t len;
	uint32_t languages;
};

static struct slot slots[SLOTS];
static bool filled;

static struct slot *
function_words_slot(const void *word, size_t len)
{
	const uint8_t *p = word;
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 16777619u;
	for (hash %= SLOTS; slots[hash].word != NULL; hash = (hash + 1) % SLOTS)
		if (slots[hash].len == len && memcmp(slots[hash].word, word, len) == 0)
			break;
	return &slots[hash];
}

static void
function_words_add(const char *words, uint32_t language)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		struct slot *slot = function_words_slot(words, len);

		slot->word = words;
		slot->len = (uint8_t)len;
		slot->languages |= language;
		words += len;
		words += strspn(words, " ");
	}
}

static void
function_words_fill(void)
{
	_Static_assert(ARRAY_LEN(lists) <= 32, "a bit for each");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		function_words_add(lists[i].words, UINT32_C(1) << i);
	filled = true;
}

uint32_t
function_word_in(const struct word *word)
{
	if (!filled)
		function_words_fill();
	return function_words_slot(word->text, word->len)->languages;
}

uint32_t
function_words_of(const char *language)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (strcmp(lists[i].language, language) == 0)
			return UINT32_C(1) << i;
	return 0;
}
