/*
 * The follower, with a storaged that this test plays: one message to build an index of.
 */
#include <event2/event.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proto/ipc/channel.h"
#include "storaged/search/follower.h"
#include "tests/unit/unit.h"

#define NEWEST 7

static const struct id org = {{9}};
static char dir[64], path[80];
static int listener;
static struct event_base *base;
static struct channel channel;
static struct follower *follower;
static const char *stored; /* the one message's text; its first byte is its id */
static bool reported,
    read_since; /* on this connection; rows were read behind the first report */

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

	strcpy(dir, "/tmp/test-follower-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/store.sock", dir);
	strcpy(sun.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 1), 0);
	base = event_base_new();
	channel.fd = -1;
	stored = "hello";
	follower = follower_new(base, path, dir, 200);
}

FIXTURE(tear_down)
{
	follower_free(follower);
	channel_close(&channel);
	event_base_free(base);
	close(listener);
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static void
add_item(struct buf *items, enum index_kind kind, struct id id, enum msg_type type,
    const void *content)
{
	const struct id conversation = {{1}};
	struct buf record, item;

	buf_init(&record, 4096);
	buf_init(&item, 4096);
	assert_int_equal(record_encode(&record, type, content), 0);
	assert_int_equal(record_encode(&item, MSG_INDEX_ITEM,
			     &(struct msg_index_item){.kind = (uint8_t)kind,
				 .id = id,
				 .conversation = conversation,
				 .record = buf_slice(&record)}),
	    0);
	assert_int_equal(wire_list_add(items, buf_slice(&item)), 0);
	buf_clear(&record);
	buf_clear(&item);
}

static void
answer_reading(uint64_t request)
{
	const struct id conversation = {{1}}, message = {{(uint8_t)stored[0]}};
	struct buf items;

	buf_init(&items, 8192);
	add_item(&items, INDEX_CONVERSATION, conversation, MSG_CONVERSATION_RECORD,
	    &(struct msg_conversation_record){.v = 1, .id = conversation, .org = org});
	add_item(&items, INDEX_MESSAGE, message, MSG_MESSAGE_RECORD,
	    &(struct msg_message_record){.v = 1, .id = message, .text = slice_str(stored)});
	assert_int_equal(channel_send(&channel, MSG_INDEX_PAGE, request,
			     &(struct msg_index_page){.items = buf_slice(&items)}),
	    0);
	buf_clear(&items);
}

/* Answers what the follower has asked. False: it has asked nothing. */
static bool
answer(void)
{
	bool asked = false;
	struct frame f;
	union msg m;

	if (channel.fd == -1) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

		if (fd == -1)
			return false;
		channel_open(&channel, fd, ROLE_STORE, ROLE_SEARCH, 2u << 20);
		reported = read_since = false;
	}
	assert_int_equal(channel_read(&channel), CHANNEL_DONE);
	while (channel_next(&channel, &f, &m) == WIRE_OK) {
		asked = true;
		read_since |= reported && f.type == MSG_CHANGES_READ;
		reported |= f.type == MSG_INDEX_REPORT;
		if (f.type == MSG_INDEX_READ)
			answer_reading(f.request);
		else if (f.type == MSG_INDEX_LOOKUP)
			assert_int_equal(channel_send(&channel, MSG_INDEX_PAGE, f.request,
					     &(struct msg_index_page){.looked_up = 1}),
			    0);
		else if (f.type == MSG_CHANGES_READ)
			assert_int_equal(
			    channel_send(&channel, MSG_CHANGES_PAGE, f.request,
				&(struct msg_changes_page){.newest = NEWEST, .next = NEWEST}),
			    0);
	}
	assert_int_equal(channel_flush(&channel), CHANNEL_DONE);
	return asked;
}

/* Turns the event loop until searches are answered; returns the turns since the last question to storaged. */
static unsigned
catch_up(void)
{
	unsigned turns = 0;
	const char *reason;

	while (follower_index(follower, &reason) == NULL) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
		turns = answer() ? 0 : turns + 1;
	}
	return turns;
}

/* Searches, signals and the watchdog are served while an index is built, which may take minutes. */
FIXTURE_TEST(the_event_loop_turns_between_the_steps_of_a_building)
{
	/* It reads the last answer, adds the words, and finishes the file. */
	assert_true(catch_up() >= 3);
}

/* storaged waits with an erasure only for a searchd that has reported: what it erased before, while the file of the
 * last process was cleaned, must be read. */
FIXTURE_TEST(searches_are_answered_when_the_rows_behind_the_first_report_are_read)
{
	catch_up();
	follower_free(follower);
	channel_close(&channel);
	follower = follower_new(base, path, dir, 0);
	catch_up();
	assert_true(reported && read_since);
}

static int
append_text(void *arg, const struct index_result *result)
{
	return buf_append(arg, result->text.p, result->text.len);
}

/* Whether a search finds this text, and no other one. */
static bool
finds(const char *text)
{
	const struct index_filter filter = {.org = org};
	const char *reason;
	struct index *ix = follower_index(follower, &reason);
	struct query query;
	struct buf found;
	uint64_t next;
	bool is;

	if (ix == NULL)
		return false;
	assert_int_equal(query_parse(&query, slice_str(text)), QUERY_OK);
	buf_init(&found, 1024);
	assert_int_equal(
	    index_search(ix, &query, &filter, 10, 1000, append_text, &found, &next), 0);
	is = slice_eq_str(buf_slice(&found), text);
	buf_clear(&found);
	return is;
}

/* The feed has told nothing of it: the index lost a message, and has one that the store does not have. */
FIXTURE_TEST(the_comparison_with_the_store_mends_the_index)
{
	while (!finds("hello")) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
		answer();
	}
	stored = "world";
	while (!finds("world") || finds("hello")) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
		answer();
	}
}

TEST_MAIN(NULL, NULL)
