/*
 * Where chunks begin and end, and what they carry.
 */
#include "proto/base/utf8.h"
#include "tests/unit/unit.h"
#include "workerd/crawl/block_split.h"
#include "workerd/crawl/chunks.h"

#define CHUNKS_MAX 64

static struct buf blocks;
static struct document *doc;
static struct {
	char heading[DOCUMENT_PATH_MAX + 1], anchor[DOCUMENT_ANCHOR_MAX + 1],
	    text[CHUNKS_TEXT_MAX + 1];
	struct hash256 hash;
} got[CHUNKS_MAX];
static size_t n_got;

FIXTURE(set_up)
{
	buf_init(&blocks, DOCUMENT_MAX - 4096);
	doc = NULL;
}

FIXTURE(tear_down)
{
	document_free(doc);
	buf_clear(&blocks);
}

static void
add(enum block_kind kind, uint8_t level, const char *anchor, const char *text)
{
	const struct block block = {(uint8_t)kind, level, slice_str(anchor), slice_str(text)};

	assert_int_equal(document_add_block(&blocks, &block), 0);
}

static void
add_heading(uint8_t level, const char *anchor, const char *text)
{
	add(BLOCK_HEADING, level, anchor, text);
}

static void
add_paragraph(const char *text)
{
	add(BLOCK_PARAGRAPH, 0, "", text);
}

/* Of so many bytes: sentences of ten. */
static void
add_long(enum block_kind kind, size_t bytes, const char *sentence)
{
	static char text[65536];

	assert_true(bytes < sizeof(text));
	for (size_t i = 0; i < bytes; i++)
		text[i] = sentence[i % strlen(sentence)];
	text[bytes] = '\0';
	add(kind, 0, "", text);
}

static void
copy(char *to, size_t size, struct slice from)
{
	assert_true(from.len < size && utf8_valid(from));
	memcpy(to, from.p, from.len);
	to[from.len] = '\0';
}

static void
make(struct slice title, const char *language, chunks_drop_fn *drop)
{
	struct document source = {.title = slice_str(""),
	    .detail = slice_str(""),
	    .language = slice_str(""),
	    .canonical = slice_str(""),
	    .links = slice_str("")};
	struct msg_chunk_record chunk;
	struct chunks *chunks;
	struct buf bytes;

	source.blocks = buf_slice(&blocks);
	buf_init(&bytes, DOCUMENT_MAX);
	assert_int_equal(document_encode(&source, &bytes), 0);
	document_free(doc);
	doc = document_decode(&bytes);
	assert_non_null(doc);
	chunks = chunks_new(doc, title, slice_str(language), drop, NULL);
	for (n_got = 0; chunks_next(chunks, &chunk); n_got++) {
		struct buf record;

		assert_true(n_got < CHUNKS_MAX);
		copy(got[n_got].heading, sizeof(got[0].heading), chunk.heading);
		copy(got[n_got].anchor, sizeof(got[0].anchor), chunk.anchor);
		copy(got[n_got].text, sizeof(got[0].text), chunk.text);
		got[n_got].hash = chunk.hash;
		buf_init(&record, 16384);
		assert_int_equal(record_encode(&record, MSG_CHUNK_RECORD, &chunk), 0);
		buf_clear(&record);
	}
	chunks_free(chunks);
}

static void
make_plainly(void)
{
	make(slice_str("Title"), "en", NULL);
}

static void
expect(size_t i, const char *heading, const char *anchor, const char *text)
{
	assert_true(i < n_got);
	assert_string_equal(got[i].heading, heading);
	assert_string_equal(got[i].anchor, anchor);
	assert_string_equal(got[i].text, text);
}

FIXTURE_TEST(sections_become_chunks_with_the_path_of_their_headings)
{
	add_paragraph("Before.");
	add_heading(1, "top", "Shop");
	add_heading(2, "ship", "Shipping");
	add_paragraph("Two days.");
	add(BLOCK_ITEM, 0, "", "- one");
	add(BLOCK_ITEM, 0, "", "- two");
	add_heading(2, "", "Returns");
	add_paragraph("Within 30 days.");
	add_heading(1, "other", "Other");
	add_paragraph("Text.");
	make_plainly();
	assert_int_equal(n_got, 3);
	/* A short introduction moves below the first heading. */
	expect(0, "Shop > Shipping", "ship", "Before.\n\nTwo days.\n\n- one\n- two");
	expect(1, "Shop > Returns", "ship", "Within 30 days.");
	expect(2, "Other", "other", "Text.");
}

FIXTURE_TEST(a_heading_without_text_of_its_own_is_not_lost)
{
	add_heading(1, "", "Contact");
	add_heading(2, "", "Phone 123");
	add_heading(2, "", "Mail a@b.example");
	add_heading(2, "", "Hours");
	add_paragraph("Nine to five.");
	add_heading(2, "", "Last");
	make_plainly();
	assert_int_equal(n_got, 2);
	expect(
	    0, "Contact > Phone 123", "", "Phone 123\nMail a@b.example\nHours\nNine to five.");
	expect(1, "Contact > Last", "", "Last");
}

