/*
 * Documents through real children: build/crawl-extract, beside the tests.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/crawl/extraction.h"

#define DOCUMENTS_MAX 8
#define DOCUMENTS     "tests/unit/workerd/crawl/documents/"
#define DOCX          "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

static struct event_base *base;
static struct extraction_pool *pool;
static struct document *documents[DOCUMENTS_MAX];
static size_t n_documents;

/* The program of the same build: …/build/unit/workerd/crawl/test_extraction → …/build/crawl-extract. */
static void
find_program(char path[4096])
{
	ssize_t n = readlink("/proc/self/exe", path, 4000);
	char *unit;

	assert_true(n > 0);
	path[n] = '\0';
	unit = strstr(path, "/unit/");
	assert_non_null(unit);
	strcpy(unit, "/crawl-extract"); /* NOLINT: shorter than what it replaces */
}

FIXTURE(set_up)
{
	char program[4096];
	int spawner;

	find_program(program);
	spawner = extraction_spawner_start(program);
	assert_int_not_equal(spawner, -1);
	base = event_base_new();
	pool = extraction_pool_new(base, spawner);
	n_documents = 0;
}

FIXTURE(tear_down)
{
	extraction_pool_free(pool);
	event_base_free(base);
	while (n_documents > 0)
		document_free(documents[--n_documents]);
}

static void
on_done(void *arg, struct document *doc)
{
	(void)arg;
	assert_true(n_documents < DOCUMENTS_MAX);
	documents[n_documents++] = doc;
}

static struct extraction *
start(const char *type, struct slice bytes)
{
	const struct extraction_job job = {.bytes = bytes,
	    .type = slice_str(type),
	    .charset = slice_str(""),
	    .url = slice_str("https://shop.example/help/")};

	return extraction_start(pool, &job, on_done, NULL);
}

