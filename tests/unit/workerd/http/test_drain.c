/*
 * Draining and freeing a server.
 */
#include "tests/unit/workerd/http/http_rig.h"

CLIENT_TEST(draining_closes_idle_connections_and_lets_others_finish)
{
	struct client *busy, *coming;
	struct http_exchange *x;

	client_send(cl, HELLO);
	WAIT_FOR(client_ends_with(cl, ANSWER));
	busy = client_open();
	x = client_keep(busy);
	coming = client_open();
	client_send(coming, HELLO); /* in the kernel when the drain begins */
	http_server_drain(rig.server);
	WAIT_FOR_END(cl);
	WAIT_FOR_END(coming);
	assert_true(client_ends_with(coming, "Connection: close\r\n\r\nhello"));
	client_close(cl);
	client_close(coming);
	WAIT_FOR_CONNECTIONS(1);
	assert_int_equal(http_server_exchanges(rig.server), 1);
	answer(x, "at last");
	WAIT_FOR_END(busy);
	assert_true(client_ends_with(busy, "Connection: close\r\n\r\nat last"));
	client_close(busy);
	WAIT_FOR_CONNECTIONS(0);
}

CLIENT_TEST(draining_waits_linger_timeout_for_a_first_request)
{
	struct client *late;

	rig_turn();
	http_server_drain(rig.server);
	rig_turn();
	late = client_open();
	rig_turn();
	assert_int_equal(http_server_connections(rig.server), 2);
	client_send(cl, HELLO);
	client_send(late, HELLO);
	WAIT_FOR(client_at_end(cl) && client_at_end(late));
	assert_true(client_ends_with(cl, "Connection: close\r\n\r\nhello"));
	assert_true(client_ends_with(late, "Connection: close\r\n\r\nhello"));
	rig_stop();

	rig.limits.linger_timeout = 30;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_open();
	rig_turn();
	http_server_drain(rig.server);
	late = client_open();
	WAIT_FOR(client_at_end(cl) && client_at_end(late));
	assert_int_equal(client_received(cl) + client_received(late), 0);
	WAIT_FOR_CONNECTIONS(0);
}

RIG_TEST(a_turn_drains_some_of_many_connections)
{
	enum { N = 400 };
	struct client *clients[N];

	rig_start();
	for (size_t i = 0; i < N; i++) {
		clients[i] = client_open();
		client_send(clients[i], HELLO);
		WAIT_FOR(client_ends_with(clients[i], ANSWER));
	}
	http_server_turn_end(rig.server);
	http_server_drain(rig.server);
	assert_int_equal(rig.server->touched_n, TOUCHED_MAX);
	for (size_t i = 0; i < N; i++) {
		WAIT_FOR_END(clients[i]);
		client_close(clients[i]);
	}
	WAIT_FOR_CONNECTIONS(0);
}

CLIENT_TEST(freeing_the_server_calls_on_close)
{
	client_keep(cl);
	rig_stop();
	assert_int_equal(rig.closed, 1);
	assert_int_equal(rig.answered, 1);
}

TEST_MAIN(NULL, NULL)