FIXTURE_TEST(paragraphs_are_joined_up_to_the_limit_and_never_cut)
{
	for (int i = 0; i < 4; i++)
		add_long(BLOCK_PARAGRAPH, 500, "A few words. ");
	make_plainly();
	assert_int_equal(n_got, 2);
	for (size_t i = 0; i < n_got; i++)
		assert_in_range(strlen(got[i].text), 990, 1010);
}

FIXTURE_TEST(a_long_paragraph_ends_at_sentences)
{
	add_long(BLOCK_PARAGRAPH, 5000, "This is a sentence of it. ");
	make_plainly();
	assert_in_range(n_got, 5, 6);
	for (size_t i = 0; i + 1 < n_got; i++)
		assert_int_equal(got[i].text[strlen(got[i].text) - 1], '.');
}

FIXTURE_TEST(a_text_without_any_place_to_cut_is_cut_between_characters)
{
	add_long(BLOCK_PARAGRAPH, 30000, "\xe6\x9d\xb1");
	make_plainly();
	assert_in_range(n_got, 10, 11);
}

FIXTURE_TEST(tables_and_code_stay_whole_up_to_the_limit)
{
	add_paragraph("The prices:");
	add_long(BLOCK_TABLE, CHUNKS_WHOLE_MAX, "a | b\n");
	add_paragraph("The code:");
	add_long(BLOCK_CODE, 3000, "int x; \n");
	make_plainly();
	assert_int_equal(n_got, 2);
	assert_int_equal(strncmp(got[0].text, "The prices:\n\na | b\n", 19), 0);
	assert_in_range(strlen(got[0].text), CHUNKS_WHOLE_MAX, CHUNKS_WHOLE_MAX + 20);
}

FIXTURE_TEST(a_long_table_is_split_between_rows_and_repeats_its_head)
{
	struct buf text;

	buf_init(&text, 16000);
	assert_int_equal(buf_append_str(&text, "Plan | Price\n"), 0);
	for (int i = 0; i < 500; i++)
		assert_int_equal(
		    buf_printf(&text, "%sPlan %d | %d EUR", i ? "\n" : "", i, i), 0);
	assert_int_equal(buf_append(&text, "", 1), 0);
	add(BLOCK_TABLE, 0, "", (const char *)buf_data(&text));
	make_plainly();
	assert_in_range(n_got, 3, 4);
	for (size_t i = 0; i < n_got; i++) {
		assert_int_equal(strncmp(got[i].text, "Plan | Price\nPlan ", 18), 0);
		assert_true(strlen(got[i].text) <= CHUNKS_WHOLE_MAX);
		assert_string_equal(got[i].text + strlen(got[i].text) - 3, "EUR");
	}
	buf_clear(&text);
}

FIXTURE_TEST(a_term_stays_with_what_explains_it)
{
	add_long(BLOCK_PARAGRAPH, 800, "Some words. ");
	add(BLOCK_TERM, 0, "join", "join(a)");
	add_paragraph("Joins.");
	add(BLOCK_TERM, 0, "split", "split(a)");
	add_long(BLOCK_PARAGRAPH, 1190, "Splits it. ");
	make_plainly();
	assert_int_equal(n_got, 3);
	assert_string_equal(got[1].anchor, "join");
	assert_int_equal(strncmp(got[1].text, "join(a)\nJoins.", 14), 0);
	assert_string_equal(got[2].anchor, "split");
}

static bool
drops_menu(void *arg, const struct block *block)
{
	(void)arg;
	return slice_eq_str(block->text, "Menu");
}

FIXTURE_TEST(frequent_blocks_are_left_out)
{
	add_paragraph("Menu");
	add_paragraph("Text.");
	add_paragraph("Menu");
	make(slice_str(""), "", drops_menu);
	assert_int_equal(n_got, 1);
	expect(0, "", "", "Text.");
	make(slice_str(""), "", NULL);
	expect(0, "", "", "Menu\n\nText.\n\nMenu");
}

FIXTURE_TEST(the_hash_covers_title_heading_and_text)
{
	static const char all[] = "Title\0Head\0Text.";
	struct hash256 hash =
	    secret_hash((struct slice){(const uint8_t *)all, sizeof(all) - 1});

	add_heading(1, "x", "Head");
	add_paragraph("Text.");
	make_plainly();
	assert_true(hash_equal(&got[0].hash, &hash));
}

FIXTURE_TEST(a_document_without_blocks_has_no_chunks)
{
	make_plainly();
	assert_int_equal(n_got, 0);
}

FIXTURE_TEST(the_path_of_long_headings_is_cut_from_outside)
{
	static char heading[DOCUMENT_HEADING_MAX + 1];

	memset(heading, 'x', sizeof(heading) - 1);
	add_heading(1, "", heading);
	add_heading(2, "", heading);
	add_heading(3, "", "Inner");
	add_paragraph("Text.");
	make_plainly();
	assert_int_equal(strlen(got[0].heading), DOCUMENT_HEADING_MAX + 3 + 5);
}

TEST_MAIN(NULL, NULL)
