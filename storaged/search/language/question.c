/*
 * Reads the question once for each language: its words are the same each time, only their stems differ.
 */
#include "storaged/search/language/question.h"

#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/language/function_words.h"

struct slice
question_token(const struct question *q, size_t n)
{
	size_t start = n == 0 ? 0 : q->ends[n - 1];

	return (struct slice){q->text + start, q->ends[n] - start};
}

/* Whether one of the tokens from one on is this one. */
static bool
question_has(const struct question *q, size_t from, struct slice token)
{
	for (size_t i = from; i < q->n_tokens; i++)
		if (slice_eq(question_token(q, i), token))
			return true;
	return false;
}

/* Adds a token to the last word. */
static void
question_add_token(struct question *q, const uint8_t *text, size_t len)
{
	struct question_word *word = &q->words[q->n_words];

	if (len == 0 || q->n_tokens == QUESTION_TOKENS || q->len + len > sizeof(q->text) ||
	    question_has(q, word->first, (struct slice){text, len}))
		return;
	memcpy(q->text + q->len, text, len);
	q->len += len;
	q->ends[q->n_tokens++] = (uint16_t)q->len;
	word->n++;
}

static void
question_add_stems(struct question *q, const struct word *word, struct slice text,
    const struct languages *languages)
{
	uint8_t stem[TOKEN_MAX];

	for (size_t i = 0; i < languages->n; i++)
		question_add_token(q, stem, stem_word(languages->names[i], word, text, stem));
	if (languages->n == 0)
		question_add_token(q, word->text, word->len);
}

/* Keeps the word that was added, unless it repeats an earlier one. */
static void
question_end_word(struct question *q)
{
	struct question_word *word = &q->words[q->n_words];
	struct slice token;

	if (word->n == 0)
		return;
	token = question_token(q, word->first);
	for (size_t i = 0; i < q->n_words; i++)
		if (slice_eq(question_token(q, q->words[i].first), token)) {
			q->n_tokens = word->first;
			q->len = q->n_tokens == 0 ? 0 : q->ends[q->n_tokens - 1];
			return;
		}
	q->n_words++;
}

static struct question_word *
question_begin_word(struct question *q, float weight, bool counts)
{
	q->words[q->n_words] = (struct question_word){
	    .first = (uint16_t)q->n_tokens, .weight = weight, .counts = counts};
	return &q->words[q->n_words];
}

static void
question_add_plain(struct question *q, const struct word *word, struct slice text,
    const struct languages *languages, float weight, bool counts)
{
	question_begin_word(q, weight, counts);
	question_add_stems(q, word, text, languages);
	question_end_word(q);
}

static void
question_add_characters(
    struct question *q, const uint8_t *text, size_t len, float weight, bool counts)
{
	if (q->n_words == QUESTION_WORDS)
		return;
	question_begin_word(q, weight, counts);
	question_add_token(q, text, len);
	question_end_word(q);
}

/* A pair and its first character; or the last character of a run, which counts only if it is the whole run. */
static void
question_add_run(
    struct question *q, const struct word *word, bool follows, float weight, bool counts)
{
	size_t first = 1;

	while (first < word->len && (word->text[first] & 0xc0) == 0x80)
		first++;
	if (word->kind == WORD_PAIR) {
		question_add_characters(q, word->text, word->len, weight, counts);
		question_add_characters(q, word->text, first, weight * WEIGHT_CHARACTER, false);
	} else {
		question_add_characters(q, word->text, word->len,
		    follows ? weight * WEIGHT_CHARACTER : weight, counts && !follows);
	}
}

/* The function words that are left out, as a set of languages. */
static uint32_t
question_functions(const struct languages *languages)
{
	uint32_t set = 0;

	for (size_t i = 0; i < languages->n; i++)
		set |= function_words_of(languages->names[i]);
	return set;
}

/* Adds the words of a text, except function words of these languages. */
static void
question_add(struct question *q, struct slice text, const struct languages *languages,
    uint32_t functions, float weight, bool counts)
{
	struct words words = {.text = text};
	struct word word;
	bool follows = false;

	while (q->n_words < QUESTION_WORDS && words_next(&words, &word)) {
		if (word.len == 0)
			continue;
		if (word.kind != WORD_PLAIN)
			question_add_run(q, &word, follows, weight, counts);
		else if ((function_word_in(&word) & functions) == 0)
			question_add_plain(q, &word, text, languages, weight, counts);
		follows = word.kind == WORD_PAIR;
	}
}

void
question_parse(struct question *q, struct slice text, struct slice before,
    const struct languages *languages)
{
	uint32_t functions = question_functions(languages);
	size_t own;

	q->n_words = q->n_tokens = q->len = 0;
	question_add(q, text, languages, functions, 1, true);
	own = q->n_words;
	/* "And then?" is about what the question before is about. */
	question_add(q, before, languages, functions, WEIGHT_BEFORE, own == 0);
	if (q->n_words == 0)
		question_add(q, text, languages, 0, 1, true);
}
