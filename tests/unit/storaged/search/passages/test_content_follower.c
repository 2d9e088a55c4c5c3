/*
 * The follower of the owner's content, with a storaged that this test plays.
 */
#include <event2/event.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proto/ipc/channel.h"
#include "storaged/search/passages/content_follower.h"
#include "storaged/search/passages/find.h"
#include "tests/unit/unit.h"

#define PAGES 40

/* A page of the played store, of the source with its number; text NULL: it does not exist. */
struct page {
	uint8_t source;
	const char *texts[3]; /* its chunks */
	uint8_t version;      /* of its hash */
};

static const struct id org = {{9}};
static char dir[64], path[80];
static int listener;
static struct event_base *base;
static struct channel channel;
static struct content_follower *follower;
static struct page pages[PAGES];
static const char *answer_text; /* NULL: there is no published answer */
static bool enabled[4], gone, follows;
static uint64_t newest;
static struct msg_change_record rows[PAGES];
static size_t n_rows, read_texts;
static struct found found;  /* last */
static unsigned stop_after; /* texts; then storaged does not answer */

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
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	strcpy(dir, "/tmp/test-content-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/store.sock", dir);
	strcpy(sun.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 1), 0);
	base = event_base_new();
	channel.fd = -1;
	memset(pages, 0, sizeof(pages));
	memset(enabled, 1, sizeof(enabled));
	answer_text = NULL;
	gone = follows = false;
	newest = 7;
	n_rows = read_texts = 0;
	stop_after = UINT32_MAX;
	follower = content_follower_new(base, path, dir, 0, 1 << 20);
}

