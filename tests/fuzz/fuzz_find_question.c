/*
 * A question, as a visitor writes it: a passage with the same text is found with all of its words, in any language,
 * and nothing is found any more when it is removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storaged/search/passages/passages.h"
#include "tests/fuzz/fuzz.h"

#define QUESTION_MAX 6000 /* bytes, as a chunk's text */

static const struct passages_page page = {.org = {{1}}, .source = {{2}}, .id = {{3}}};

static struct passages *
open_index(void)
{
	char dir[] = "/tmp/fuzz-question-XXXXXX";
	struct passages *ix;

	must(mkdtemp(dir) != NULL);
	must(passages_open(&ix, dir) == DATABASE_EMPTY);
	/* The open file stays. */
	passages_delete(dir);
	must(rmdir(dir) == 0);
	return ix;
}

/* Returns the number of passages that the question finds. */
static size_t
ask(struct passages *ix, struct slice text)
{
	static struct scope scope;
	static struct question question;
	struct ranking ranking;
	size_t n;

	must(passages_scope(ix, &scope, &page.org, KNOWLEDGE_ALL, slice_str("")) == 0);
	question_parse(&question, text, text, &scope.languages);
	must(question.n_words <= QUESTION_WORDS && question.n_tokens <= QUESTION_TOKENS);
	must(passages_rank(ix, &scope, &question, 2, &ranking) == 0);
	n = ranking.n;
	must(n == (question.n_words > 0 && scope.chunks > 0));
	if (n == 1)
		must(ranking_coverage(&ranking, &question, ranking.best[0].words) == 1000);
	ranking_clear(&ranking);
	return n;
}

FUZZ(find_question)
{
	static const char *const names[] = {"", "en", "de", "fr", "ru", "ja", "th", "tr"};
	static struct passages *ix;
	struct passages_text chunk = {.title = slice_str(""), .heading = slice_str("")};
	const char *language = names[fuzz_byte(&in) % ARRAY_LEN(names)];
	int64_t number, row;
	struct buf text;

	buf_init(&text, 3 * in.len + 1);
	fuzz_text(&text, in);
	if (buf_len(&text) <= QUESTION_MAX) {
		if (ix == NULL)
			ix = open_index();
		chunk.text = buf_slice(&text);
		memcpy(chunk.language, language, strlen(language) + 1);
		must(passages_begin(ix) == 0 && passages_page(ix, &page, &number) == 0);
		must(passages_put_chunk(ix, number, &chunk, &row) == 0);
		must(passages_commit(ix, 1) == 0);
		ask(ix, buf_slice(&text));
		must(passages_begin(ix) == 0 && passages_remove_chunk(ix, row) == 0);
		must(passages_commit(ix, 1) == 0);
		must(ask(ix, buf_slice(&text)) == 0 && passages_count(ix) == 0);
	}
	buf_clear(&text);
}
