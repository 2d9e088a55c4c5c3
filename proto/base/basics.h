/*
 * Used by every file of every process: asserts that stay on in production, allocation that cannot
 * fail, and file descriptors that are set to -1 when they are closed.
 *
 * Small allocations of a fixed size abort when memory is out (masterd restarts the process).
 * Anything whose size a client controls goes through a bounded struct buf instead.
 */
#ifndef PROTO_BASE_BASICS_H
#define PROTO_BASE_BASICS_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* An invariant of this program. If it fails, logs the place and aborts, in every build. */
#define must(cond) ((cond) ? (void)0 : must_failed(#cond, __FILE__, __LINE__))
_Noreturn void must_failed(const char *cond, const char *file, int line);

/* Sets what reports a failed must() before the process aborts; log_open() sets a function that writes a
 * log line. Until then the report is a plain line on standard error. */
void must_set_report(void (*report)(const char *cond, const char *file, int line));

/* Unreachable code; the text names the impossible state. Logs and aborts like must(). */
#define never(what) must_failed(what, __FILE__, __LINE__)

/* Zeroed memory, or abort. Free with free(). */
[[gnu::malloc, gnu::returns_nonnull]] void *xcalloc(size_t n, size_t size);
[[gnu::malloc, gnu::returns_nonnull]] char *xstrdup(const char *s);

/* Resizes p (NULL: allocates) to n elements of this size, or aborts. Free with free(). */
[[gnu::returns_nonnull, gnu::warn_unused_result]] void *xreallocarray(
    void *p, size_t n, size_t size);

/* Call once at the start of a daemon: blocks of LARGE_BLOCK bytes and more return to the system
 * when they are freed. By default glibc raises that threshold with the first large block it frees
 * and then keeps more of them (mallopt(3), M_MMAP_THRESHOLD). */
#define LARGE_BLOCK (256 * 1024)
void memory_return_large(void);

/* Closes *fd unless it is -1, and sets it to -1. Does not retry on EINTR: Linux has closed the fd
 * then. Keeps errno. */
void closefd(int *fd);

/* Sets O_NONBLOCK. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int fd_nonblock(int fd);

/* Raises the soft limit of open files to the hard limit. Returns the limit now in force. */
size_t fd_raise_limit(void);

#endif
