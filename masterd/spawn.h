/*
 * Starting a worker process: which descriptors, signals and arguments it wakes up with. What
 * becomes of it afterwards is workers.c's matter.
 */
#ifndef MASTERD_SPAWN_H
#define MASTERD_SPAWN_H

#include <sys/types.h>

/* Where a worker finds its two descriptors. */
#define SPAWN_CONTROL_FD    3
#define SPAWN_SCOREBOARD_FD 4

/*
 * Runs `program --worker number` with our environment, our standard streams, the control socket
 * on fd 3, the scoreboard on fd 4, no other descriptor, no signal blocked and every signal at
 * its default. *control gets our end of the control socket: SOCK_SEQPACKET, non-blocking,
 * close-on-exec, the caller's to close. Returns the pid, or -1 with errno, also when the program
 * cannot be executed; *control is -1 then.
 */
[[gnu::warn_unused_result]] pid_t spawn_worker(
    const char *program, unsigned number, int scoreboard_fd, int *control);

#endif
