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

static char dir[64], path[80];
static int listener;
static struct event_base *base;
static struct channel channel;
static struct follower *follower;

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
	follower = follower_new(base, path, dir);
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
add_item(struct buf *items, enum index_kind kind, enum msg_type type, const void *stored)
{
	const struct id id = {{(uint8_t)(kind + 1)}}, conversation = {{1}};
	struct buf record, item;

	buf_init(&record, 4096);
	buf_init(&item, 4096);
	assert_int_equal(record_encode(&record, type, stored), 0);
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
	struct buf items;

	buf_init(&items, 8192);
	add_item(&items, INDEX_CONVERSATION, MSG_CONVERSATION_RECORD,
	    &(struct msg_conversation_record){.v = 1, .id = {{1}}, .org = {{9}}});
	add_item(&items, INDEX_MESSAGE, MSG_MESSAGE_RECORD,
	    &(struct msg_message_record){.v = 1, .id = {{2}}, .text = slice_str("hello")});
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
	}
	assert_int_equal(channel_read(&channel), CHANNEL_DONE);
	while (channel_next(&channel, &f, &m) == WIRE_OK) {
		asked = true;
		if (f.type == MSG_INDEX_READ)
			answer_reading(f.request);
		else if (f.type == MSG_CHANGES_READ)
			assert_int_equal(
			    channel_send(&channel, MSG_CHANGES_PAGE, f.request,
				&(struct msg_changes_page){.newest = NEWEST, .next = NEWEST}),
			    0);
	}
	assert_int_equal(channel_flush(&channel), CHANNEL_DONE);
	return asked;
}

/* Searches, signals and the watchdog are served while an index is built, which may take minutes. */
FIXTURE_TEST(the_event_loop_turns_between_the_steps_of_a_building)
{
	unsigned turns = 0;
	const char *reason;

	while (follower_index(follower, &reason) == NULL) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
		turns = answer() ? 0 : turns + 1;
	}
	/* It reads the last answer, adds the words, and finishes the file. */
	assert_true(turns >= 3);
}

TEST_MAIN(NULL, NULL)
