/*
 * words.c gives pairs of characters; the first of each is also a token of its own.
 */
#include "storaged/search/language/tokens.h"

#include <string.h>

#include "proto/base/utf8.h"

void
tokens_init(struct tokens *t, struct slice text, const char *language)
{
	*t = (struct tokens){.words = {.text = text}, .language = language};
}

/* Bytes of the first character of folded text. */
static size_t
tokens_first(const struct word *word)
{
	size_t n = 1;

	while (n < word->len && (word->text[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void
token_set(struct token *token, enum token_kind kind, const struct word *word, size_t len)
{
	token->kind = kind;
	token->len = len;
	memcpy(token->text, word->text, len);
}

bool
tokens_next(struct tokens *t, struct token *token)
{
	struct word word;

	if (t->character.len > 0) {
		*token = t->character;
		t->character.len = 0;
		return true;
	}
	do {
		if (!words_next(&t->words, &word))
			return false;
	} while (word.len == 0);
	if (word.kind == WORD_PLAIN) {
		token->kind = TOKEN_WORD;
		token->len = stem_word(t->language, &word, t->words.text, token->text);
	} else if (word.kind == WORD_PAIR) {
		token_set(token, TOKEN_PAIR, &word, word.len);
		token_set(&t->character, TOKEN_CHARACTER, &word, tokens_first(&word));
	} else {
		token_set(token, TOKEN_CHARACTER, &word, word.len);
	}
	return true;
}
