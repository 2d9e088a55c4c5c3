/*
 * Passing descriptors: what arrives, what is refused, and that neither leaks a descriptor. Each
 * test counts the open descriptors of the process before and after.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "proto/ipc/fdpass.h"
#include "tests/unit/unit.h"

#define MANY 20

/* A pair with blocking ends: neither function may block nevertheless. */
static int a, b, open_before;

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

FIXTURE(set_up)
{
	int sv[2];

	open_before = count_open();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	a = sv[0];
	b = sv[1];
}

FIXTURE(tear_down)
{
	closefd(&a);
	closefd(&b);
	assert_int_equal(count_open(), open_before);
}

static bool
same_file(int x, int y)
{
	struct stat sx, sy;

	assert_int_equal(fstat(x, &sx), 0);
	assert_int_equal(fstat(y, &sy), 0);
	return sx.st_dev == sy.st_dev && sx.st_ino == sy.st_ino;
}

/* Sends what a correct peer never sends: a record with n descriptors, or with none. */
static void
send_raw(const char *record, const int *fds, size_t n)
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
	assert_int_equal(sendmsg(a, &m, MSG_NOSIGNAL), (ssize_t)strlen(record));
}

/* Expects a record with or without a descriptor, which it closes. */
static void
expect_record(const char *record, bool with_fd)
{
	uint8_t bytes[16];
	int fd = 99;

	assert_int_equal(fdpass_recv(b, bytes, sizeof(bytes), &fd), strlen(record));
	assert_memory_equal(bytes, record, strlen(record));
	assert_int_equal(fd != -1, with_fd);
	closefd(&fd);
}

/* Expects no record, no descriptor, and this error. */
static void
expect_error(size_t room, int error)
{
	uint8_t bytes[16];
	int fd = 99;

	assert_int_equal(fdpass_recv(b, bytes, room, &fd), -1);
	assert_int_equal(errno, error);
	assert_int_equal(fd, -1);
}

static void
expect_not_sent(struct slice record, int fd, int error)
{
	assert_int_equal(fdpass_send(a, record, fd), -1);
	assert_int_equal(errno, error);
}

FIXTURE_TEST(a_record_arrives_with_its_descriptor)
{
	int pipes[2], got = -1;
	uint8_t bytes[64];
	char byte = 0;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(fdpass_send(a, slice_str("connection"), pipes[1]), 0);
	assert_true(fcntl(pipes[1], F_GETFD) != -1);
	assert_int_equal(fdpass_recv(b, bytes, sizeof(bytes), &got), 10);
	assert_memory_equal(bytes, "connection", 10);
	assert_true(got != -1 && got != pipes[1]);
	assert_true(same_file(got, pipes[1]));
	assert_true((fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
	closefd(&pipes[1]);
	assert_int_equal(write(got, "x", 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	closefd(&got);
	closefd(&pipes[0]);
}

FIXTURE_TEST(records_keep_their_bounds_order_and_descriptors)
{
	static const char *const records[] = {"one", "second", "3", "the fourth"};

	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		assert_int_equal(fdpass_send(a, slice_str(records[i]), i % 2 == 0 ? a : -1), 0);
	for (size_t i = 0; i < ARRAY_LEN(records); i++)
		expect_record(records[i], i % 2 == 0);
}

FIXTURE_TEST(no_record_is_eagain_and_closed_is_zero)
{
	expect_error(8, EAGAIN);
	closefd(&a);
	expect_record("", false);
}

FIXTURE_TEST(a_record_that_fits_exactly_is_taken_and_a_longer_one_refused)
{
	static const char fits[] = "0123456789abcdef", longer[] = "0123456789abcdefg";

	assert_int_equal(fdpass_send(a, slice_str(fits), a), 0);
	assert_int_equal(fdpass_send(a, slice_str(longer), a), 0);
	assert_int_equal(fdpass_send(a, slice_str(longer), -1), 0);
	assert_int_equal(fdpass_send(a, slice_str("next"), -1), 0);
	expect_record(fits, true);
	expect_error(16, EMSGSIZE);
	expect_error(16, EMSGSIZE);
	expect_record("next", false);
}

/* Two fit into the room that the kernel rounds up; three and more are truncated. */
FIXTURE_TEST(more_than_one_descriptor_is_refused_and_none_is_kept)
{
	int fds[MANY], open_now = count_open();

	for (size_t i = 0; i < MANY; i++)
		fds[i] = a;
	for (size_t n = 2; n <= MANY; n++) {
		send_raw("bad", fds, n);
		expect_error(8, EMSGSIZE);
		assert_int_equal(count_open(), open_now);
	}
	assert_int_equal(fdpass_send(a, slice_str("good"), -1), 0);
	expect_record("good", false);
}

FIXTURE_TEST(an_empty_record_is_not_sent_and_its_descriptor_not_kept)
{
	expect_not_sent((struct slice){NULL, 0}, a, EINVAL);
	send_raw("", &a, 1);
	expect_record("", false);
}

FIXTURE_TEST(a_full_queue_is_eagain_and_nothing_is_lost)
{
	int sent = 0;

	while (fdpass_send(a, slice_str("record"), a) == 0 && sent < 100000)
		sent++;
	expect_not_sent(slice_str("record"), a, EAGAIN);
	assert_true(sent > 0);
	for (; sent > 0; sent--)
		expect_record("record", true);
	expect_error(16, EAGAIN);
}

FIXTURE_TEST(sending_to_a_closed_peer_is_epipe)
{
	closefd(&b);
	expect_not_sent(slice_str("x"), a, EPIPE);
}

FIXTURE_TEST(an_invalid_descriptor_is_ebadf)
{
	expect_not_sent(slice_str("x"), 100000, EBADF);
	expect_error(8, EAGAIN);
}

FIXTURE_TEST(no_free_descriptor_is_emfile)
{
	struct rlimit before, tight;
	int lowest = dup(a);

	assert_int_equal(fdpass_send(a, slice_str("x"), a), 0);
	assert_int_equal(fdpass_send(a, slice_str("next"), a), 0);
	assert_true(lowest != -1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
	closefd(&lowest);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	expect_error(8, EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	expect_record("next", true);
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

FIXTURE_TEST(nonblock_is_set_and_the_limit_is_raised)
{
	struct rlimit before, now;

	assert_int_equal(fd_nonblock(a), 0);
	assert_true((fcntl(a, F_GETFL) & O_NONBLOCK) != 0);
	assert_int_equal(fd_nonblock(-1), -1);
	assert_int_equal(errno, EBADF);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(fd_raise_limit(), before.rlim_max);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_true(now.rlim_cur == before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_MAIN(NULL, NULL)
