/*
 * A process that starts and supervises one program's children for a daemon, so that the daemon itself needs no right to start
 * programs. It reads only what the daemon sends, never the file of a stranger.
 *
 * A job is two records (fdpass.h): 'i' and the child's arguments, each with a NUL, with its standard input; then 'o', with its
 * standard output. The daemon learns that a child has ended by the end of its output.
 */
#ifndef WORKERD_CHILDREN_SPAWNER_H
#define WORKERD_CHILDREN_SPAWNER_H

#include <sys/types.h>

#include "proto/base/buf.h"

#define SPAWNER_RECORD_MAX    4096 /* bytes of the arguments */
#define SPAWNER_ARGUMENTS_MAX 4

struct spawner_program {
	const char *path;
	const char *name;                 /* of the spawner's process: at most 15 characters */
	const char *not_started, *killed; /* log events */
	unsigned arguments;               /* of each child: at most SPAWNER_ARGUMENTS_MAX */
	unsigned seconds;                 /* after which a child is killed */
};

/* Forks the process, which ends when the other end of its socket is closed. The strings must stay valid. Returns our end
 * (non-blocking, close-on-exec), or -1 with errno, also if the program cannot be executed. */
[[gnu::warn_unused_result]] int spawner_start(const struct spawner_program *program);

/* Sends a job; args are as many as the program has. The caller keeps both descriptors and closes them. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int spawner_send(int spawner, struct slice args, int in, int out);

#endif
