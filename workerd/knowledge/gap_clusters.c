/*
 * Words are kept as hashes: two different words with the same hash only make two questions seem a little more similar.
 */
#include "workerd/knowledge/gap_clusters.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "workerd/knowledge/folded_words.h"

struct gap_clusters {
	struct gap_words *firsts; /* the first question of each */
	size_t n, room;
};

/* FNV-1a, 64 bits. */
static uint64_t
gap_words_hash(struct slice word)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < word.len; i++)
		hash = (hash ^ word.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void
gap_words_add(struct gap_words *words, struct slice word)
{
	uint64_t hash = gap_words_hash(word);
	uint32_t at = 0;

	while (at < words->n && words->hashes[at] < hash)
		at++;
	if (words->n == GAP_WORDS_MAX || (at < words->n && words->hashes[at] == hash))
		return;
	memmove(words->hashes + at + 1, words->hashes + at,
	    (words->n - at) * sizeof(*words->hashes));
	words->hashes[at] = hash;
	words->n++;
	words->signature |= UINT64_C(1) << (hash >> 58);
}

void
gap_words_read(struct gap_words *words, struct slice question)
{
	struct folded_words folded;
	struct slice word;

	*words = (struct gap_words){0};
	folded_words_init(&folded, question);
	while (folded_words_next(&folded, &word))
		gap_words_add(words, word);
	folded_words_clear(&folded);
}

bool
gap_words_are_similar(const struct gap_words *a, const struct gap_words *b)
{
	uint32_t i = 0, k = 0, common = 0;

	if ((a->signature & b->signature) == 0)
		return false;
	while (i < a->n && k < b->n) {
		uint64_t x = a->hashes[i], y = b->hashes[k];

		common += x == y;
		i += x <= y;
		k += y <= x;
	}
	return 2 * common >= a->n + b->n - common;
}

struct gap_clusters *
gap_clusters_new(void)
{
	return xcalloc(1, sizeof(struct gap_clusters));
}

void
gap_clusters_free(struct gap_clusters *c)
{
	if (c != NULL)
		free(c->firsts);
	free(c);
}

size_t
gap_clusters_add(struct gap_clusters *c, struct slice question)
{
	struct gap_words words;

	gap_words_read(&words, question);
	for (size_t i = 0; i < c->n; i++)
		if (gap_words_are_similar(&c->firsts[i], &words))
			return i;
	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		c->firsts = xreallocarray(c->firsts, c->room, sizeof(*c->firsts));
	}
	c->firsts[c->n] = words;
	return c->n++;
}
