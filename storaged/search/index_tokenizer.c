/*
 * FTS5's interface of a tokenizer (SQLite's documentation, "FTS5 Custom Tokenizers"). Documents are split by
 * words.c; the words of a query come from query.c and are split at spaces only.
 */
#include <string.h>

#include "storaged/search/index_internal.h"
#include "storaged/search/text/words.h"

typedef int token_fn(void *arg, int flags, const char *token, int len, int start, int end);

static int
index_tokenizer_create(void *unused, const char **args, int n, Fts5Tokenizer **out)
{
	static char none;

	(void)unused;
	(void)args;
	(void)n;
	*out = (Fts5Tokenizer *)&none;
	return SQLITE_OK;
}

static void
index_tokenizer_delete(Fts5Tokenizer *unused)
{
	(void)unused;
}

static int
index_tokenize_document(void *arg, struct slice text, token_fn *fn)
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
index_tokenize_query(void *arg, const char *text, size_t len, token_fn *fn)
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
index_tokenize(
    Fts5Tokenizer *unused, void *arg, int flags, const char *text, int len, token_fn *fn)
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
	fts5_tokenizer tokenizer = {
	    index_tokenizer_create, index_tokenizer_delete, index_tokenize};
	fts5_api *api = database_fts5(&ix->db);

	if (api == NULL ||
	    api->xCreateTokenizer(api, "banter", NULL, &tokenizer, NULL) != SQLITE_OK)
		return database_fail(&ix->db);
	return 0;
}
