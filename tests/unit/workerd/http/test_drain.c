/*
 * Draining and freeing a server.
 */
#include "tests/unit/workerd/http/http_rig.h"

RIG_TEST(draining_closes_idle_connections_and_lets_others_finish)
{
	struct client idle, busy, coming;

	rig_open(&idle);
	client_send(&idle, HELLO);
	WAIT_FOR(client_ends_with(&idle, "\r\n\r\nhello"));
	client_open(&busy);
	client_keep(&busy);
	client_open(&coming);
	client_send(&coming, HELLO); /* in the kernel when the drain begins */
	http_server_drain(rig.server);
	WAIT_FOR(client_at_end(&idle));
	WAIT_FOR(client_at_end(&coming));
	assert_true(client_ends_with(&coming, "Connection: close\r\n\r\nhello"));
	client_close(&idle);
	client_close(&coming);
	WAIT_FOR(http_server_connections(rig.server) == 1);
	assert_int_equal(http_server_exchanges(rig.server), 1);
	reply_start(rig.kept[0], 200);
	reply_body(rig.kept[0], "text/plain", slice_str("at last"));
	WAIT_FOR(client_at_end(&busy));
	assert_true(client_ends_with(&busy, "Connection: close\r\n\r\nat last"));
	client_close(&busy);
	WAIT_FOR(http_server_connections(rig.server) == 0);
}

RIG_TEST(draining_waits_linger_timeout_for_a_first_request)
{
	struct client early, late, silent[2];

	rig_open(&early);
	rig_turn();
	http_server_drain(rig.server);
	rig_turn();
	client_open(&late);
	rig_turn();
	assert_int_equal(http_server_connections(rig.server), 2);
	client_send(&early, HELLO);
	client_send(&late, HELLO);
	WAIT_FOR(client_at_end(&early) && client_at_end(&late));
	assert_true(client_ends_with(&early, "Connection: close\r\n\r\nhello"));
	assert_true(client_ends_with(&late, "Connection: close\r\n\r\nhello"));
	client_close(&early);
	client_close(&late);
	rig_stop();

	rig.limits.linger_timeout = 30;
	rig.limits.head_timeout = 2 * WAIT_MS;
	rig_start();
	client_open(&silent[0]);
	rig_turn();
	http_server_drain(rig.server);
	client_open(&silent[1]);
	for (size_t i = 0; i < 2; i++) {
		WAIT_FOR(client_at_end(&silent[i]));
		assert_int_equal(buf_len(&silent[i].in), 0);
		client_close(&silent[i]);
	}
	assert_int_equal(http_server_connections(rig.server), 0);
}

RIG_TEST(freeing_the_server_calls_on_close)
{
	struct client cl;

	rig_open(&cl);
	client_keep(&cl);
	rig_stop();
	assert_int_equal(rig.closed, 1);
	assert_int_equal(rig.answered, 1);
	client_close(&cl);
}

TEST_MAIN(NULL, NULL)
