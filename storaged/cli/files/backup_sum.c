/*
 * A reader writes the line that it expects, and compares it with the file's: so any changed bit of the line
 * counts.
 */
#include "storaged/cli/files/backup_sum.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/basics.h"

/* LMDB's pages are multiples of this (mdb.c, MDB_MAXDATASIZE and sysconf()). */
#define PAGE 4096

#define READ_SIZE 262144

void
backup_sum_line(const struct file_sum *sum, char line[BACKUP_SUM_LEN])
{
	char text[BACKUP_SUM_LEN + 1];
	int n = snprintf(text, sizeof(text), "\nbanter backup bytes=%020" PRIu64 " xxh3=%s\n",
	    sum->bytes, file_sum_text(sum).s);

	must(n == BACKUP_SUM_LEN);
	memcpy(line, text, BACKUP_SUM_LEN);
}

/* Adds the first bytes of a file. False: it is shorter, or cannot be read. */
static bool
backup_sum_add_file(struct file_sum *s, int fd, uint64_t bytes)
{
	static uint8_t piece[READ_SIZE];

	while (s->bytes < bytes) {
		uint64_t left = bytes - s->bytes;
		size_t wanted = left < sizeof(piece) ? (size_t)left : sizeof(piece);
		ssize_t n = pread(fd, piece, wanted, (off_t)s->bytes);

		if (n == 0)
			errno = EIO;
		if (n == 0 || (n == -1 && errno != EINTR))
			return false;
		if (n > 0)
			file_sum_add(s, piece, (size_t)n);
	}
	return true;
}

static enum backup_sum_result
backup_sum_compare(struct file_sum *s, int fd, uint64_t bytes)
{
	char expected[BACKUP_SUM_LEN], line[BACKUP_SUM_LEN];

	if (!backup_sum_add_file(s, fd, bytes) ||
	    pread(fd, line, sizeof(line), (off_t)bytes) != (ssize_t)sizeof(line))
		return BACKUP_SUM_FAILED;
	backup_sum_line(s, expected);
	return memcmp(line, expected, sizeof(line)) == 0 ? BACKUP_SUM_RIGHT : BACKUP_SUM_WRONG;
}

enum backup_sum_result
backup_sum_check(int fd)
{
	enum backup_sum_result result;
	struct file_sum s;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return BACKUP_SUM_FAILED;
	if (st.st_size % PAGE == 0)
		return BACKUP_SUM_NONE;
	if (st.st_size % PAGE != BACKUP_SUM_LEN)
		return BACKUP_SUM_WRONG;
	file_sum_init(&s);
	result = backup_sum_compare(&s, fd, (uint64_t)st.st_size - BACKUP_SUM_LEN);
	file_sum_clear(&s);
	return result;
}

int
backup_sum_cut(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return errno;
	if (st.st_size % PAGE == 0)
		return 0;
	return ftruncate(fd, st.st_size - BACKUP_SUM_LEN) == -1 || fsync(fd) == -1 ? errno : 0;
}
