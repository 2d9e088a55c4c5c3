/*
 * Asserts, small allocations and descriptors.
 */
#include "proto/base/basics.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void
must_report_plain(const char *cond, const char *file, int line)
{
	dprintf(
	    STDERR_FILENO, "<3>ev=invariant cond=\"%s\" file=%s line=%d\n", cond, file, line);
}

static void (*must_report)(const char *cond, const char *file, int line) = must_report_plain;

void
must_set_report(void (*report)(const char *cond, const char *file, int line))
{
	must_report = report;
}

_Noreturn void
must_failed(const char *cond, const char *file, int line)
{
	must_report(cond, file, line);
	abort();
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		never("out of memory");
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	void *grown = reallocarray(p, n, size);

	must(grown != NULL);
	return grown;
}

char *
xstrdup(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		never("out of memory");
	return p;
}

void
memory_return_large(void)
{
	/* Sanitizers' allocators ignore mallopt() and return failure. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
}

/* EBADF means that some other code closed our descriptor, and that the next close may hit an
 * unrelated connection: no process can continue from there. errno is kept, so that a caller can
 * clean up and still report what failed. */
void
closefd(int *fd)
{
	int saved = errno;

	if (*fd == -1)
		return;
	must(close(*fd) == 0 || errno != EBADF);
	*fd = -1;
	errno = saved;
}

int
fd_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	return fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

size_t
fd_raise_limit(void)
{
	struct rlimit now, wanted;

	must(getrlimit(RLIMIT_NOFILE, &now) == 0);
	wanted = (struct rlimit){.rlim_cur = now.rlim_max, .rlim_max = now.rlim_max};
	return setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : now.rlim_cur;
}
