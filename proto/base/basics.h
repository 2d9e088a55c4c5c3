/*
 * The few things that every file of every process uses: asserts that stay on in production,
 * allocation that cannot fail, and file descriptors whose number is wiped when they are closed.
 *
 * Small allocations of a fixed size abort when memory is out (masterd restarts the process);
 * whatever a client can size goes through a bounded struct buf instead.
 */
#ifndef PROTO_BASE_BASICS_H
#define PROTO_BASE_BASICS_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* An invariant of this program. Logs the place and aborts, in every build. */
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))
_Noreturn void must_failed(const char *cond, const char *file, int line);

/* Sets what reports a failed must() before the process aborts; log_open() sets a function that writes a
 * log line. Until then the report is a plain line on standard error. */
void must_set_report(void (*report)(const char *cond, const char *file, int line));

/* A place that no valid state reaches; what says which state it was. Aborts likewise. */
#define never(what) must_failed(what, __FILE__, __LINE__)

/* Zeroed memory, or abort. Free with free(). */
[[gnu::malloc, gnu::returns_nonnull]] void *xcalloc(size_t n, size_t size);
[[gnu::malloc, gnu::returns_nonnull]] char *xstrdup(const char *s);

/* Room for n things of this size, in place of p (NULL: anew); or abort. Free with free(). */
[[gnu::returns_nonnull, gnu::warn_unused_result]] void *xreallocarray(
    void *p, size_t n, size_t size);

/* Once, at the start of a process that serves: large buffers (LARGE_BLOCK bytes and more) go back to
 * the system when they are freed. Else glibc would keep more of them the larger the first was
 * (mallopt(3), M_MMAP_THRESHOLD). */
#define LARGE_BLOCK (256 * 1024)
void memory_return_large(void);

/* Closes *fd if it is one, and makes it -1. EINTR is not retried: on Linux the fd is gone. */
void closefd(int *fd);

/* O_NONBLOCK on. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int fd_nonblock(int fd);

/* Raises the soft limit of open files to the hard one; returns the limit then in force. */
size_t fd_raise_limit(void);

#endif
