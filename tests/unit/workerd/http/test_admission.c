/*
 * Rejected connections: their reply and their cost; and each admitted connection is released
 * exactly once.
 */
#include <sys/socket.h>

#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(a_rejected_connection_gets_503_and_is_closed)
{
	struct client in, out;

	rig_open(&in);
	client_send(&in, HELLO);
	WAIT_FOR(client_ends_with(&in, "\r\n\r\nhello"));
	rig.full = true;
	client_open(&out);
	WAIT_FOR(client_at_end(&out));
	assert_true(client_begins_with(&out, "HTTP/1.1 503 Service Unavailable\r\nDate: "));
	assert_true(client_has(&out, "\r\nRetry-After: "));
	assert_true(client_has(&out, "\r\nConnection: close\r\n"));
	assert_true(client_has(&out, "\r\nX-Frame-Options: DENY\r\n"));
	assert_true(client_ends_with(&out, "\"code\":\"too_many_connections\"}"));
	assert_int_equal(rig.handled, 1);
	/* Its request, sent meanwhile, causes no reset. */
	client_send(&out, HELLO);
	client_send(&in, HELLO);
	WAIT_FOR(client_count(&in, "\r\n\r\nhello") == 2);
	assert_int_equal(client_count(&out, "HTTP/1.1 "), 1);
	assert_false(client_was_reset(&out));
	client_close(&out);
	WAIT_FOR(http_server_connections(rig.server) == 1);
	assert_int_equal(rig.left, 0);
	client_close(&in);
	WAIT_FOR(rig.left == 1);
	assert_int_equal(rig.arrived, 1);
}

RIG_TEST(an_admitted_connection_is_released_once_however_it_ends)
{
	struct client good, reset, bad, cut;

	rig_open(&good);
	client_send(&good, HELLO10);
	WAIT_FOR(client_at_end(&good));
	client_close(&good);
	WAIT_FOR(rig.left == 1);
	client_open(&reset);
	client_keep(&reset);
	client_reset(&reset);
	WAIT_FOR(rig.left == 2);
	client_open(&bad);
	client_send(&bad, "BAD\r\n");
	WAIT_FOR(client_at_end(&bad));
	client_close(&bad);
	WAIT_FOR(rig.left == 3);
	client_open(&cut);
	rig_stop();
	assert_int_equal(rig.left, 4);
	assert_int_equal(rig.arrived, 4);
	client_close(&cut);
}

RIG_TEST(rejected_connections_over_the_limit_are_reset_without_a_reply)
{
	enum { N = HTTP_REJECTED_MAX + 20 };
	static struct client cl[N];
	size_t told = 0;

	rig_start();
	rig.full = true;
	for (size_t i = 0; i < N; i++)
		client_open(&cl[i]);
	assert_int_equal(http_server_connections(rig.server), HTTP_REJECTED_MAX);
	for (size_t i = 0; i < N; i++) {
		WAIT_FOR(client_at_end(&cl[i]) || client_was_reset(&cl[i]));
		told += client_begins_with(&cl[i], "HTTP/1.1 503 ");
		assert_int_equal(cl[i].reset, i >= HTTP_REJECTED_MAX);
		client_close(&cl[i]);
	}
	assert_int_equal(told, HTTP_REJECTED_MAX);
	WAIT_FOR(http_server_connections(rig.server) == 0);
	client_open(&cl[0]);
	WAIT_FOR(client_at_end(&cl[0]));
	assert_true(client_begins_with(&cl[0], "HTTP/1.1 503 "));
	client_close(&cl[0]);
	assert_int_equal(rig.arrived, 0);
}

TEST_MAIN(NULL, NULL)
