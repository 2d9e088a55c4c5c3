/*
 * The answer of a webhook's receiver, over a connection to this machine. The request has one result: no status, or one of three
 * digits, ASCII as its error unless the status is 2xx, and a time to wait within its bound.
 */
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "workerd/webhooks/webhook_post.h"

#define LIMIT_MS    2000
#define WAIT_MS_MAX (86400u * 1000)

static struct event_base *base;
static struct webhook_poster *poster;
static struct network_list allowed;
static char url[64];
static struct slice answer;
static unsigned results;

static int peer = -1; /* until the next input */
static struct event *readable;

static void
on_request(evutil_socket_t fd, short what, void *unused)
{
	char request[4096];

	(void)what, (void)unused;
	if (recv(fd, request, sizeof(request), 0) <= 0)
		event_del(readable);
	(void)!send(fd, answer.p, answer.len, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
}

static void
hang_up(void)
{
	if (peer != -1)
		event_free(readable);
	closefd(&peer);
}

static void
on_connection(evutil_socket_t fd, short what, void *unused)
{
	(void)what, (void)unused;
	hang_up();
	peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	must(peer != -1);
	readable = event_new(base, peer, EV_READ | EV_PERSIST, on_request, NULL);
	event_add(readable, NULL);
}

static void
set_up(void)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct webhook_poster_config config = {.allowed = &allowed, .limit_ms = LIMIT_MS};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	config.base = base = event_base_new();
	must(fd != -1 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 64) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	must(network_parse(slice_str("127.0.0.1"), &allowed.at[0]) == NETWORK_OK);
	allowed.n = 1;
	event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_connection, NULL), NULL);
	poster = webhook_poster_new(&config);
}

static void
on_result(void *arg, const struct webhook_result *result)
{
	size_t n = strnlen(result->error, WEBHOOK_ERROR_MAX);

	(void)arg;
	results++;
	must(result->status == 0 || (result->status >= 100 && result->status <= 999));
	must((n == 0) == (result->status >= 200 && result->status < 300));
	must(n < WEBHOOK_ERROR_MAX && utf8_is_line(slice_str(result->error)));
	must(result->retry_after_ms <= WAIT_MS_MAX);
	must(result->retry_after_ms == 0 || n > 0);
	event_base_loopbreak(base);
}

FUZZ(webhook_answer)
{
	struct webhook_request request = {.url = url,
	    .delivery = "d-1",
	    .secret = slice_str("whsec_test"),
	    .body = slice_str("{}")};

	if (base == NULL)
		set_up();
	answer = in;
	results = 0;
	(void)webhook_post_start(poster, &request, on_result, NULL);
	event_base_dispatch(base);
	must(results == 1);
	hang_up();
}
