/*
 * One delivery to a receiver that the test plays: its request, and the result of each kind of reply.
 */
#include "workerd/webhooks/webhook_post.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "proto/base/clock.h"
#include "tests/unit/unit.h"
#include "tests/unit/workerd/net/own_network.h"

#define LIMIT_MS   30000 /* for replies that come */
#define HUGE_BYTES (2 * WEBHOOK_REPLY_MAX)
#define OK         "HTTP/1.1 200 OK\r\n"

static struct event_base *base;
static struct event *accepts, *reads;
static struct network_list allowed;
static struct webhook_poster *poster;

/* The receiver: one connection at a time. */
static int listener = -1, peer = -1;
static unsigned port, connections;
static char request[4096];
static size_t request_len;
static const char *reply; /* NULL: none */
static size_t padding;    /* bytes of "x" behind it */

static void
receiver_answer(void)
{
	static char x[HUGE_BYTES];

	memset(x, 'x', sizeof(x));
	if (reply == NULL)
		return;
	assert_int_equal(send(peer, reply, strlen(reply), 0), strlen(reply));
	/* The sender may close before it has read everything. */
	(void)send(peer, x, padding, MSG_NOSIGNAL);
	closefd(&peer);
	event_del(reads);
}

static void
receiver_on_read(evutil_socket_t fd, short what, void *arg)
{
	ssize_t n = recv(fd, request + request_len, sizeof(request) - 1 - request_len, 0);
	const char *end;

	(void)what, (void)arg;
	if (n <= 0) {
		event_del(reads);
		closefd(&peer);
		return;
	}
	request_len += (size_t)n;
	request[request_len] = '\0';
	end = strstr(request, "\r\n\r\n");
	if (end != NULL && strstr(end, "}") != NULL)
		receiver_answer();
}

static void
receiver_on_accept(evutil_socket_t fd, short what, void *arg)
{
	(void)what, (void)arg;
	assert_int_equal(peer, -1);
	peer = accept(fd, NULL, NULL);
	connections++;
	request_len = 0;
	event_assign(reads, base, peer, EV_READ | EV_PERSIST, receiver_on_read, NULL);
	event_add(reads, NULL);
}

static struct webhook_poster *
poster_with_limit(unsigned limit_ms)
{
	const struct webhook_poster_config config = {
	    .base = base, .allowed = &allowed, .limit_ms = limit_ms};

	return webhook_poster_new(&config);
}

FIXTURE(set_up)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t len = sizeof(at);

	base = event_base_new();
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	accepts = event_new(base, listener, EV_READ | EV_PERSIST, receiver_on_accept, NULL);
	reads = event_new(base, listener, EV_READ, receiver_on_read, NULL);
	event_add(accepts, NULL);
	poster = poster_with_limit(LIMIT_MS);
	allowed.n = 1;
	assert_int_equal(network_parse(slice_str("127.0.0.0/8"), &allowed.at[0]), NETWORK_OK);
	connections = 0;
	padding = 0;
	reply = NULL;
}

FIXTURE(tear_down)
{
	webhook_poster_free(poster);
	event_free(accepts);
	event_free(reads);
	closefd(&peer);
	closefd(&listener);
	event_base_free(base);
}

static void
on_result(void *arg, const struct webhook_result *result)
{
	*(struct webhook_result *)arg = *result;
	event_base_loopbreak(base);
}

/* Posts to this host (with the receiver's port) and path, and waits for the result. */
static struct webhook_result
post(const char *host, const char *path)
{
	struct webhook_result result = {.status = -1};
	char url[256];
	struct webhook_request r = {.url = url,
	    .delivery = "d-1",
	    .secret = slice_str("whsec_test"),
	    .body = slice_str("{\"a\":1}")};

	snprintf(url, sizeof(url), "http://%s:%u%s", host, port, path);
	(void)webhook_post_start(poster, &r, on_result, &result);
	event_base_dispatch(base);
	return result;
}

FIXTURE_TEST(the_request_is_signed)
{

	clock_freeze_wall(1700000000123);
	reply = OK "Content-Length: 0\r\n\r\n";
	assert_string_equal(post("127.0.0.1", "/hook?x=1").error, "");
	clock_freeze_wall(0);
	assert_non_null(strstr(request, "POST /hook?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nX-Banter-Delivery: d-1\r\n"));
	/* printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test */
	assert_non_null(strstr(request,
	    "\r\nX-Banter-Signature: "
	    "t=1700000000,v1="
	    "38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789\r\n"));
	assert_null(strstr(request, "\r\nExpect:"));
	assert_non_null(strstr(request, "\r\n\r\n{\"a\":1}"));
}

