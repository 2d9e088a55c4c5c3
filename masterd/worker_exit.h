/*
 * What is logged when a worker exits or is killed: one line `ev=worker_exit`.
 */
#ifndef MASTERD_WORKER_EXIT_H
#define MASTERD_WORKER_EXIT_H

#include <stdbool.h>

#include "masterd/worker.h"

/*
 * Logs a worker that was reaped with this status (waitpid(2)): its number, pid, generation and uptime, and
 * its exit code or signal. An error, unless masterd had told it to leave; then a warning if it exited with
 * a failure, else only information.
 */
void worker_exit_log(const struct worker *w, int status);

/* Whether it exited with EX_CONFIG before it was ready: its successors would do the same. */
bool worker_exit_refused_settings(const struct worker *w, int status);

#endif
