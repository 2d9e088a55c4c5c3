/*
 * The index: what is found, what is not found any more, and what is left in its files.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "storaged/search/index_internal.h"
#include "tests/unit/unit.h"

static const struct id org_a = {{0xa}}, org_b = {{0xb}};
static char dir[64];
static struct index *ix;

static int
remove_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
build(void)
{
	int rc;

	while ((rc = index_build_step(ix)) == 1)
		;
	assert_int_equal(rc, 0);
}

FIXTURE(set_up)
{
	strcpy(dir, "/tmp/test-index-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(index_open(&ix, dir), DATABASE_EMPTY);
}

FIXTURE(tear_down)
{
	index_close(ix);
	ix = NULL;
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static struct id
number_id(unsigned n)
{
	return (struct id){{1, (uint8_t)(n >> 8), (uint8_t)n}};
}

static void
put(unsigned conversation, unsigned message, uint64_t at, const char *text)
{
	struct index_document document = {.parent = number_id(conversation),
	    .id = number_id(message),
	    .at = at,
	    .text = slice_str(text)};

	assert_int_equal(index_put(ix, &document), 0);
}

static void
put_parent(unsigned conversation, const struct id *org)
{
	struct index_parent parent = {
	    .id = number_id(conversation), .org = *org, .tags = slice_str("")};

	assert_int_equal(index_put_parent(ix, &parent), 0);
}

static void
begin(void)
{
	assert_int_equal(index_begin(ix), 0);
}

static void
commit(uint64_t position)
{
	assert_int_equal(index_commit(ix, position), 0);
}

static void
purge(void)
{
	int rc;

	while ((rc = index_purge_step(ix)) == 1)
		;
	assert_int_equal(rc, 0);
}

static int
append_result(void *arg, const struct index_result *result)
{
	return buf_printf(arg, "%d ", result->id.b[1] << 8 | result->id.b[2]);
}

/* The numbers of the messages that are found, newest first, with the cursor's page size. */
static void
expect_found(const char *text, struct index_filter filter, const char *expected)
{
	struct query q;
	struct buf got;
	uint64_t next;

	if (id_is_zero(&filter.org))
		filter.org = org_a;
	assert_int_equal(
	    query_parse(&q, slice_str(text)), text[0] == '\0' ? QUERY_EMPTY : QUERY_OK);
	buf_init(&got, 1 << 16);
	do {
		assert_int_equal(
		    index_search(ix, &q, &filter, 2, 10000, append_result, &got, &next), 0);
		filter.before = next;
	} while (next != 0);
	if (!slice_eq_str(buf_slice(&got), expected))
		fail_msg("%s: %.*s", text, (int)buf_len(&got), (const char *)buf_data(&got));
	buf_clear(&got);
}

#define NO_FILTER             \
	(struct index_filter) \
	{                     \
		0             \
	}

FIXTURE_TEST(documents_are_found_by_words_newest_first)
{
	static const struct {
		const char *query, *found;
	} cases[] = {{"cat", "4 3 1 "}, {"CATS", ""}, {"cat dog", "3 "}, {"\"a cat\"", "4 1 "},
	    {"ca*", "5 4 3 1 "}, {"caf\u00e9", "5 "}, {"\u4eac\u90fd", "2 "}, {"\u4eac", "2 "},
	    {"o0a0000", ""}, {"cat OR dog", ""}};

	build();
	begin();
	put_parent(1, &org_a);
	put(1, 1, 1000, "A cat");
	put(1, 2, 2000, "\u6771\u4eac\u90fd");
	put(1, 4, 4000, "a Cat!");
	put(1, 3, 3000, "cat and dog");
	put(1, 5, 5000, "cafe");
	put(2, 6, 6000, "a cat of a conversation that was erased");
	commit(7);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_found(cases[i].query, NO_FILTER, cases[i].found);
	assert_int_equal(index_documents(ix), 5);
	assert_int_equal(index_position(ix), 7);
}

