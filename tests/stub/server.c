#include "tests/stub/server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/stub/conn.h"

#define BACKLOG     16384 /* the kernel uses net.core.somaxconn if that is less */
#define ACCEPTS_MAX 256   /* connections accepted before other events are served */
#define PAUSE_MS    100

struct server {
	struct conn_host host;
	int fd;
	struct event accept_ev;
	struct event resume_ev; /* ends the pause after file descriptors ran out */
	struct event signals[2];
};

/* Each stream needs a descriptor: raises the limit to the maximum. */
static void
server_raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		err(1, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		warn("setrlimit");
}

static int
server_listen_on(const struct server_options *o)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int on = 1, why, fd;

	why = getaddrinfo(o->address, o->port, &hints, &found);
	if (why != 0)
		errx(1, "--listen %s: %s", o->address, gai_strerror(why));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		err(1, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		err(1, "SO_REUSEADDR");
	/* Accepted sockets inherit it on Linux: each write is its own segment. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		err(1, "TCP_NODELAY");
	if (bind(fd, found->ai_addr, found->ai_addrlen) == -1)
		err(1, "bind to %s port %s", o->address, o->port);
	if (listen(fd, BACKLOG) == -1)
		err(1, "listen");
	freeaddrinfo(found);
	return fd;
}

static void
server_announce(const struct server *s, const struct server_options *o)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof(name);
	char port[8], line[128];
	bool v6;
	int n;

	if (getsockname(s->fd, (struct sockaddr *)&name, &size) == -1)
		err(1, "getsockname");
	if (getnameinfo((struct sockaddr *)&name, size, NULL, 0, port, sizeof(port),
		NI_NUMERICSERV) != 0)
		errx(1, "getnameinfo");
	v6 = name.ss_family == AF_INET6;
	n = snprintf(line, sizeof(line), "openai-stub listening on http://%s%s%s:%s/v1\n",
	    v6 ? "[" : "", o->address, v6 ? "]" : "", port);
	if (n < 0 || (size_t)n >= sizeof(line))
		errx(1, "--listen is too long");
	if (fputs(line, stdout) == EOF || fflush(stdout) == EOF)
		warn("stdout");
	if (o->ready_fd == -1)
		return;
	if (write(o->ready_fd, line, (size_t)n) == -1)
		warn("--ready-fd");
	close(o->ready_fd);
}

static void
server_pause_accepting(struct server *s)
{
	const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};

	event_del(&s->accept_ev);
	event_add(&s->resume_ev, &pause);
}

static void
server_on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	event_add(&s->accept_ev, NULL);
}

static void
server_on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	for (int n = 0; n < ACCEPTS_MAX; n++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1) {
			conn_open(&s->host, fd);
			continue;
		}
		if (errno == EAGAIN)
			return;
		/* The connection stays in the backlog: retrying at once would spin. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			warn("accept");
			server_pause_accepting(s);
			return;
		}
		/* Any other error concerns only that connection (accept(2)). */
	}
}

static void
server_on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	event_base_loopbreak(arg);
}

static void
server_add_event(struct server *s, struct event *ev, int fd, short what,
    event_callback_fn callback, void *arg)
{
	if (event_assign(ev, s->host.base, fd, what, callback, arg) == -1)
		errx(1, "no event");
	if (what != 0 && event_add(ev, NULL) == -1)
		errx(1, "no event");
}

static void
server_clear(struct server *s)
{
	struct conn *c;

	while ((c = LIST_FIRST(&s->host.conns)) != NULL)
		conn_free(c);
	event_del(&s->accept_ev);
	event_del(&s->resume_ev);
	event_del(&s->signals[0]);
	event_del(&s->signals[1]);
	pace_clear(&s->host.pace);
	bytes_clear(&s->host.scratch);
	event_base_free(s->host.base);
	close(s->fd);
}

void
server_run(struct service *service, const struct server_options *options)
{
	struct server s = {.host.service = service};

	LIST_INIT(&s.host.conns);
	server_raise_fd_limit();
	s.fd = server_listen_on(options);
	s.host.base = event_base_new();
	if (s.host.base == NULL)
		errx(1, "no event base");
	pace_init(&s.host.pace, s.host.base, conn_due);
	server_add_event(&s, &s.accept_ev, s.fd, EV_READ | EV_PERSIST, server_on_accept, &s);
	server_add_event(&s, &s.resume_ev, -1, 0, server_on_resume, &s);
	server_add_event(
	    &s, &s.signals[0], SIGTERM, EV_SIGNAL | EV_PERSIST, server_on_signal, s.host.base);
	server_add_event(
	    &s, &s.signals[1], SIGINT, EV_SIGNAL | EV_PERSIST, server_on_signal, s.host.base);
	server_announce(&s, options);
	event_base_dispatch(s.host.base);
	server_clear(&s);
}
