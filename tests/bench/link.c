#include "tests/bench/link.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <sysexits.h>

#include <openssl/err.h>

#include "proto/base/basics.h"

/* The certificate is not verified: that is the load's work, which is not measured. */
static SSL *
link_tls(int fd)
{
	static SSL_CTX *context;
	SSL *tls;

	if (context == NULL) {
		context = SSL_CTX_new(TLS_client_method());
		must(context != NULL);
		SSL_CTX_set_mode(
		    context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	}
	tls = SSL_new(context);
	must(tls != NULL && SSL_set_fd(tls, fd) == 1);
	SSL_set_connect_state(tls);
	return tls;
}

int
link_connect(struct link *l, uint16_t port, bool with_tls, int receive_buffer)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	l->tls = NULL;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1)
		err(EX_OSERR, "socket");
	if (receive_buffer > 0)
		must(setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
			 sizeof(receive_buffer)) == 0);
	if (with_tls)
		l->tls = link_tls(l->fd);
	return connect(l->fd, (struct sockaddr *)&a, sizeof(a)) == -1 && errno != EINPROGRESS
	    ? -1
	    : 0;
}

void
link_accept(struct link *l, int fd, SSL_CTX *context)
{
	*l = (struct link){.fd = fd, .tls = SSL_new(context)};
	must(l->tls != NULL && SSL_set_fd(l->tls, fd) == 1);
	SSL_set_accept_state(l->tls);
}

/* The result of SSL_read() or SSL_write() in the terms of recv(2). */
static ssize_t
link_result(struct link *l, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(l->tls, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t
link_send(struct link *l, const void *p, size_t n)
{
	ERR_clear_error(); /* SSL_get_error() would report an earlier one */
	if (l->tls != NULL)
		return link_result(l, SSL_write(l->tls, p, (int)n));
	return send(l->fd, p, n, MSG_NOSIGNAL);
}

ssize_t
link_recv(struct link *l, void *p, size_t n)
{
	ERR_clear_error();
	if (l->tls != NULL)
		return link_result(l, SSL_read(l->tls, p, (int)n));
	return recv(l->fd, p, n, 0);
}

void
link_close(struct link *l)
{
	SSL_free(l->tls);
	l->tls = NULL;
	closefd(&l->fd);
}
