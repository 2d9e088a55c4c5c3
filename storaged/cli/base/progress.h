/*
 * Progress of a long command: one line on standard error that overwrites itself. Shown on a
 * terminal, or with --progress (then line by line). One per process.
 */
#ifndef STORAGED_CLI_BASE_PROGRESS_H
#define STORAGED_CLI_BASE_PROGRESS_H

#include <stdbool.h>

/* Shows progress from now on if asked, or on a terminal. */
void progress_open(bool asked);

/* Whether the next line is due, so that the caller need not format each one. */
bool progress_due(void);

[[gnu::format(printf, 1, 2)]] void progress_show(const char *fmt, ...);

/* Removes the line, so that something else can be printed. */
void progress_clear(void);

#endif
