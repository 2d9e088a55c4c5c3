/*
 * Passing descriptors: what arrives, what is refused, and that neither leaks a descriptor. Each
 * test counts the open descriptors of the process before and after.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/ipc/fdpass.h"
#include "tests/unit/unit.h"

#define MANY 20

/* A pair with blocking ends: neither function may block nevertheless. */
struct pair {
	int a, b;
	int open_before;
};

/* An error that close(2) returns although it has closed the descriptor, such as EIO and EINTR. */
static int close_report;

int
close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	if (r == 0 && close_report != 0) {
		errno = close_report;
		return -1;
	}
	return r;
}

static int
count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static struct pair
pair_open(void)
{
	int before = count_open(), sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	return (struct pair){sv[0], sv[1], before};
}

static void
pair_close(struct pair *p)
{
	closefd(&p->a);
	closefd(&p->b);
	assert_int_equal(count_open(), p->open_before);
}

static bool
same_file(int a, int b)
{
	struct stat sa, sb;

	assert_int_equal(fstat(a, &sa), 0);
	assert_int_equal(fstat(b, &sb), 0);
	return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* Sends what a correct peer never sends: a record with n descriptors, or with none. */
static void
send_raw(int sock, const char *record, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MANY * sizeof(int))];
	} control = {0};
	char text[64];
	struct iovec iov = {.iov_base = text, .iov_len = strlen(record)};
	struct msghdr m = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};

	memcpy(text, record, strlen(record));
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
	assert_int_equal(sendmsg(sock, &m, MSG_NOSIGNAL), (ssize_t)strlen(record));
}

/* Expects no record, no descriptor, and this error. */
static void
assert_refused(int sock, uint8_t *buf, size_t size, int error)
{
	int fd = 99;

	assert_int_equal(fdpass_recv(sock, buf, size, &fd), -1);
	assert_int_equal(errno, error);
	assert_int_equal(fd, -1);
}

TEST(a_record_arrives_with_its_descriptor)
{
	struct pair p = pair_open();
	int pipes[2], got = -1;
	uint8_t buf[64];
	char byte = 0;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(fdpass_send(p.a, slice_str("connection"), pipes[1]), 0);
	assert_true(fcntl(pipes[1], F_GETFD) != -1);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &got), 10);
	assert_memory_equal(buf, "connection", 10);
	assert_true(got != -1 && got != pipes[1]);
	assert_true(same_file(got, pipes[1]));
	assert_true((fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
	closefd(&pipes[1]);
	assert_int_equal(write(got, "x", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	closefd(&got);
	closefd(&pipes[0]);
	pair_close(&p);
}

TEST(records_keep_their_bounds_order_and_descriptors)
{
	static const char *const records[] = {"one", "second", "3", "the fourth"};
	struct pair p = pair_open();
	uint8_t buf[64];

	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		assert_int_equal(
		    fdpass_send(p.a, slice_str(records[i]), i % 2 == 0 ? p.a : -1), 0);
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		int fd = 99;
		ssize_t n = fdpass_recv(p.b, buf, sizeof(buf), &fd);

		assert_int_equal(n, strlen(records[i]));
		assert_memory_equal(buf, records[i], (size_t)n);
		assert_int_equal(fd != -1, i % 2 == 0);
		closefd(&fd);
	}
	pair_close(&p);
}

TEST(no_record_is_eagain_and_closed_is_zero)
{
	struct pair p = pair_open();
	uint8_t buf[8];
	int fd = 99;

	assert_refused(p.b, buf, sizeof(buf), EAGAIN);
	closefd(&p.a);
	fd = 99;
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), 0);
	assert_int_equal(fd, -1);
	pair_close(&p);
}

TEST(a_record_that_fits_exactly_is_taken_and_a_longer_one_refused)
{
	struct pair p = pair_open();
	uint8_t buf[8];
	int fd = 99;

	assert_int_equal(fdpass_send(p.a, slice_str("12345678"), p.a), 0);
	assert_int_equal(fdpass_send(p.a, slice_str("123456789"), p.a), 0);
	assert_int_equal(fdpass_send(p.a, slice_str("123456789"), -1), 0);
	assert_int_equal(fdpass_send(p.a, slice_str("next"), -1), 0);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), 8);
	assert_true(fd != -1);
	closefd(&fd);
	for (int i = 0; i < 2; i++)
		assert_refused(p.b, buf, sizeof(buf), EMSGSIZE);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), 4);
	pair_close(&p);
}

