/*
 * Rejected connections: their reply and their cost; and each admitted connection is released
 * exactly once.
 */
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

CLIENT_TEST(a_rejected_connection_gets_503_and_is_closed)
{
	struct client *rejected;

	client_send(cl, HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	rig.full = true;
	rejected = client_open();
	WAIT_FOR_END(rejected);
	assert_true(client_begins_with(rejected, "HTTP/1.1 503 Service Unavailable\r\nDate: "));
	assert_true(client_has(rejected, "\r\nRetry-After: "));
	assert_true(client_has(rejected, "\r\nConnection: close\r\n"));
	assert_true(client_has(rejected, "\r\nX-Frame-Options: DENY\r\n"));
	assert_true(client_ends_with(rejected, "\"code\":\"too_many_connections\"}"));
	assert_int_equal(rig.handled, 1);
	/* Its request, sent meanwhile, causes no reset. */
	client_send(rejected, HELLO);
	client_send(cl, HELLO);
	WAIT_FOR(client_count(cl, ANSWER) == 2);
	assert_int_equal(client_count(rejected, "HTTP/1.1 "), 1);
	assert_false(client_was_reset(rejected));
	client_close(rejected);
	WAIT_FOR_CONNECTIONS(1);
	assert_int_equal(rig.left, 0);
	client_close(cl);
	WAIT_FOR(rig.left == 1);
	assert_int_equal(rig.arrived, 1);
}

RIG_TEST(an_admitted_connection_is_released_once_however_it_ends)
{
	static const char *const last[] = {GET10("/hello"), "BAD\r\n"};

	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(last); i++) {
		cl = client_open();
		client_send(cl, last[i]);
		WAIT_FOR_END(cl);
		client_close(cl);
		WAIT_FOR(rig.left == i + 1);
	}
	cl = client_open();
	client_keep(cl);
	client_reset(cl);
	WAIT_FOR(rig.left == 3);
	client_open();
	rig_stop();
	assert_int_equal(rig.left, 4);
	assert_int_equal(rig.arrived, 4);
}

RIG_TEST(rejected_connections_over_the_limit_are_reset_without_a_reply)
{
	enum { N = HTTP_REJECTED_MAX + 20 };
	struct client *rejected[N];
	size_t replies = 0;

	rig_start();
	rig.full = true;
	for (size_t i = 0; i < N; i++)
		rejected[i] = client_open();
	assert_int_equal(http_server_connections(rig.server), HTTP_REJECTED_MAX);
	for (size_t i = 0; i < N; i++) {
		WAIT_FOR(client_at_end(rejected[i]) || client_was_reset(rejected[i]));
		replies += client_begins_with(rejected[i], "HTTP/1.1 503 ");
		assert_int_equal(rejected[i]->reset, i >= HTTP_REJECTED_MAX);
		client_close(rejected[i]);
	}
	assert_int_equal(replies, HTTP_REJECTED_MAX);
	WAIT_FOR_CONNECTIONS(0);
	cl = client_open();
	WAIT_FOR_END(cl);
	assert_true(client_begins_with(cl, "HTTP/1.1 503 "));
	assert_int_equal(rig.arrived, 0);
}

TEST_MAIN(NULL, NULL)
