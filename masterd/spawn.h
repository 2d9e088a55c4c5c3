/*
 * Starts a worker process with its descriptors, signals and arguments. workers.c supervises it
 * afterwards.
 */
#ifndef MASTERD_SPAWN_H
#define MASTERD_SPAWN_H

#include <sys/types.h>

/* The two descriptors that a worker inherits. */
#define SPAWN_CONTROL_FD    3
#define SPAWN_SCOREBOARD_FD 4

/* Runs `program --worker number` with our environment, our standard streams, the control socket on
 * fd 3, the scoreboard on fd 4, no other descriptor, no signal blocked and every signal at its
 * default. *control gets our end of the control socket (SOCK_SEQPACKET, non-blocking,
 * close-on-exec), which the caller closes. Returns the pid, or -1 with errno and *control -1, also
 * if the program cannot be executed. */
[[gnu::warn_unused_result]] pid_t spawn_worker(
    const char *program, unsigned number, int scoreboard_fd, int *control);

#endif
