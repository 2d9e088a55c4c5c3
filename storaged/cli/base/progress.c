/*
 * The line of progress, and when it is due.
 */
#include "storaged/cli/base/progress.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/base/clock.h"

/* Between two lines: as often as an eye can follow, or as a log can bear. */
#define TERMINAL_MS 200
#define LOG_MS      1000

static bool shown, terminal, standing;
static uint64_t next_ms;

void
progress_open(bool asked)
{
	terminal = isatty(STDERR_FILENO) == 1;
	shown = terminal || asked;
	next_ms = clock_mono_ms() + (terminal ? TERMINAL_MS : 0);
}

bool
progress_due(void)
{
	return shown && clock_mono_ms() >= next_ms;
}

void
progress_show(const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	progress_clear();
	(void)fprintf(stderr, terminal ? "%s" : "%s\n", text);
	(void)fflush(stderr);
	standing = terminal;
	next_ms = clock_mono_ms() + (terminal ? TERMINAL_MS : LOG_MS);
}

/* To the front of the line, and erases it (ECMA-48, EL). */
void
progress_clear(void)
{
	if (standing)
		(void)fputs("\r\033[K", stderr);
	standing = false;
}