FIXTURE(tear_down)
{
	content_follower_free(follower);
	channel_close(&channel);
	event_base_free(base);
	close(listener);
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static struct id
id_of(uint8_t kind, unsigned n)
{
	return (struct id){{kind, (uint8_t)n, 1}};
}

static struct hash256
hash_of(const void *text, size_t len)
{
	return secret_hash((struct slice){text, len});
}

static void
send_answer(enum msg_type type, uint64_t request, const void *m)
{
	assert_int_equal(channel_send(&channel, type, request, m), 0);
}

static void
add_record(struct buf *list, enum msg_type type, const void *m)
{
	struct buf record;

	buf_init(&record, 16384);
	assert_int_equal(record_encode(&record, type, m), 0);
	assert_int_equal(wire_list_add(list, buf_slice(&record)), 0);
	buf_clear(&record);
}

/* The half of the pages that a cursor names, and the answer. */
static void
answer_list(uint64_t request, struct slice cursor)
{
	struct msg_content_page answer = {0};
	struct buf items;
	unsigned from = cursor.len > 0 ? PAGES / 2 : 0;

	buf_init(&items, 1 << 20);
	for (unsigned i = from; i < from + PAGES / 2; i++)
		if (pages[i].texts[0] != NULL)
			add_record(&items, MSG_CONTENT_ITEM,
			    &(struct msg_content_item){.kind = PASSAGE_CHUNK,
				.org = org,
				.source = id_of('s', pages[i].source),
				.id = id_of('p', i),
				.hash = hash_of(&pages[i], sizeof(pages[i]))});
	if (from > 0 && answer_text != NULL)
		add_record(&items, MSG_CONTENT_ITEM,
		    &(struct msg_content_item){
			.kind = PASSAGE_ANSWER, .org = org, .id = id_of('a', 0)});
	answer.items = buf_slice(&items);
	answer.next = slice_str(from == 0 ? "x" : "");
	send_answer(MSG_CONTENT_PAGE, request, &answer);
	buf_clear(&items);
}

/* The vector of the model "letters": it says which letter a text begins with. */
static int8_t *
vector_of(char letter)
{
	static int8_t values[26];

	memset(values, 0, sizeof(values));
	values[letter - 'a'] = 100;
	return values;
}

static void
add_chunk(struct buf *chunks, uint32_t index, const char *text, bool vectors)
{
	struct buf record, vector;

	buf_init(&record, 16384);
	buf_init(&vector, 16384);
	if (vectors)
		assert_int_equal(record_encode(&vector, MSG_VECTOR_RECORD,
				     &(struct msg_vector_record){.v = 1,
					 .model = slice_str("letters"),
					 .values = {(const uint8_t *)vector_of(text[0]), 26}}),
		    0);
	assert_int_equal(record_encode(&record, MSG_CHUNK_RECORD,
			     &(struct msg_chunk_record){.v = 1,
				 .language = slice_str("en"),
				 .text = slice_str(text),
				 .hash = hash_of(text, strlen(text))}),
	    0);
	add_record(chunks, MSG_CHUNK_ITEM,
	    &(struct msg_chunk_item){
		.index = index, .chunk = buf_slice(&record), .vector = buf_slice(&vector)});
	buf_clear(&record);
	buf_clear(&vector);
}

/* The chunk of a page from one on: each in an answer of its own. */
static void
answer_text_read(uint64_t request, const struct msg_source_text_read *m)
{
	const struct page *page = &pages[m->page.b[1]];
	struct msg_source_text answer = {0};
	struct buf record, chunks;

	read_texts++;
	if (page->texts[0] == NULL) {
		send_answer(MSG_ERROR, request, &(struct msg_error){.code = STORE_NOT_FOUND});
		return;
	}
	buf_init(&record, 16384);
	buf_init(&chunks, 16384);
	assert_int_equal(record_encode(&record, MSG_SOURCE_PAGE_RECORD,
			     &(struct msg_source_page_record){.v = 1,
				 .id = m->page,
				 .title = slice_str("A page"),
				 .hash = hash_of(page, sizeof(*page))}),
	    0);
	add_chunk(&chunks, m->from, page->texts[m->from], m->vectors);
	answer.page = buf_slice(&record);
	answer.chunks = buf_slice(&chunks);
	if (m->from < 2 && page->texts[m->from + 1] != NULL)
		answer.next = m->from + 1;
	send_answer(MSG_SOURCE_TEXT, request, &answer);
	buf_clear(&record);
	buf_clear(&chunks);
}

static void
answer_see(uint64_t request, const struct msg_content_see *m)
{
	struct msg_content_seen answer = {0};
	struct buf record;

	buf_init(&record, 16384);
	if (m->kind == PASSAGE_CHUNK) {
		answer.searched = enabled[m->id.b[1]];
	} else if (answer_text != NULL) {
		answer.searched = 1;
		assert_int_equal(record_encode(&record, MSG_ANSWER_RECORD,
				     &(struct msg_answer_record){.v = 1,
					 .id = m->id,
					 .org = org,
					 .question = slice_str("What is the question?"),
					 .text = slice_str(answer_text),
					 .published = 1}),
		    0);
		answer.answer = buf_slice(&record);
	}
	send_answer(MSG_CONTENT_SEEN, request, &answer);
	buf_clear(&record);
}

static void
answer_changes(uint64_t request, const struct msg_changes_read *m)
{
	struct msg_changes_page answer = {.newest = newest, .next = newest, .gone = gone};
	struct buf list;

	buf_init(&list, 1 << 16);
	for (size_t i = 0; i < n_rows && !m->newest; i++)
		if (rows[i].seq > m->after)
			add_record(&list, MSG_CHANGE_RECORD, &rows[i]);
	answer.changes = buf_slice(&list);
	follows = m->follow;
	send_answer(MSG_CHANGES_PAGE, request, &answer);
	buf_clear(&list);
	gone = false;
}

static void
answer(void)
{
	struct frame f;
	union msg m;

	if (channel.fd == -1) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

		if (fd == -1)
			return;
		channel_open(&channel, fd, ROLE_STORE, ROLE_SEARCH, 2u << 20);
	}
	assert_int_equal(channel_read(&channel), CHANNEL_DONE);
	while (read_texts < stop_after && channel_next(&channel, &f, &m) == WIRE_OK) {
		if (f.type == MSG_CONTENT_LIST)
			answer_list(f.request, m.content_list.cursor);
		else if (f.type == MSG_SOURCE_TEXT_READ)
			answer_text_read(f.request, &m.source_text_read);
		else if (f.type == MSG_CONTENT_SEE)
			answer_see(f.request, &m.content_see);
		else if (f.type == MSG_CHANGES_READ)
			answer_changes(f.request, &m.changes_read);
		else
			fail();
	}
	assert_int_equal(channel_flush(&channel), CHANNEL_DONE);
}

static void
turn(void)
{
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	answer();
}

/* The page of the best hit and one more, 100 for the answer; 0: nothing; -1: not ready. With a letter: also by the
 * vector of this model. */