FIXTURE_TEST(filters_look_at_the_parent)
{
	struct id widget = {{7}}, contact = {{8}}, tag = {{9}};
	struct index_parent parent = {.id = number_id(1),
	    .org = org_a,
	    .widget = widget,
	    .contact = contact,
	    .state = 2,
	    .tags = {tag.b, sizeof(tag.b)}};

	build();
	begin();
	assert_int_equal(index_put_parent(ix, &parent), 0);
	put_parent(2, &org_a);
	put_parent(3, &org_b);
	put(1, 1, 1000, "cat");
	put(2, 2, 2000, "cat");
	put(3, 3, 3000, "cat");
	commit(1);
	expect_found("cat", NO_FILTER, "2 1 ");
	expect_found("cat", (struct index_filter){.org = org_b}, "3 ");
	expect_found("cat", (struct index_filter){.org = number_id(1)}, "");
	expect_found("cat", (struct index_filter){.widget = widget}, "1 ");
	expect_found("cat", (struct index_filter){.contact = contact}, "1 ");
	expect_found("cat", (struct index_filter){.tag = tag}, "1 ");
	expect_found("cat", (struct index_filter){.tag = widget}, "");
	expect_found("cat", (struct index_filter){.state = 3}, "1 ");
	expect_found("cat", (struct index_filter){.state = 1}, "2 ");
	expect_found("cat", (struct index_filter){.from = 2000}, "2 ");
	expect_found("cat", (struct index_filter){.to = 2000}, "1 ");
	begin();
	put_parent(1, &org_a); /* it lost its tag, its contact, … */
	commit(2);
	expect_found("cat", (struct index_filter){.tag = tag}, "");
}

static void
put_reply(unsigned message, uint64_t at, const char *text, const char *marks)
{
	struct index_document document = {.parent = number_id(1),
	    .id = number_id(message),
	    .at = at,
	    .text = slice_str(text),
	    .marks = slice_str(marks)};

	assert_int_equal(index_put(ix, &document), 0);
}

static void
expect_marked(const char *text, const char *marks, const char *expected)
{
	expect_found(text, (struct index_filter){.marks = slice_str(marks)}, expected);
}

FIXTURE_TEST(marks_select_documents_with_and_without_words)
{
	begin();
	put_parent(1, &org_a);
	put_reply(1, 1000, "cat", "down length");
	put_reply(2, 2000, "down", "up");
	commit(1);
	build(); /* the words of these are added here */
	begin();
	put_reply(3, 3000, "cat", "down");
	put_reply(4, 4000, "", "down interrupted");
	commit(2);
	expect_marked("", "down", "4 3 1 ");
	expect_marked("cat", "down", "3 1 ");
	expect_marked("", "down length", "1 ");
	expect_marked("", "up length", "");
	expect_marked("down", "", "2 "); /* words of texts do not find marks */
	begin();
	put_reply(3, 3000, "cat", "up");
	put_reply(1, 1000, "cat", "");
	commit(3);
	expect_marked("", "down", "4 ");
	expect_marked("", "up", "3 2 ");
	expect_found("cat", NO_FILTER, "3 1 ");
}

FIXTURE_TEST(a_document_is_replaced_and_removed)
{
	struct id parent = number_id(1), id = number_id(1);

	build();
	begin();
	put_parent(1, &org_a);
	put(1, 1, 1000, "cat");
	put(1, 1, 1000, "cat");
	commit(1);
	expect_found("cat", NO_FILTER, "1 ");
	begin();
	put(1, 1, 1000, "dog");
	commit(2);
	expect_found("cat", NO_FILTER, "");
	expect_found("dog", NO_FILTER, "1 ");
	begin();
	assert_int_equal(index_remove(ix, &parent, &id), 0);
	assert_int_equal(index_remove(ix, &parent, &id), 0);
	commit(3);
	expect_found("dog", NO_FILTER, "");
	assert_int_equal(index_documents(ix), 0);
}

