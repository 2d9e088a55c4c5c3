/*
 * The index of passages: what a question finds, and what is left in the file.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "storaged/search/passages/passages.h"
#include "tests/unit/unit.h"

static const struct id org_a = {{0xa}}, org_b = {{0xb}}, source_a = {{1}}, source_b = {{2}};
static char dir[64];
static struct passages *ix;
static struct ranking ranking;
static struct question question;
static struct scope scope;

static int
remove_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

FIXTURE(set_up)
{
	strcpy(dir, "/tmp/test-passages-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(passages_open(&ix, dir), DATABASE_EMPTY);
}

FIXTURE(tear_down)
{
	ranking_clear(&ranking);
	passages_close(ix);
	ix = NULL;
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static struct id
page_id(unsigned n)
{
	return (struct id){{7, (uint8_t)(n >> 8), (uint8_t)n}};
}

static int64_t
put_of(const struct id *org, const struct id *source, unsigned n, const char *language,
    const char *title, const char *text)
{
	struct passages_page page = {.org = *org, .source = *source, .id = page_id(n)};
	struct passages_text chunk = {
	    .title = slice_str(title), .heading = slice_str(""), .text = slice_str(text)};
	int64_t number, row;

	strcpy(chunk.language, language);
	assert_int_equal(passages_begin(ix), 0);
	assert_int_equal(passages_page(ix, &page, &number), 0);
	assert_int_equal(passages_put_chunk(ix, number, &chunk, &row), 0);
	assert_int_equal(passages_commit(ix, 1), 0);
	return row;
}

static int64_t
put(unsigned n, const char *language, const char *text)
{
	return put_of(&org_a, &source_a, n, language, "", text);
}

static void
find_in(const struct id *org, uint8_t knowledge, struct slice sources, const char *text,
    const char *before)
{
	ranking_clear(&ranking);
	assert_int_equal(passages_scope(ix, &scope, org, knowledge, sources), 0);
	question_parse(&question, slice_str(text), slice_str(before), &scope.languages);
	assert_int_equal(passages_rank(ix, &scope, &question, 10, &ranking), 0);
}

/* The page of the best chunk; 0: nothing was found. */
static unsigned
best(void)
{
	struct msg_passage_ref ref;

	if (ranking.n == 0)
		return 0;
	assert_int_equal(passages_read(ix, ranking.best[0].row, &ref), 1);
	return (unsigned)(ref.id.b[1] << 8 | ref.id.b[2]);
}

static unsigned
find(const char *text)
{
	find_in(&org_a, KNOWLEDGE_ALL, slice_str(""), text, "");
	return best();
}

static void
purge(void)
{
	int rc;

	while ((rc = passages_purge_step(ix, true)) == 1)
		;
	assert_int_equal(rc, 0);
}

/* Whether one of the files contains these bytes. */
static bool
files_contain(const char *bytes)
{
	static const char *const names[] = {"passages.db", "passages.db-wal"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];
		struct stat st;
		int fd;
		void *all;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_RDONLY);
		if (fd == -1)
			continue;
		assert_int_equal(fstat(fd, &st), 0);
		all = malloc((size_t)st.st_size + 1);
		assert_int_equal(read(fd, all, (size_t)st.st_size), st.st_size);
		found |= memmem(all, (size_t)st.st_size, bytes, strlen(bytes)) != NULL;
		free(all);
		close(fd);
	}
	return found;
}

TEST_WITH(words_are_found_by_their_stems_in_each_language, set_up, tear_down)
{
	put(1, "en", "We ship deliveries within two days.");
	put(2, "de", "Die Lieferungen dauern zwei Tage; H\u00e4user sind gro\u00df.");
	put(3, "fr", "Les livraisons sont gratuites \u00e0 Paris.");
	put(4, "ru",
	    "\u0414\u043e\u0441\u0442\u0430\u0432\u043a\u0430 "
	    "\u0437\u0430\u043d\u0438\u043c\u0430\u0435\u0442 \u0434\u0432\u0430 "
	    "\u0434\u043d\u044f.");
	put(5, "", "Nothing of that kind.");
	assert_int_equal(find("How long does a delivery take?"), 1);
	assert_int_equal(find("Wie lange dauert eine Lieferung?"), 2);
	assert_int_equal(find("ein Haus"), 2);
	assert_int_equal(find("livraison gratuite"), 3);
	assert_int_equal(find("\u0434\u043e\u0441\u0442\u0430\u0432\u043a\u0438"), 4);
	assert_int_equal(find("kind"), 5);
	assert_int_equal(find("unicorn"), 0);
}