static int
find_by(const char *question, const char *model, char letter)
{
	const char *reason;
	struct passages *ix = content_follower_index(follower, &reason);
	struct msg_find m = {
	    .org = org, .knowledge = KNOWLEDGE_ALL, .question = slice_str(question)};
	float numbers[26];

	if (ix == NULL)
		return -1;
	for (size_t i = 0; letter != 0 && i < ARRAY_LEN(numbers); i++)
		numbers[i] = 0.5f * vector_of(letter)[i];
	if (letter != 0)
		m.vector = (struct slice){(const uint8_t *)numbers, sizeof(numbers)};
	m.model = slice_str(model);
	assert_int_equal(find_passages(follower, ix, &m, &found), 0);
	if (found.n == 0)
		return 0;
	return found.hits[0].kind == PASSAGE_ANSWER ? 100 : found.hits[0].id.b[1] + 1;
}

static int
find(const char *question)
{
	return find_by(question, "", 0);
}

static void
wait_for(const char *question, int page)
{
	while (find(question) != page)
		turn();
}

static void
notify(enum change_kind kind, enum change_what what, struct id id, uint8_t source)
{
	struct msg_change_record row = {.v = 1,
	    .seq = ++newest,
	    .org = org,
	    .kind = (uint8_t)kind,
	    .what = (uint8_t)what,
	    .id = id};

	if (kind == CHANGE_PAGE)
		row.conversation = id_of('s', source);
	rows[n_rows++] = row;
	send_answer(MSG_LIVE_CHANGES, 0, &(struct msg_live_changes){.newest = newest});
	assert_int_equal(channel_flush(&channel), CHANNEL_DONE);
}

static void
fill(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		pages[i] = (struct page){.source = (uint8_t)(i % 3),
		    .texts = {"some text of a page", "and its second part"}};
	pages[3].texts[1] = "the elephant sleeps";
	pages[30].texts[0] = "a giraffe eats";
}

/* Starts searchd's part again, as after a kill. */
static void
restart(void)
{
	content_follower_free(follower);
	channel_close(&channel);
	channel.fd = -1;
	follower = content_follower_new(base, path, dir, 0, 1 << 20);
}

FIXTURE_TEST(all_content_of_the_store_is_found)
{
	fill();
	answer_text = "Because of the zebra.";
	wait_for("elephants", 4);
	wait_for("giraffes", 31);
	wait_for("zebra", 100);
	assert_int_equal(find("questions"), 100);
}

FIXTURE_TEST(a_changed_page_is_found_by_its_new_text_alone)
{
	fill();
	wait_for("elephants", 4);
	pages[3].texts[1] = "the tiger runs";
	notify(CHANGE_PAGE, CHANGE_CHANGED, id_of('p', 3), 0);
	wait_for("tiger", 4);
	assert_int_equal(find("elephant"), 0);
	pages[3].texts[0] = NULL;
	notify(CHANGE_PAGE, CHANGE_DELETED, id_of('p', 3), 0);
	wait_for("tiger", 0);
}

FIXTURE_TEST(a_deleted_source_is_not_found)
{
	fill();
	wait_for("elephants", 4);
	for (unsigned i = 0; i < PAGES; i += 3)
		pages[i].texts[0] = NULL;
	notify(CHANGE_SOURCE, CHANGE_DELETED, id_of('s', 0), 0);
	wait_for("elephants", 0);
	assert_int_equal(find("second part"), 2);
}

FIXTURE_TEST(a_disabled_source_is_not_found_until_it_is_enabled)
{
	fill();
	enabled[0] = false;
	wait_for("part", 2);
	assert_int_equal(find("elephant"), 0);
	enabled[0] = true;
	notify(CHANGE_SOURCE, CHANGE_CHANGED, id_of('s', 0), 0);
	wait_for("elephant", 4);
}