static void
wait_for_all(void)
{
	while (extraction_pending(pool) > 0)
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* A document with a block of so many bytes. */
static struct document *
document_of(size_t size)
{
	struct document doc = {.title = slice_str("")};
	char *text = xcalloc(size + 1, 1);
	struct buf blocks, bytes;

	doc.detail = doc.language = doc.canonical = doc.links = doc.title;
	memset(text, 'x', size);
	buf_init(&blocks, DOCUMENT_MAX);
	buf_init(&bytes, DOCUMENT_MAX);
	assert_int_equal(document_add_block(&blocks,
			     &(struct block){.kind = BLOCK_PARAGRAPH,
				 .anchor = slice_str(""),
				 .text = {(const uint8_t *)text, size}}),
	    0);
	doc.blocks = buf_slice(&blocks);
	assert_int_equal(document_encode(&doc, &bytes), 0);
	buf_clear(&blocks);
	free(text);
	return document_decode(&bytes);
}

/* Else sites that are crawled at the same time could have any amount of memory used. */
FIXTURE_TEST(no_document_is_taken_apart_while_too_many_are_held)
{
	struct document *held[4];
	size_t before = document_bytes_held();

	for (size_t i = 0; i < 4; i++)
		held[i] = document_of(EXTRACTION_HELD_MAX / 4);
	assert_true(document_bytes_held() >= before + EXTRACTION_HELD_MAX);
	start("text/plain", slice_str("some text"));
	for (int i = 0; i < 20; i++)
		assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
	assert_int_equal(extraction_pending(pool), 1);
	assert_int_equal(extraction_running(pool), 0);
	document_free(held[0]);
	extraction_pool_run(pool);
	assert_int_equal(extraction_running(pool), 1);
	wait_for_all();
	assert_int_equal(n_documents, 1);
	assert_int_equal(documents[0]->reason, REASON_NONE);
	for (size_t i = 1; i < 4; i++)
		document_free(held[i]);
	assert_int_equal(document_bytes_held(), before + buf_len(&documents[0]->bytes));
}

FIXTURE_TEST(a_page_becomes_blocks_and_links)
{
	struct slice blocks, links, url;
	struct block block;

	start("text/html",
	    slice_str("<title>Help</title><h1 id=top>Shipping</h1><p>Two days.<p>"
		      "<a href='faq#a'>See our list of frequent questions</a>"));
	wait_for_all();
	assert_int_equal(n_documents, 1);
	assert_int_equal(documents[0]->reason, REASON_NONE);
	assert_true(slice_eq_str(documents[0]->title, "Help"));
	blocks = documents[0]->blocks;
	assert_true(document_next_block(&blocks, &block));
	assert_true(slice_eq_str(block.text, "Shipping") && slice_eq_str(block.anchor, "top"));
	assert_true(document_next_block(&blocks, &block));
	assert_true(slice_eq_str(block.text, "Two days."));
	links = documents[0]->links;
	assert_true(document_next_link(&links, &url));
	assert_true(slice_eq_str(url, "https://shop.example/help/faq"));
	assert_false(document_next_link(&links, &url));
}

FIXTURE_TEST(many_documents_wait_in_a_queue)
{
	for (int i = 0; i < DOCUMENTS_MAX; i++)
		start("text/plain", slice_str("Some text."));
	assert_int_equal(extraction_pending(pool), DOCUMENTS_MAX);
	wait_for_all();
	assert_int_equal(n_documents, DOCUMENTS_MAX);
	for (int i = 0; i < DOCUMENTS_MAX; i++)
		assert_int_equal(documents[i]->reason, REASON_NONE);
}

FIXTURE_TEST(a_cancelled_job_is_not_reported)
{
	struct extraction *running = start("text/plain", slice_str("One."));
	struct extraction *other = start("text/plain", slice_str("Two."));
	struct extraction *waiting = start("text/plain", slice_str("Three."));

	(void)other;
	extraction_cancel(waiting);
	extraction_cancel(running);
	wait_for_all();
	assert_int_equal(n_documents, 1);
}

FIXTURE_TEST(a_type_that_cannot_be_read_and_a_document_that_is_too_large_are_reported)
{
	static uint8_t large[EXTRACTION_BYTES_MAX + 1];

	start("image/png", slice_str("x"));
	start("text/html", (struct slice){large, sizeof(large)});
	assert_int_equal(n_documents, 0);
	wait_for_all();
	assert_int_equal(n_documents, 2);
	assert_int_equal(documents[0]->reason, REASON_TYPE);
	assert_int_equal(documents[1]->reason, REASON_SIZE);
}

/* libxml2 needs half a minute for this one; the limit of CPU time kills the child, and the next job is served. */
FIXTURE_TEST(a_document_that_takes_too_long_is_damaged)
{
	struct buf bytes;

	buf_init(&bytes, 2000000);
	for (int i = 0; i < 200000; i++)
		assert_int_equal(buf_append_str(&bytes, "<div></p>"), 0);
	start("text/html", buf_slice(&bytes));
	wait_for_all();
	assert_int_equal(documents[0]->reason, REASON_DAMAGED);
	start("text/plain", slice_str("Some text."));
	wait_for_all();
	assert_int_equal(documents[1]->reason, REASON_NONE);
	buf_clear(&bytes);
}

FIXTURE_TEST(two_hundred_thousand_nested_elements_are_read)
{
	struct buf bytes;
	struct slice blocks;
	struct block block;

	buf_init(&bytes, 2000000);
	for (int i = 0; i < 200000; i++)
		assert_int_equal(buf_append_str(&bytes, "<div>"), 0);
	assert_int_equal(buf_append_str(&bytes, "<p>At the bottom."), 0);
	start("text/html", buf_slice(&bytes));
	wait_for_all();
	assert_int_equal(documents[0]->reason, REASON_NONE);
	blocks = documents[0]->blocks;
	assert_true(document_next_block(&blocks, &block));
	assert_true(slice_eq_str(block.text, "At the bottom."));
	buf_clear(&bytes);
}

FIXTURE_TEST(a_document_of_angle_brackets_ends_with_a_reason)
{
	static uint8_t bytes[EXTRACTION_BYTES_MAX];

	memset(bytes, '<', sizeof(bytes));
	start("text/html", (struct slice){bytes, sizeof(bytes)});
	wait_for_all();
	assert_int_not_equal(documents[0]->reason, REASON_NONE);
}

static void
start_file(const char *type, const char *path)
{
	uint8_t bytes[8192];
	size_t n;
	FILE *f;

	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	start(type, (struct slice){bytes, n});
}

FIXTURE_TEST(a_pdf_becomes_blocks_with_the_number_of_their_page)
{
	struct slice blocks;
	struct block block;

	start_file("application/pdf", DOCUMENTS "two-pages.pdf");
	start_file("application/pdf", DOCUMENTS "no-password.pdf");
	wait_for_all();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(documents[i]->reason, REASON_NONE);
		blocks = documents[i]->blocks;
		assert_true(document_next_block(&blocks, &block));
		assert_true(slice_eq_str(
		    block.text, "Returns You can return a bicycle within 30 days."));
		assert_true(slice_eq_str(block.anchor, "page=1"));
		assert_true(document_next_block(&blocks, &block));
		assert_true(slice_eq_str(block.anchor, "page=2"));
	}
}

