#include "tests/stub/server.h"

#include <sys/socket.h>

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "proto/base/basics.h"
#include "tests/stub/conn.h"

#define BACKLOG 16384 /* the kernel uses net.core.somaxconn if that is less */

static void
server_on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
    int len, void *arg)
{
	(void)listener;
	(void)peer;
	(void)len;
	conn_open(arg, fd);
}

/* Out of file descriptors, for example: a test must fail loudly. */
static void
server_on_error(struct evconnlistener *listener, void *arg)
{
	(void)listener;
	(void)arg;
	err(1, "accept");
}

static void
server_on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	event_base_loopbreak(arg);
}

static struct evconnlistener *
server_listen(struct conn_host *host, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	struct evconnlistener *listener = evconnlistener_new_bind(host->base, server_on_accept,
	    host, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
	    (struct sockaddr *)&a, sizeof(a));
	int fd, on = 1;

	if (listener == NULL)
		err(1, "port %u", port);
	evconnlistener_set_error_cb(listener, server_on_error);
	fd = evconnlistener_get_fd(listener);
	/* Accepted sockets inherit it on Linux: each write is its own segment. */
	must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &size) == 0);
	printf("openai-stub listening on http://127.0.0.1:%u/v1\n", ntohs(a.sin_port));
	fflush(stdout);
	return listener;
}

void
server_run(struct service *service, uint16_t port)
{
	struct conn_host host = {
	    .service = service, .base = event_base_new(), .scratch = put_start()};
	struct event *term, *interrupt;
	struct evconnlistener *listener;
	struct conn *c;

	must(host.base != NULL);
	LIST_INIT(&host.conns);
	fd_raise_limit();
	pace_init(&host.pace, host.base, conn_due);
	term = evsignal_new(host.base, SIGTERM, server_on_signal, host.base);
	interrupt = evsignal_new(host.base, SIGINT, server_on_signal, host.base);
	must(evsignal_add(term, NULL) == 0 && evsignal_add(interrupt, NULL) == 0);
	listener = server_listen(&host, port);
	event_base_dispatch(host.base);
	evconnlistener_free(listener);
	while ((c = LIST_FIRST(&host.conns)) != NULL)
		conn_free(c);
	event_free(term);
	event_free(interrupt);
	pace_clear(&host.pace);
	buf_clear(&host.scratch);
	event_base_free(host.base);
}
