/*
 * The peers that search.
 */
#include <event2/event.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "proto/ipc/channel.h"
#include "storaged/search/searchers.h"
#include "tests/unit/unit.h"

#define PEERS    2
#define REQUESTS 3

static char dir[64], path[80];
static int listener;
static struct event_base *base;
static struct followers followers;
static struct searchers *searchers;
static const struct access own_user;

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

	strcpy(dir, "/tmp/test-searchers-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/search.sock", dir);
	strcpy(sun.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, PEERS), 0);
	base = event_base_new();
	followers.inbox = follower_new(base, "/nonexistent/store.sock", dir, 0);
	followers.content =
	    content_follower_new(base, "/nonexistent/store.sock", dir, 0, 1 << 20);
	searchers = searchers_new(base, listener, &own_user, &followers);
}

FIXTURE(tear_down)
{
	searchers_free(searchers);
	follower_free(followers.inbox);
	content_follower_free(followers.content);
	event_base_free(base);
	close(listener);
	assert_int_equal(nftw(dir, remove_file, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static void
connect_and_ask(struct channel *peer)
{
	channel_open(peer, channel_connect(path), ROLE_WORKER, ROLE_SEARCH, 2u << 20);
	for (uint64_t i = 1; i <= REQUESTS; i++)
		assert_int_equal(channel_send(peer, MSG_SEARCH_STATUS_GET, i,
				     &(struct msg_search_status_get){}),
		    0);
	assert_int_equal(channel_flush(peer), CHANNEL_DONE);
}

static unsigned
take_answers(struct channel *peer)
{
	struct frame f;
	union msg m;
	unsigned n = 0;

	assert_int_equal(channel_read(peer), CHANNEL_DONE);
	while (channel_next(peer, &f, &m) == WIRE_OK)
		n += f.type == MSG_SEARCH_STATUS;
	return n;
}

FIXTURE_TEST(a_turn_of_the_event_loop_answers_one_request_of_each_peer)
{
	struct channel peers[PEERS];
	unsigned answers[PEERS] = {0};

	for (int i = 0; i < PEERS; i++)
		connect_and_ask(&peers[i]);
	while (answers[0] < REQUESTS || answers[1] < REQUESTS) {
		assert_int_equal(event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
		for (int i = 0; i < PEERS; i++) {
			unsigned n = take_answers(&peers[i]);

			assert_true(n <= 1);
			answers[i] += n;
		}
	}
	for (int i = 0; i < PEERS; i++)
		channel_close(&peers[i]);
}

TEST_MAIN(NULL, NULL)
