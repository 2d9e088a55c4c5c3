/*
 * Neither function blocks, whatever the socket's flags are. A peer may send anything: all
 * descriptors that arrive are either returned to the caller or closed here.
 *
 * The kernel rounds room for control data up, so that two descriptors can arrive where room for one
 * was given (CMSG_SPACE(3) against CMSG_LEN(3)). Therefore fdpass_recv() looks for more than one
 * even without MSG_CTRUNC.
 */
#include "proto/ipc/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "proto/base/basics.h"

/* Control data for one descriptor, aligned as cmsg(3) requires. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
fdpass_send(int sock, struct slice record, int fd)
{
	union control control = {0};
	struct msghdr m = {.msg_iovlen = 1};
	struct iovec iov = {.iov_len = record.len};
	ssize_t n;

	/* An empty record would look like end of file to the receiver. */
	if (record.len == 0) {
		errno = EINVAL;
		return -1;
	}
	/* sendmsg(2) only reads, but struct iovec has no const pointer. */
	memcpy(&iov.iov_base, &record.p, sizeof(record.p));
	m.msg_iov = &iov;
	if (fd != -1) {
		struct cmsghdr *c = &control.align;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
	}
	n = sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n == -1 ? -1 : 0;
}

/* Extracts the descriptors from the control data: the first into *fd, all others are closed.
 * Returns their number. */
static size_t
fdpass_take_fds(struct msghdr *m, int *fd)
{
	size_t count = 0, size;
	int one;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size = c->cmsg_len - CMSG_LEN(0);
		for (size_t at = 0; at + sizeof(one) <= size; at += sizeof(one)) {
			memcpy(&one, CMSG_DATA(c) + at, sizeof(one));
			if (count++ == 0)
				*fd = one;
			else
				closefd(&one);
		}
	}
	return count;
}

ssize_t
fdpass_recv(int sock, uint8_t *buf, size_t cap, int *fd)
{
	union control control = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = cap};
	struct msghdr m = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	size_t fds;
	ssize_t n;

	*fd = -1;
	n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n == -1)
		return -1;
	fds = fdpass_take_fds(&m, fd);
	if (n > 0 && fds <= 1 && (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return n;
	closefd(fd);
	if (n == 0)
		return 0;
	/* Truncated control data without a descriptor: this process had no free descriptor. */
	errno = fds == 0 && (m.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : EMSGSIZE;
	return -1;
}
