/*
 * One epoll loop with a request in progress on each connection.
 */
#include "tests/bench/relay_requests.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "tests/bench/relay_answer.h"
#include "tests/bench/relay_child.h"

#define CONNECTIONS 64u
#define WARM_UP_S   0.5
#define READ_SIZE   65536

struct asker {
	int fd;
	struct answer answer;
};

struct asking {
	struct asker askers[CONNECTIONS];
	int epoll;
	char request[REQUEST_SIZE];
	size_t request_len;
	uint64_t answered, bytes;
};

static void
ask(struct asking *a, struct asker *k)
{
	answer_begin(&k->answer);
	if (send(k->fd, a->request, a->request_len, MSG_NOSIGNAL) != (ssize_t)a->request_len)
		err(EX_IOERR, "send");
}

static void
open_asker(struct asking *a, struct asker *k, uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = k};

	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (k->fd == -1 || connect(k->fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    epoll_ctl(a->epoll, EPOLL_CTL_ADD, k->fd, &ev) == -1)
		err(EX_IOERR, "connect");
	ask(a, k);
}

static void
readable(struct asking *a, struct asker *k)
{
	static char buffer[READ_SIZE];
	ssize_t n = recv(k->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0)
		errx(EX_PROTOCOL, "a connection was closed");
	a->bytes += (uint64_t)n;
	if (answer_feed(&k->answer, buffer, (size_t)n, NULL, NULL))
		return;
	if (k->answer.state != ANSWER_WHOLE || k->answer.status != 200)
		errx(EX_PROTOCOL, "answered with status %d", k->answer.status);
	a->answered++;
	ask(a, k);
}

static void
run_until(struct asking *a, uint64_t end_ns)
{
	while (clock_mono_ns() < end_ns) {
		struct epoll_event events[CONNECTIONS];
		int n = epoll_wait(a->epoll, events, (int)CONNECTIONS, 100);

		if (n == -1 && errno != EINTR)
			err(EX_OSERR, "epoll_wait");
		for (int i = 0; i < n; i++)
			readable(a, events[i].data.ptr);
		if (n <= 0)
			children_check();
	}
}

void
requests_run(const struct server *server, const char *path, double seconds,
    struct request_figures *figures)
{
	struct asking *a = xcalloc(1, sizeof(*a));
	uint64_t start, cpu, answered;

	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll == -1)
		err(EX_OSERR, "epoll_create1");
	a->request_len = server_get(server, path, a->request);
	for (size_t i = 0; i < CONNECTIONS; i++)
		open_asker(a, &a->askers[i], server->port);
	run_until(a, clock_mono_ns() + (uint64_t)(WARM_UP_S * 1e9));
	start = clock_mono_ns();
	cpu = group_cpu_ns(&server->group);
	answered = a->answered;
	run_until(a, start + (uint64_t)(seconds * 1e9));
	*figures = (struct request_figures){
	    .ns = clock_mono_ns() - start,
	    .cpu_ns = group_cpu_ns(&server->group) - cpu,
	    .requests = a->answered - answered,
	    .bytes = a->answered == 0 ? 0 : a->bytes / a->answered,
	};
	for (size_t i = 0; i < CONNECTIONS; i++)
		closefd(&a->askers[i].fd);
	closefd(&a->epoll);
	free(a);
}