FIXTURE_TEST(changes_may_come_while_the_index_is_built)
{
	struct id erased = number_id(2);

	begin();
	put_parent(1, &org_a);
	put_parent(2, &org_a);
	put(1, 1, 1000, "cat");
	put(2, 2, 2000, "cat");
	commit(1);
	assert_false(index_is_built(ix));
	assert_int_equal(index_build_step(ix), 1);
	begin();
	put(1, 1, 1000, "dog");
	put(1, 3, 500, "dog");
	put(1, 4, 5000, "dog");
	assert_int_equal(index_erase(ix, &erased), 0);
	commit(2);
	build();
	assert_true(index_is_built(ix));
	expect_found("cat", NO_FILTER, "");
	expect_found("dog", NO_FILTER, "4 1 3 ");
}

static void
reopen(enum database_opened expected)
{
	index_close(ix);
	assert_int_equal(index_open(&ix, dir), expected);
}

FIXTURE_TEST(a_long_conversation_is_erased_in_steps_and_hidden_at_once)
{
	struct id erased = number_id(1);

	build();
	begin();
	put_parent(1, &org_a);
	put_parent(2, &org_a);
	for (unsigned n = 1; n <= 3000; n++)
		put(1, n, 1000 + n, "cat");
	put(2, 3001, 1500, "cat");
	commit(1);
	begin();
	assert_int_equal(index_erase(ix, &erased), 0);
	commit(2);
	for (unsigned steps = 0; steps < 2; steps++) {
		expect_found("cat", NO_FILTER, "3001 ");
		assert_true(index_is_erasing(ix));
		assert_int_equal(index_purge_step(ix), 1);
		assert_true(index_documents(ix) > 500);
	}
	begin();
	put_parent(1, &org_a); /* another one with the same id */
	put(1, 1, 5000, "cat");
	commit(3);
	reopen(DATABASE_READY);
	purge();
	assert_false(index_is_erasing(ix));
	assert_int_equal(index_documents(ix), 2);
	expect_found("cat", NO_FILTER, "1 3001 ");
}

FIXTURE_TEST(documents_beside_known_ones_are_found_for_the_comparison)
{
	struct id parent = number_id(1), known[] = {number_id(1), number_id(3), number_id(9)};
	struct index_parent parents[3];
	struct index_other others[3];
	int64_t after = 0;

	begin();
	put_parent(1, &org_a);
	put_parent(2, &org_b);
	for (unsigned n = 1; n <= 4; n++)
		put(1, n, 1000, "cat");
	commit(1);
	assert_int_equal(index_others(ix, &parent, known, 3, others, 3), 2);
	assert_true(others[0].id.b[2] == 2 && others[1].id.b[2] == 4);
	assert_int_equal(index_others(ix, &parent, known, 0, others, 3), 3);
	assert_int_equal(index_parents(ix, &after, parents, 1), 1);
	assert_int_equal(index_parents(ix, &after, parents, 3), 1);
	assert_true(id_equal(&parents[0].org, &org_b));
	assert_int_equal(index_erase(ix, &parents[0].id), 0);
	after = 0;
	assert_int_equal(index_parents(ix, &after, parents, 3), 1);
}

FIXTURE_TEST(a_document_of_the_future_does_not_keep_shards_from_ending)
{
	enum { SHARDS = 3 };

	build();
	begin();
	put_parent(1, &org_a);
	put_parent(2, &org_a);
	put(1, 1, UINT64_MAX, "future");
	put(1, 0, UINT64_C(1) << 45, "future");
	for (unsigned n = 0; n < SHARDS * SHARD_DOCUMENTS; n++)
		put(1 + n / 60000, 2 + n % 60000, 1000 + n, "cat");
	commit(1);
	for (size_t i = 0; i < ix->n_shards; i++)
		assert_true(ix->shards[i].documents <= SHARD_DOCUMENTS);
	expect_found("future", NO_FILTER, "1 0 ");
	assert_int_equal(ix->n_shards, SHARDS + 1);
	reopen(DATABASE_READY);
	begin();
	put(1, 1, 2000, "cat future"); /* in a shard that is full */
	commit(2);
	expect_found("future", NO_FILTER, "0 1 ");
}

static void
overwrite(off_t at, const char *bytes, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" INDEX_NAME, dir);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t)n);
	close(fd);
}