FIXTURE_TEST(the_result_is_the_status_of_the_reply)
{
	static const struct {
		const char *reply;
		size_t padding;
		int status;
		const char *error;
	} cases[] = {
	    {OK "Content-Length: 2\r\n\r\nok", 0, 200, ""},
	    {"HTTP/1.1 204 No Content\r\n\r\n", 0, 204, ""},
	    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
		0, 202, ""},
	    {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
		0, 302, "status 302: redirects are not followed"},
	    {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0, 404, "status 404"},
	    {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 0, 500, "status 500"},
	    {OK "\r\n", HUGE_BYTES, 200, ""},
	    {"HTTP/1.1 500 Oops\r\n\r\n", HUGE_BYTES, 500, "status 500"},
	    {OK "X: ", HUGE_BYTES, 0, "the reply is longer than 64 KiB"},
	    {"HTTP/2 22\r\n\r\n", 0, 0, "the reply has no valid status"},
	    {"HTTP/2 099 Odd\r\n\r\n", 0, 0, "the reply has no valid status"},
	    {"HTTP/2 65736\r\n\r\n", 0, 0, "the reply has no valid status"},
	    {"HTTP/1.1 999 Odd\r\n\r\n", 0, 999, "status 999"},
	    {"SSH-2.0-OpenSSH_9\r\n", 0, 0, "the protocol is not HTTP"},
	    {"", 0, 0, "Server returned nothing (no headers, no data)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct webhook_result result;

		reply = cases[i].reply;
		padding = cases[i].padding;
		result = post("127.0.0.1", "/");
		assert_string_equal(result.error, cases[i].error);
		assert_int_equal(result.status, cases[i].status);
		assert_int_equal(connections, i + 1);
	}
}

FIXTURE_TEST(a_reply_must_come_in_time)
{
	webhook_poster_free(poster);
	poster = poster_with_limit(50);
	assert_string_equal(post("127.0.0.1", "/").error, "no complete reply in time");
}

FIXTURE_TEST(only_permitted_addresses_are_connected)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "2130706433", "0x7f.1",
	    "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1"};

	allowed.n = 0;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct webhook_result result = post(hosts[i], "/");

		assert_int_equal(result.status, 0);
		assert_string_equal(
		    result.error, "the host's address is not public (see WEBHOOK_ALLOW)");
	}
	assert_int_equal(connections, 0);
}

FIXTURE_TEST(a_public_address_of_this_machine_is_not_connected)
{
	static const char *const hosts[] = {"8.8.8.8", "134744072", "[::ffff:8.8.8.8]"};

	if (!own_network_entered)
		SKIP("this user cannot enter a network of its own");
	own_network_set_v4("8.8.8.8");
	reply = OK "Content-Length: 0\r\n\r\n";
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		assert_string_equal(post(hosts[i], "/").error,
		    "the host's address is one of this machine (see WEBHOOK_ALLOW)");
	assert_int_equal(connections, 0);
	assert_int_equal(network_parse(slice_str("8.8.8.8"), &allowed.at[0]), NETWORK_OK);
	assert_int_equal(post("8.8.8.8", "/").status, 200);
	assert_int_equal(connections, 1);
}

FIXTURE_TEST(a_proxy_of_the_environment_is_not_used)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	reply = OK "\r\n";
	assert_int_equal(post("127.0.0.1", "/").status, 200);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

FIXTURE_TEST(other_protocols_are_refused)
{
	struct webhook_result result = {0};
	struct webhook_request r = {
	    .url = "file:///etc/passwd", .delivery = "", .body = slice_str("{}")};

	(void)webhook_post_start(poster, &r, on_result, &result);
	event_base_dispatch(base);
	assert_string_equal(result.error, "the protocol is not HTTP");
}

FIXTURE_TEST(a_cancelled_request_has_no_result)
{
	struct webhook_result result = {.status = -1};
	struct webhook_request r = {
	    .url = "http://127.0.0.1:1", .delivery = "", .body = slice_str("{}")};

	webhook_post_cancel(webhook_post_start(poster, &r, on_result, &result));
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(result.status, -1);
}

static int
enter(void **state)
{
	(void)state;
	if (!own_network_enter())
		print_message("no network of our own: only root can make one\n");
	return 0;
}

TEST_MAIN(enter, NULL)
