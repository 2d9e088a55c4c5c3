/*
 * A process that starts and supervises crawl-extract for crawld, so that crawld itself needs no right to start programs.
 * It reads only what crawld sends, never a document.
 *
 * A job is two records (fdpass.h): the child's three arguments, each with a NUL, with its standard input; then any byte,
 * with its standard output. crawld learns that a child has ended by the end of its output.
 */
#ifndef WORKERD_CRAWL_SPAWNER_H
#define WORKERD_CRAWL_SPAWNER_H

#include <sys/types.h>

#include "proto/base/buf.h"

#define SPAWNER_RECORD_MAX 4096 /* bytes of the arguments */

/* Forks the process, which ends when the other end of its socket is closed, and kills each child after so many seconds.
 * Returns our end (non-blocking, close-on-exec), or -1 with errno, also if program cannot be executed. */
[[gnu::warn_unused_result]] int spawner_start(const char *program, unsigned seconds);

/* Sends a job. The caller keeps both descriptors and closes them. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int spawner_send(int spawner, struct slice args, int in, int out);

#endif