FIXTURE_TEST(an_index_stays_until_it_is_damaged)
{
	struct index *second;

	reopen(DATABASE_EMPTY); /* it was not finished */
	build();
	begin();
	put_parent(1, &org_a);
	put(1, 1, 1000, "cat");
	commit(9);
	reopen(DATABASE_READY);
	assert_int_equal(index_position(ix), 9);
	expect_found("cat", NO_FILTER, "1 ");
	assert_int_equal(index_open(&second, dir), DATABASE_IN_USE);
	assert_null(second);
	purge();
	index_close(ix);
	overwrite(0, "no database at all", 18);
	assert_int_equal(index_open(&ix, dir), DATABASE_EMPTY);
	assert_int_equal(index_documents(ix), 0);
	assert_int_equal(index_position(ix), 0);
}

FIXTURE_TEST(a_damaged_page_is_noticed_when_it_is_read)
{
	struct index_filter filter = {.org = org_a};
	struct query q;
	uint64_t next;
	struct buf got;
	char junk[4096];

	build();
	begin();
	put_parent(1, &org_a);
	put(1, 1, 1000, "cat");
	commit(1);
	index_close(ix);
	memset(junk, 0x55, sizeof(junk));
	for (off_t page = 7; page < 30; page++)
		overwrite(page * 4096, junk, sizeof(junk));
	buf_init(&got, 64);
	assert_int_equal(query_parse(&q, slice_str("cat")), QUERY_OK);
	if (index_open(&ix, dir) == DATABASE_READY) {
		assert_int_equal(
		    index_search(ix, &q, &filter, 2, 1000, append_result, &got, &next), -1);
		assert_true(index_is_damaged(ix));
	}
	buf_clear(&got);
}

/* A random word that shares no beginning with others, so that no index can shorten it. */
static const char *
random_word(unsigned n)
{
	static char word[13];
	uint64_t hash = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	hash ^= hash >> 29;
	hash *= UINT64_C(0xbf58476d1ce4e5b9);
	hash ^= hash >> 32;
	for (size_t i = 0; i < 12; i++, hash /= 26)
		word[i] = (char)('a' + hash % 26);
	return word;
}

#define CONVERSATIONS 400

static void
put_random(unsigned conversation)
{
	char text[4096] = "";
	unsigned words = conversation % 17 == 0 ? 300 : 1 + conversation % 29;

	for (unsigned i = 0; i < words; i++) {
		strcat(text, random_word(conversation));
		strcat(text, " ");
	}
	put_parent(conversation, &org_a);
	for (unsigned i = 0; i < 3; i++)
		put(conversation, 1 + i, 1000 + conversation * 7919 % 5000, text);
}

static bool
file_contains(const char *suffix, const char *word)
{
	static char content[8 << 20];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/" INDEX_NAME "%s", dir, suffix);
	fd = open(path, O_RDONLY);
	if (fd == -1)
		return false;
	n = read(fd, content, sizeof(content));
	close(fd);
	assert_true(n >= 0 && (size_t)n < sizeof(content));
	return memmem(content, (size_t)n, word, strlen(word)) != NULL;
}

FIXTURE_TEST(nothing_of_an_erased_conversation_is_left_in_the_files)
{
	for (unsigned n = 0; n < CONVERSATIONS; n++) {
		struct id erased = number_id(n / 3 * 2);

		if (n == 30)
			build();
		begin();
		put_random(n);
		if (n % 3 == 0)
			assert_int_equal(index_erase(ix, &erased), 0);
		commit(n);
		if (n % 10 == 0)
			purge();
	}
	assert_true(file_contains("", random_word(1)));
	begin();
	for (unsigned n = 0; n < CONVERSATIONS; n += 2) {
		struct id erased = number_id(n);

		assert_int_equal(index_erase(ix, &erased), 0);
	}
	commit(CONVERSATIONS);
	purge();
	for (unsigned n = 0; n < CONVERSATIONS; n++) {
		/* Words may be cut where a page ends. */
		const char *end = random_word(n) + 4;

		assert_int_equal(file_contains("", end), n % 2 != 0);
		assert_false(n % 2 == 0 && file_contains("-wal", end));
	}
}

TEST_MAIN(NULL, NULL)