FIXTURE_TEST(scripts_without_spaces_are_found_by_pairs_and_single_characters)
{
	put(1, "ja",
	    "\u6771\u4eac\u90fd\u306e\u914d\u9001\u306f\u4e8c\u65e5\u3067\u3059\u3002");
	put(2, "zh", "\u4eac\u90fd\u5f88\u7f8e\u3002");
	put(3, "th", "\u0e08\u0e31\u0e14\u0e2a\u0e48\u0e07\u0e1f\u0e23\u0e35");
	assert_int_equal(find("\u6771\u4eac\u914d\u9001"), 1);
	assert_int_equal(find("\u7f8e"), 2);
	assert_int_equal(find("\u0e2a\u0e48\u0e07\u0e1f\u0e23\u0e35"), 3);
}

FIXTURE_TEST(the_title_of_a_page_counts_more_than_its_text)
{
	put_of(
	    &org_a, &source_a, 1, "en", "Contact", "An invoice comes by mail, and more text.");
	put_of(&org_a, &source_a, 2, "en", "Invoice", "A letter comes by mail, and more text.");
	assert_int_equal(find("invoice"), 2);
}

FIXTURE_TEST(another_organization_neither_finds_nor_changes_the_ranking)
{
	float score;

	put(1, "en", "shipping costs five euros");
	put(2, "en", "returns are free");
	find("shipping");
	score = ranking.best[0].score;
	for (unsigned i = 0; i < 50; i++)
		put_of(&org_b, &source_b, 100 + i, "en", "", "shipping of secrets");
	assert_int_equal(find("shipping"), 1);
	assert_int_equal(ranking.n, 1);
	assert_true(ranking.best[0].score == score);
	assert_int_equal(scope.chunks, 2);
	assert_int_equal(find("secrets"), 0);
	find_in(&org_b, KNOWLEDGE_ALL, slice_str(""), "secrets", "");
	assert_int_equal(ranking.n, 10);
}

FIXTURE_TEST(only_the_sources_of_an_agent_are_searched_and_answers_always)
{
	const struct id none = {{0}};

	put_of(&org_a, &source_a, 1, "en", "", "opening hours of the shop");
	put_of(&org_a, &source_b, 2, "en", "", "opening hours of the museum");
	put_of(&org_a, &none, 3, "en", "", "the holidays of the shop");
	find_in(&org_a, KNOWLEDGE_SOME, (struct slice){source_b.b, sizeof(source_b.b)},
	    "opening hours", "");
	assert_int_equal(best(), 2);
	assert_int_equal(ranking.n, 1);
	assert_int_equal(scope.chunks, 2);
	find_in(&org_a, KNOWLEDGE_SOME, (struct slice){source_b.b, sizeof(source_b.b)},
	    "holidays", "");
	assert_int_equal(best(), 3);
	find_in(&org_a, KNOWLEDGE_NONE, slice_str(""), "opening hours", "");
	assert_int_equal(best(), 0);
}

/* Of 600 chunks, each has "widget", and a few "blue". */
FIXTURE_TEST(words_of_over_a_quarter_of_the_chunks_are_left_out_unless_nothing_is_left)
{
	for (unsigned i = 0; i < 600; i++)
		put(i + 1, "en", i % 200 == 0 ? "widget blue" : "widget red");
	find("blue widget");
	assert_int_equal(ranking.n, 3);
	assert_int_equal(ranking_coverage(&ranking, &question, ranking.best[0].words), 1000);
	assert_int_equal(find("widget"), 1);
	assert_int_equal(ranking.n, 10);
}

FIXTURE_TEST(the_coverage_is_the_weight_of_the_words_that_a_passage_has)
{
	for (unsigned i = 0; i < 40; i++)
		put(i + 1, "en",
		    i == 0 ? "invoices are sent monthly" : "something else entirely");
	find("When are invoices sent?");
	assert_int_equal(ranking_coverage(&ranking, &question, ranking.best[0].words), 1000);
	find("Do invoices mention dinosaurs?");
	assert_in_range(ranking_coverage(&ranking, &question, ranking.best[0].words), 250, 450);
}

