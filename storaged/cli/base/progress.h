/*
 * How far a long command is: one line on standard error that is written over itself. Shown on a
 * terminal, or when --progress asks for it (then line by line). One per process.
 */
#ifndef STORAGED_CLI_BASE_PROGRESS_H
#define STORAGED_CLI_BASE_PROGRESS_H

#include <stdbool.h>

/* Before this, and unless asked or on a terminal, nothing is shown. */
void progress_open(bool asked);

/* Whether it is time for another line; so what goes into it need not be worked out each time. */
bool progress_due(void);

[[gnu::format(printf, 1, 2)]] void progress_show(const char *fmt, ...);

/* Takes the line away, for something else to be said in its place. */
void progress_clear(void);

#endif
