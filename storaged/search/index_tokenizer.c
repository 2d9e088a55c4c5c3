/*
 * FTS5's interface of a tokenizer (SQLite's documentation, "FTS5 Custom Tokenizers"). Documents are split by
 * words.c; the words of a query come from query.c and are split at spaces only.
 */
#include <string.h>

#include "storaged/search/index_internal.h"
#include "storaged/search/text/words.h"

static int
index_tokenize_document(void *arg, struct slice text, database_token_fn *fn)
{
	struct words words = {.text = text};
	struct word word;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && words_next(&words, &word))
		rc = fn(arg, 0, (const char *)word.text, (int)word.len, (int)word.start,
		    (int)word.end);
	return rc;
}

static int
index_tokenize_query(void *arg, const char *text, size_t len, database_token_fn *fn)
{
	size_t at = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && at < len) {
		const char *space = memchr(text + at, ' ', len - at);
		size_t end = space != NULL ? (size_t)(space - text) : len;

		if (end > at)
			rc = fn(arg, 0, text + at, (int)(end - at), (int)at, (int)end);
		at = end + 1;
	}
	return rc;
}

static int
index_tokenize(Fts5Tokenizer *unused, void *arg, int flags, const char *text, int len,
    database_token_fn *fn)
{
	(void)unused;
	if ((flags & FTS5_TOKENIZE_QUERY) != 0)
		return index_tokenize_query(arg, text, (size_t)len, fn);
	return index_tokenize_document(
	    arg, (struct slice){(const uint8_t *)text, (size_t)len}, fn);
}

int
index_tokenizer_register(struct index *ix)
{
	return database_add_tokenizer(&ix->db, "banter", index_tokenize);
}
