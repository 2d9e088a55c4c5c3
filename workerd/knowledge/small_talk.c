/*
 * Phrases are looked up as their folded words, each with a space behind it, in a hash table that is filled at first use.
 */
#include "workerd/knowledge/small_talk.h"

#include <string.h>

#include "proto/base/basics.h"
#include "workerd/knowledge/folded_words.h"

#define TEXT_MAX   300 /* bytes of a message; a longer one is more than small talk */
#define FOLDED_MAX 1024
#define SLOTS      2048u /* a power of two, some four times the phrases */

static const char *const lists[] = {
#define PHRASES(code, phrases) phrases,
#include "workerd/knowledge/small_talk.def"
#undef PHRASES
};

/* Hashes of the phrases; 0: unused. */
static uint64_t slots[SLOTS];
static bool filled;

/* FNV-1a, 64 bits. */
static uint64_t
small_talk_hash(struct slice text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ text.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t *
small_talk_slot(uint64_t hash)
{
	size_t i = hash % SLOTS;

	while (slots[i] != 0 && slots[i] != hash)
		i = (i + 1) % SLOTS;
	return &slots[i];
}

/* Writes the folded words of a text. -1: there are too many. */
static int
small_talk_fold(struct slice text, struct buf *out)
{
	struct folded_words words;
	struct slice word;
	int rc = 0;

	folded_words_init(&words, text);
	while (rc == 0 && folded_words_next(&words, &word)) {
		rc = buf_append(out, word.p, word.len);
		if (rc == 0)
			rc = buf_append_str(out, " ");
	}
	folded_words_clear(&words);
	return rc;
}

static void
small_talk_add(struct slice phrase)
{
	struct buf folded;
	uint64_t hash;

	buf_init(&folded, FOLDED_MAX);
	must(small_talk_fold(phrase, &folded) == 0);
	hash = small_talk_hash(buf_slice(&folded));
	*small_talk_slot(hash) = hash;
	buf_clear(&folded);
}

static void
small_talk_fill(void)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const char *p = lists[i];

		while (*p != '\0') {
			size_t len = strcspn(p, "|");

			small_talk_add((struct slice){(const uint8_t *)p, len});
			p += len + (p[len] == '|');
		}
	}
	filled = true;
}

/* Bytes of the longest phrase at the front; 0: there is none. */
static size_t
small_talk_phrase(struct slice folded)
{
	size_t longest = 0;

	for (size_t len = 1; len <= folded.len; len++)
		if (folded.p[len - 1] == ' ' &&
		    *small_talk_slot(small_talk_hash((struct slice){folded.p, len})) != 0)
			longest = len;
	return longest;
}

bool
small_talk_is(struct slice text)
{
	struct slice rest;
	struct buf folded;
	size_t len = 1;

	if (text.len > TEXT_MAX)
		return false;
	if (!filled)
		small_talk_fill();
	buf_init(&folded, FOLDED_MAX);
	if (small_talk_fold(text, &folded) != 0)
		len = 0;
	for (rest = buf_slice(&folded); len > 0 && rest.len > 0;) {
		len = small_talk_phrase(rest);
		rest.p += len;
		rest.len -= len;
	}
	buf_clear(&folded);
	return len > 0;
}