FIXTURE_TEST(a_pdf_without_text_or_with_a_password_has_a_reason)
{
	start_file("application/pdf", DOCUMENTS "no-text.pdf");
	wait_for_all();
	assert_int_equal(documents[0]->reason, REASON_EMPTY);
	start_file("application/pdf", DOCUMENTS "encrypted.pdf");
	wait_for_all();
	assert_int_equal(documents[1]->reason, REASON_ENCRYPTED);
	start("application/pdf", slice_str("%PDF-1.4\nnothing"));
	wait_for_all();
	assert_int_equal(documents[2]->reason, REASON_DAMAGED);
}

/* Else a filter lacks a call that a library makes, and the log names it. */
FIXTURE_TEST(no_format_needs_a_call_that_is_refused)
{
	int log = memfd_create("log", MFD_CLOEXEC), stderr_before = dup(STDERR_FILENO);
	char text[4096];
	ssize_t n;

	extraction_pool_free(pool);
	event_base_free(base);
	assert_int_not_equal(dup2(log, STDERR_FILENO), -1);
	fixture_set_up();
	start("text/html", slice_str("<p>Page <a href=x>with a link</a>"));
	start("text/html", slice_str("<meta charset=shift_jis><p>\x93\xfa\x96\x7b"));
	start("text/plain", slice_str("Text."));
	start("text/markdown", slice_str("# Text"));
	start_file("application/pdf", DOCUMENTS "two-pages.pdf");
	start_file(DOCX, "tests/fuzz/corpus/docx/file");
	wait_for_all();
	assert_int_not_equal(dup2(stderr_before, STDERR_FILENO), -1);
	closefd(&stderr_before);
	n = pread(log, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, "");
	closefd(&log);
	assert_int_equal(n_documents, 6);
	for (size_t i = 0; i < n_documents; i++)
		assert_int_equal(documents[i]->reason, REASON_NONE);
}

/* What a child sends, if it is not crawl-extract: nothing of it is a document. */
FIXTURE_TEST(the_output_of_another_program_is_damaged)
{
	int spawner = extraction_spawner_start("/bin/echo");

	assert_int_not_equal(spawner, -1);
	extraction_pool_free(pool);
	pool = extraction_pool_new(base, spawner);
	start("text/plain", slice_str("x"));
	wait_for_all();
	assert_int_equal(documents[0]->reason, REASON_DAMAGED);
}

/* Lets this process open so many more files. Returns the limit before. */
static rlim_t
limit_files(int more)
{
	int next = dup(STDIN_FILENO);
	struct rlimit limit;
	rlim_t before;

	assert_int_not_equal(next, -1);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)(next + more);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

static void
unlimit_files(rlim_t before)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = before;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

FIXTURE_TEST(a_document_without_a_file_descriptor_is_to_be_read_again)
{
	rlim_t before = limit_files(0);

	start("text/plain", slice_str("some text"));
	wait_for_all();
	unlimit_files(before);
	assert_int_equal(documents[0]->reason, REASON_NETWORK);
}

FIXTURE_TEST(a_document_waits_for_the_file_descriptors_of_its_child)
{
	rlim_t before = limit_files(2);

	start("text/plain", slice_str("some text"));
	unlimit_files(before);
	assert_int_equal(extraction_running(pool), 0);
	wait_for_all();
	assert_int_equal(documents[0]->reason, REASON_NONE);
}

TEST(a_program_that_does_not_exist_is_an_error)
{
	assert_int_equal(extraction_spawner_start("/nowhere/crawl-extract"), -1);
	assert_int_equal(errno, ENOENT);
}

TEST_MAIN(NULL, NULL)
