/*
 * Plain FTS5, for comparison (part of make bench-search): the same chunks, all words of a question joined by OR,
 * ranked by its bm25().
 *
 *	passages_peer FILE CHUNKS QUESTIONS
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sqlite3.h>

#include "proto/base/basics.h"
#include "storaged/search/text/words.h"
#include "tests/bench/cpu_times.h"

#define EXPRESSION_MAX 4096

static sqlite3 *db;

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		errx(EX_SOFTWARE, "%s", sqlite3_errmsg(db));
	return statement;
}

static void
run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		errx(EX_SOFTWARE, "%s", sqlite3_errmsg(db));
}

static FILE *
open_lines(const char *path)
{
	FILE *in = fopen(path, "r");

	if (in == NULL)
		err(EX_NOINPUT, "%s", path);
	return in;
}

static void
build(const char *chunks)
{
	FILE *in = open_lines(chunks);
	sqlite3_stmt *insert;
	char *line = NULL;
	size_t size = 0;

	run("CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'porter "
	    "unicode61')");
	insert = prepare("INSERT INTO words (rowid, text) VALUES (?, ?)");
	run("BEGIN");
	for (int n = 0; getline(&line, &size, in) > 0; n++) {
		char *text = strchr(line, '\t');

		sqlite3_bind_int(insert, 1, n + 1);
		sqlite3_bind_text(insert, 2, text != NULL ? text : "", -1, SQLITE_TRANSIENT);
		must(sqlite3_step(insert) == SQLITE_DONE);
		sqlite3_reset(insert);
	}
	run("COMMIT");
	run("INSERT INTO words (words) VALUES ('optimize')");
	sqlite3_finalize(insert);
	free(line);
	fclose(in);
}

/* All words, each in quotes, joined by OR. */
static void
expression(const char *question, char out[EXPRESSION_MAX])
{
	struct words words = {.text = slice_str(question)};
	struct word word;
	size_t n = 0;

	while (words_next(&words, &word) && n + word.len + 8 < EXPRESSION_MAX)
		n += (size_t)snprintf(out + n, EXPRESSION_MAX - n, "%s\"%.*s\"",
		    n == 0 ? "" : " OR ", (int)word.len, (const char *)word.text);
}

static void
ask_all(const char *questions, struct cpu_times *times)
{
	FILE *in = open_lines(questions);
	sqlite3_stmt *find =
	    prepare("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10");
	char *line = NULL, text[EXPRESSION_MAX];
	size_t size = 0;

	for (int n = 0; getline(&line, &size, in) > 0; n++) {
		double start = cpu_ms();

		expression(line, text);
		sqlite3_bind_text(find, 1, text, -1, SQLITE_TRANSIENT);
		printf("%d 0", n);
		while (sqlite3_step(find) == SQLITE_ROW)
			printf(" %d", sqlite3_column_int(find, 0) - 1);
		printf("\n");
		sqlite3_reset(find);
		cpu_times_add(times, cpu_ms() - start);
	}
	sqlite3_finalize(find);
	free(line);
	fclose(in);
}

int
main(int argc, char **argv)
{
	static struct cpu_times times;

	if (argc != 4)
		errx(EX_USAGE, "usage: passages_peer FILE CHUNKS QUESTIONS");
	must(sqlite3_open(argv[1], &db) == SQLITE_OK);
	build(argv[2]);
	ask_all(argv[3], &times);
	cpu_times_print(&times);
	return sqlite3_close(db);
}