FIXTURE_TEST(the_question_before_helps_a_follow_up_question)
{
	put(1, "en", "Shipping to Norway takes five days.");
	put(2, "en", "Shipping to Spain takes two days.");
	put(3, "en", "Repairs take a week.");
	find_in(&org_a, KNOWLEDGE_ALL, slice_str(""), "How long does it take?",
	    "Do you offer repairs?");
	assert_int_equal(best(), 3);
	find_in(&org_a, KNOWLEDGE_ALL, slice_str(""), "And to Spain?",
	    "How long does shipping to Norway take?");
	assert_int_equal(best(), 2);
	find_in(
	    &org_a, KNOWLEDGE_ALL, slice_str(""), "And what of that?", "What about Norway?");
	assert_int_equal(best(), 1);
	assert_int_equal(ranking_coverage(&ranking, &question, ranking.best[0].words), 1000);
}

FIXTURE_TEST(a_removed_chunk_is_not_found_and_its_words_leave_the_file)
{
	int64_t row = put(1, "en", "zyxwvut is secret");

	put(2, "en", "this stays");
	assert_true(files_contain("zyxwvut"));
	assert_int_equal(passages_begin(ix), 0);
	assert_int_equal(passages_remove_chunk(ix, row), 0);
	assert_int_equal(passages_commit(ix, 2), 0);
	assert_int_equal(find("zyxwvut"), 0);
	purge();
	assert_false(files_contain("zyxwvut"));
	assert_int_equal(find("stays"), 2);
	assert_int_equal(passages_count(ix), 1);
}

FIXTURE_TEST(an_erased_source_is_not_found_at_once_and_removed_in_steps)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < 300; i++)
		put_of(&org_a, &source_b, i + 1, "en", "", "qwertzuiop of a source");
	put(500, "en", "this stays");
	assert_int_equal(passages_begin(ix), 0);
	assert_int_equal(passages_erase(ix, &org_a, &source_b), 0);
	assert_int_equal(passages_commit(ix, 2), 0);
	assert_int_equal(find("qwertzuiop"), 0);
	while (passages_purge_step(ix, true) == 1)
		steps++;
	assert_true(steps >= 5);
	assert_false(files_contain("qwertzuiop"));
	assert_int_equal(passages_count(ix), 1);
	assert_int_equal(find("stays"), 500);
}

/* 64 chunks a step, and then 256 pages. */
FIXTURE_TEST(the_pages_of_an_erased_source_are_removed_in_steps_too)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < 600; i++)
		put_of(&org_a, &source_b, i + 1, "en", "", "word");
	assert_int_equal(passages_begin(ix), 0);
	assert_int_equal(passages_erase(ix, &org_a, &source_b), 0);
	assert_int_equal(passages_commit(ix, 2), 0);
	while (passages_has_erased(ix)) {
		assert_int_equal(passages_purge_step(ix, false), 1);
		steps++;
	}
	/* The last step finds nothing. */
	assert_int_equal(steps, 600 / 64 + 600 / 256 + 1 + 1);
	purge();
}

FIXTURE_TEST(the_text_cannot_be_read_in_the_file)
{
	put(1, "en", "Delivery takes three working days.");
	assert_false(files_contain("three working days"));
	assert_false(files_contain("Delivery takes"));
}

FIXTURE_TEST(an_index_that_was_not_built_to_its_end_goes_on)
{
	put(1, "en", "hello world");
	passages_close(ix);
	assert_int_equal(passages_open(&ix, dir), DATABASE_EMPTY);
	assert_int_equal(find("hello"), 1);
	assert_int_equal(passages_begin(ix), 0);
	assert_int_equal(passages_set_built(ix), 0);
	assert_int_equal(passages_commit(ix, 5), 0);
	passages_close(ix);
	assert_int_equal(passages_open(&ix, dir), DATABASE_READY);
	assert_int_equal(passages_position(ix), 5);
	assert_int_equal(find("hello"), 1);
}

TEST_MAIN(NULL, NULL)