/* Two fit into the room that the kernel rounds up; three and more are truncated. */
TEST(more_than_one_descriptor_is_refused_and_none_is_kept)
{
	struct pair p = pair_open();
	int fds[MANY], open_now;
	uint8_t buf[8];

	for (size_t i = 0; i < MANY; i++)
		fds[i] = p.a;
	open_now = count_open();
	for (size_t n = 2; n <= MANY; n++) {
		send_raw(p.a, "bad", fds, n);
		assert_refused(p.b, buf, sizeof(buf), EMSGSIZE);
		assert_int_equal(count_open(), open_now);
	}
	assert_int_equal(fdpass_send(p.a, slice_str("good"), -1), 0);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fds[0]), 4);
	pair_close(&p);
}

TEST(an_empty_record_is_not_sent_and_its_descriptor_not_kept)
{
	struct pair p = pair_open();
	uint8_t buf[8];
	int fd = 99;

	assert_int_equal(fdpass_send(p.a, (struct slice){NULL, 0}, p.a), -1);
	assert_int_equal(errno, EINVAL);
	send_raw(p.a, "", &p.a, 1);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), 0);
	assert_int_equal(fd, -1);
	pair_close(&p);
}

TEST(a_full_queue_is_eagain_and_nothing_is_lost)
{
	struct pair p = pair_open();
	uint8_t big[1000] = {0}, buf[1000];
	int sent = 0, received = 0, r;

	while (
	    (r = fdpass_send(p.a, (struct slice){big, sizeof(big)}, p.a)) == 0 && sent < 100000)
		sent++;
	assert_int_equal(r, -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(sent > 0);
	for (;;) {
		int fd = 99;

		if (fdpass_recv(p.b, buf, sizeof(buf), &fd) == -1)
			break;
		assert_true(fd != -1);
		closefd(&fd);
		received++;
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(received, sent);
	pair_close(&p);
}

TEST(sending_to_a_closed_peer_is_epipe)
{
	struct pair p = pair_open();

	closefd(&p.b);
	assert_int_equal(fdpass_send(p.a, slice_str("x"), p.a), -1);
	assert_int_equal(errno, EPIPE);
	pair_close(&p);
}

TEST(an_invalid_descriptor_is_ebadf)
{
	struct pair p = pair_open();
	uint8_t buf[8];
	int fd;

	assert_int_equal(fdpass_send(p.a, slice_str("x"), 100000), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), -1);
	assert_int_equal(errno, EAGAIN);
	pair_close(&p);
}

TEST(no_free_descriptor_is_emfile)
{
	struct pair p = pair_open();
	struct rlimit before, tight;
	uint8_t buf[8];
	int fd = 99, lowest, error;
	ssize_t n;

	assert_int_equal(fdpass_send(p.a, slice_str("x"), p.a), 0);
	assert_int_equal(fdpass_send(p.a, slice_str("next"), p.a), 0);
	lowest = dup(p.a);
	assert_true(lowest != -1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
	closefd(&lowest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	n = fdpass_recv(p.b, buf, sizeof(buf), &fd);
	error = errno;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(n, -1);
	assert_int_equal(error, EMFILE);
	assert_int_equal(fd, -1);
	assert_int_equal(fdpass_recv(p.b, buf, sizeof(buf), &fd), 4);
	assert_true(fd != -1);
	closefd(&fd);
	pair_close(&p);
}

TEST(closefd_sets_minus_1_and_keeps_errno)
{
	int before = count_open(), fd = dup(STDOUT_FILENO), copy = fd;

	assert_true(fd != -1);
	close_report = EIO;
	errno = ENOENT;
	closefd(&fd);
	close_report = 0;
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	closefd(&fd);
	assert_int_equal(count_open(), before);
}

TEST(nonblock_is_set_and_the_limit_is_raised)
{
	struct pair p = pair_open();
	struct rlimit before, now;

	assert_int_equal(fd_nonblock(p.a), 0);
	assert_true((fcntl(p.a, F_GETFL) & O_NONBLOCK) != 0);
	assert_int_equal(fd_nonblock(-1), -1);
	assert_int_equal(errno, EBADF);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(fd_raise_limit(), before.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_true(now.rlim_cur == before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	pair_close(&p);
}

TEST_MAIN(NULL, NULL)
