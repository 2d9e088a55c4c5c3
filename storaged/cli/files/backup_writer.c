/*
 * The thread.
 */
#include "storaged/cli/files/backup_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/files/write_all.h"

#define READ_SIZE 262144

static void *
backup_writer_run(void *arg)
{
	static uint8_t piece[READ_SIZE];
	struct backup_writer *w = arg;
	ssize_t n;

	while (w->rc == 0 && (n = read(w->from, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno != EINTR)
			w->rc = errno;
		if (n <= 0)
			continue;
		file_sum_add(&w->sum, piece, (size_t)n);
		w->rc = write_all(w->to, piece, (size_t)n);
	}
	/* So that the other side does not wait. */
	closefd(&w->from);
	return NULL;
}

int
backup_writer_start(struct backup_writer *w, int to, int *fd)
{
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return errno;
	*w = (struct backup_writer){.from = ends[0], .to = to};
	file_sum_init(&w->sum);
	rc = pthread_create(&w->thread, NULL, backup_writer_run, w);
	if (rc != 0) {
		closefd(&ends[0]);
		closefd(&ends[1]);
		file_sum_clear(&w->sum);
	}
	*fd = ends[1];
	return rc;
}

int
backup_writer_end(struct backup_writer *w, bool complete)
{
	char line[BACKUP_SUM_LEN];

	must(pthread_join(w->thread, NULL) == 0);
	backup_sum_line(&w->sum, line);
	file_sum_clear(&w->sum);
	if (w->rc != 0 || !complete)
		return w->rc;
	return write_all(w->to, line, sizeof(line));
}
