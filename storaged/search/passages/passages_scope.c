/*
 * Which sources a question is asked, and their numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "storaged/search/passages/passages_internal.h"

/* Chunks by their language, of all languages that there are. */
struct tally {
	struct language_count {
		char name[LANGUAGE_MAX + 1];
		int64_t chunks;
	} languages[4 * LANGUAGES_MAX];
	size_t n;
};

static bool
passages_scope_names(struct slice sources, const struct id *id)
{
	for (size_t at = 0; at + sizeof(id->b) <= sources.len; at += sizeof(id->b))
		if (memcmp(sources.p + at, id->b, sizeof(id->b)) == 0)
			return true;
	return false;
}

/* Answers, whose source has no id, are always searched. */
static bool
passages_scope_has(uint8_t knowledge, struct slice sources, const struct id *source)
{
	return knowledge == KNOWLEDGE_ALL || id_is_zero(source) ||
	    passages_scope_names(sources, source);
}

static void
passages_scope_add(struct scope *scope, sqlite3_stmt *row)
{
	if (scope->n < SCOPE_SOURCES)
		scope->sources[scope->n++] = sqlite3_column_int64(row, 0);
	scope->chunks += (uint64_t)sqlite3_column_int64(row, 2);
	scope->tokens += (uint64_t)sqlite3_column_int64(row, 3);
	scope->bytes += (uint64_t)sqlite3_column_int64(row, 4);
}

static int
passages_scope_read_sources(
    struct passages *ix, struct scope *scope, uint8_t knowledge, struct slice sources)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_SOURCES_OF);
	int found;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, scope->org);
	while ((found = database_step(&ix->db, read)) == 1) {
		struct id source = database_column_id(read, 1);

		if (passages_scope_has(knowledge, sources, &source))
			passages_scope_add(scope, read);
	}
	return found;
}

static void
passages_tally_add(struct tally *tally, struct slice name, int64_t chunks)
{
	size_t i = 0;

	while (i < tally->n && !slice_eq_str(name, tally->languages[i].name))
		i++;
	if (i == ARRAY_LEN(tally->languages))
		return;
	if (i == tally->n) {
		tally->languages[i].chunks = 0;
		language_from_tag(name, tally->languages[i].name);
		tally->n++;
	}
	tally->languages[i].chunks += chunks;
}

static int
passages_tally_source(struct passages *ix, struct tally *tally, int64_t source)
{
	sqlite3_stmt *read = passages_statement(ix, PASSAGES_LANGUAGES_OF);
	int found;

	if (read == NULL)
		return -1;
	sqlite3_bind_int64(read, 1, source);
	while ((found = database_step(&ix->db, read)) == 1)
		passages_tally_add(
		    tally, database_column_slice(read, 0), sqlite3_column_int64(read, 1));
	return found;
}

static int
passages_tally_compare(const void *a, const void *b)
{
	const struct language_count *x = a, *y = b;

	return (y->chunks > x->chunks) - (y->chunks < x->chunks);
}

static int
passages_scope_read_languages(struct passages *ix, struct scope *scope)
{
	struct tally tally = {.n = 0};

	for (size_t i = 0; i < scope->n; i++)
		if (passages_tally_source(ix, &tally, scope->sources[i]) != 0)
			return -1;
	qsort(tally.languages, tally.n, sizeof(tally.languages[0]), passages_tally_compare);
	for (size_t i = 0; i < tally.n && i < LANGUAGES_MAX; i++)
		memcpy(scope->languages.names[scope->languages.n++], tally.languages[i].name,
		    LANGUAGE_MAX + 1);
	return 0;
}

int
passages_scope(struct passages *ix, struct scope *scope, const struct id *org,
    uint8_t knowledge, struct slice sources)
{
	int found;

	memset(scope, 0, sizeof(*scope));
	scope->all = knowledge == KNOWLEDGE_ALL;
	if (knowledge == KNOWLEDGE_NONE)
		return 0;
	found = passages_find_org(ix, org, &scope->org);
	if (found == 1)
		found = passages_scope_read_sources(ix, scope, knowledge, sources);
	if (found < 0)
		return -1;
	return passages_scope_read_languages(ix, scope);
}