/* As when an import follows the deletion. All rows come at once. */
FIXTURE_TEST(a_source_that_comes_again_after_its_deletion_is_found)
{
	fill();
	wait_for("elephants", 4);
	channel_close(&channel);
	channel.fd = -1;
	rows[n_rows++] = (struct msg_change_record){.v = 1,
	    .seq = ++newest,
	    .org = org,
	    .kind = CHANGE_PAGE,
	    .what = CHANGE_CHANGED,
	    .id = id_of('p', 3),
	    .conversation = id_of('s', 0)};
	rows[n_rows] = rows[0];
	rows[n_rows].kind = CHANGE_SOURCE;
	rows[n_rows].what = CHANGE_DELETED;
	rows[n_rows].id = id_of('s', 0);
	rows[n_rows++].seq = ++newest;
	rows[n_rows] = rows[0];
	rows[n_rows].what = CHANGE_IMPORTED;
	rows[n_rows++].seq = ++newest;
	read_texts = 0;
	while (read_texts < 4)
		turn();
	wait_for("elephants", 4);
}

FIXTURE_TEST(an_answer_is_found_while_it_is_published)
{
	wait_for("zebra", 0);
	answer_text = "Because of the zebra.";
	notify(CHANGE_ANSWER, CHANGE_CREATED, id_of('a', 0), 0);
	wait_for("zebra", 100);
	answer_text = "Because of the lion.";
	notify(CHANGE_ANSWER, CHANGE_CHANGED, id_of('a', 0), 0);
	wait_for("lion", 100);
	assert_int_equal(find("zebra"), 0);
	answer_text = NULL;
	notify(CHANGE_ANSWER, CHANGE_CHANGED, id_of('a', 0), 0);
	wait_for("lion", 0);
}

FIXTURE_TEST(a_restart_reads_no_text_again)
{
	fill();
	wait_for("elephants", 4);
	read_texts = 0;
	restart();
	wait_for("elephants", 4);
	pages[1].texts[0] = "a rhino";
	while (!follows || channel.fd == -1)
		turn();
	notify(CHANGE_PAGE, CHANGE_CHANGED, id_of('p', 1), 1);
	wait_for("rhino", 2);
	assert_int_equal(read_texts, 2);
}

FIXTURE_TEST(a_kill_during_the_first_reading_loses_nothing)
{
	fill();
	stop_after = 30;
	while (read_texts < stop_after)
		turn();
	restart();
	stop_after = UINT32_MAX;
	wait_for("giraffe", 31);
	assert_int_equal(find("elephant"), 4);
}

/* As after the restoration of a backup. */
FIXTURE_TEST(the_index_is_compared_with_the_store_when_the_feed_does_not_reach_back)
{
	fill();
	wait_for("elephants", 4);
	restart();
	gone = true;
	read_texts = 0;
	pages[3].texts[0] = NULL;
	pages[30].texts[0] = "a rhino";
	wait_for("rhino", 31);
	wait_for("elephant", 0);
	assert_int_equal(read_texts, 3);
}

FIXTURE_TEST(passages_are_also_found_by_their_vectors)
{
	fill();
	pages[5].texts[1] = "zebra";
	wait_for("elephants", 4);
	assert_int_equal(find_by("stripes", "letters", 'z'), 0);
	while (find_by("stripes", "letters", 'z') != 6)
		turn();
	assert_int_equal(found.coverage, 1000);
	assert_int_equal(find_by("elephant", "letters", 'q'), 4);
	assert_int_equal(found.coverage, 1000);
	assert_int_equal(find("stripes"), 0);
	pages[5].texts[1] = "a horse";
	pages[7].texts[0] = "zoo";
	notify(CHANGE_PAGE, CHANGE_CHANGED, id_of('p', 5), 2);
	notify(CHANGE_PAGE, CHANGE_CHANGED, id_of('p', 7), 1);
	while (find_by("stripes", "letters", 'z') != 8)
		turn();
	assert_int_equal(found.hits[0].index, 0);
	assert_int_equal(find("horse"), 6);
	/* Another model: its vectors are read first. */
	assert_int_equal(find_by("stripes", "others", 'z'), 0);
}

FIXTURE_TEST(words_alone_count_if_there_is_no_memory_for_vectors)
{
	struct msg_search_status status = {0};

	content_follower_free(follower);
	follower = content_follower_new(base, path, dir, 0, 100);
	fill();
	pages[5].texts[1] = "zebra";
	wait_for("elephants", 4);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(find_by("elephants", "letters", 'z'), 4);
		turn();
	}
	assert_int_equal(find_by("stripes", "letters", 'z'), 0);
	content_follower_status(follower, &status);
	assert_int_equal(status.vectors_bytes, 0);
	assert_int_equal(status.passages, 80);
}

TEST_MAIN(NULL, NULL)
