/*
 * The comparison of the index with pages of the store that a test makes.
 */
#include <ftw.h>
#include <sys/stat.h>

#include "storaged/search/compare.h"
#include "tests/unit/unit.h"

static const struct id org = {{9}};
static char dir[64];
static struct index *ix;
static struct compare compare;
static struct buf wanted, items;

static int
remove_file(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

FIXTURE(set_up)
{
	strcpy(dir, "/tmp/test-compare-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(index_open(&ix, dir), DATABASE_EMPTY);
	compare_init(&compare, 1000, 0);
	buf_init(&wanted, 1 << 16);
	buf_init(&items, 1 << 16);
}

FIXTURE(tear_down)
{
	index_close(ix);
	compare_clear(&compare);
	buf_clear(&wanted);
	buf_clear(&items);
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static void
add_item(enum index_kind kind, uint8_t conversation, uint8_t id, const void *content)
{
	static const enum msg_type types[] = {[INDEX_MESSAGE] = MSG_MESSAGE_RECORD,
	    [INDEX_NOTE] = MSG_NOTE_RECORD,
	    [INDEX_CONVERSATION] = MSG_CONVERSATION_RECORD};
	struct msg_index_item item = {
	    .kind = (uint8_t)kind, .id = {{id}}, .conversation = {{conversation}}};
	struct buf record;

	buf_init(&record, 4096);
	assert_int_equal(record_encode(&record, types[kind], content), 0);
	item.record = buf_slice(&record);
	assert_int_equal(record_add(&items, MSG_INDEX_ITEM, &item), 0);
	buf_clear(&record);
}

/* A conversation with these messages. */
static void
conversation(uint8_t id, const char *messages)
{
	add_item(INDEX_CONVERSATION, id, id,
	    &(struct msg_conversation_record){.v = 1, .id = {{id}}, .org = org});
	for (; *messages != '\0'; messages++)
		add_item(INDEX_MESSAGE, id, (uint8_t)*messages,
		    &(struct msg_message_record){
			.v = 1, .id = {{(uint8_t)*messages}}, .text = slice_str("text")});
}

/* The items that were added are a page of the store; more: the next one continues the messages. */
static void
take_page(bool more)
{
	struct msg_index_page page = {.items = buf_slice(&items),
	    .next = more ? (struct slice){(const uint8_t *)"\0", 1} : (struct slice){NULL, 0}};
	bool reads;

	assert_int_equal(compare_step(&compare, ix, &wanted, &reads), 0);
	assert_true(reads);
	assert_int_equal(index_begin(ix), 0);
	assert_int_equal(compare_take_page(&compare, ix, &page, &wanted), 0);
	assert_int_equal(index_commit(ix, 1), 0);
	buf_reset(&items);
}

/* The documents of a conversation, in the order of their ids. */
static void
expect_documents(uint8_t id, const char *expected)
{
	const struct id parent = {{id}};
	struct index_other others[10];
	int n = index_others(ix, &parent, NULL, 0, others, 10);

	assert_int_equal(n, strlen(expected));
	for (int i = 0; i < n; i++)
		assert_int_equal(others[i].id.b[0], expected[i]);
}

/* What the index contains before. */
static void
index_contains(uint8_t id, const char *messages)
{
	conversation(id, messages);
	take_page(false);
	compare.phase = COMPARE_PAUSES;
}

FIXTURE_TEST(lost_messages_are_added_and_others_removed)
{
	index_contains(1, "abc");
	index_contains(2, "d");
	conversation(1, "bx");
	conversation(2, "d");
	take_page(false);
	expect_documents(1, "bx");
	expect_documents(2, "d");
	assert_true(compare.added == 1 && compare.removed == 2);
}

FIXTURE_TEST(a_conversation_may_be_on_several_pages)
{
	index_contains(1, "abcdef");
	conversation(1, "ab");
	take_page(true);
	expect_documents(1, "abcdef");
	conversation(1, "c");
	take_page(true);
	conversation(1, "f");
	take_page(false);
	expect_documents(1, "abcf");
}

FIXTURE_TEST(messages_that_the_feed_brings_between_two_pages_stay)
{
	index_contains(1, "ac");
	conversation(1, "c");
	take_page(true);
	conversation(1, "b");
	compare_note_items(&compare, buf_slice(&items));
	buf_reset(&items);
	conversation(1, "d");
	take_page(false);
	expect_documents(1, "acd");
}

FIXTURE_TEST(notes_that_were_not_read_are_looked_up)
{
	conversation(1, "a");
	add_item(INDEX_NOTE, 1, 'n',
	    &(struct msg_note_record){.v = 1, .id = {{'n'}}, .text = slice_str("text")});
	take_page(false);
	expect_documents(1, "an");
	assert_true(buf_len(&wanted) > 0);
}

FIXTURE_TEST(conversations_of_the_index_are_looked_up_in_the_store)
{
	struct msg_index_wanted want;
	struct slice list, item;
	bool reads;

	index_contains(1, "a");
	index_contains(2, "b");
	compare.phase = COMPARE_LOOKS_UP;
	compare.parent = 0;
	assert_int_equal(compare_step(&compare, ix, &wanted, &reads), 0);
	assert_false(reads);
	list = buf_slice(&wanted);
	for (uint8_t id = 1; id <= 2; id++) {
		assert_true(wire_list_next(&list, &item));
		assert_int_equal(record_decode(item, MSG_INDEX_WANTED, &want), WIRE_OK);
		assert_true(want.kind == INDEX_CONVERSATION && want.conversation.b[0] == id);
	}
	assert_int_equal(list.len, 0);
	assert_int_equal(compare_step(&compare, ix, &wanted, &reads), 0);
	assert_int_equal(compare.phase, COMPARE_PAUSES);
	assert_true(compare_due_in(&compare) > 0);
}

TEST_MAIN(NULL, NULL)
