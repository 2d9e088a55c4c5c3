/*
 * The progress line and its timing.
 */
#include "storaged/cli/base/progress.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/base/clock.h"

/* Between two lines, on a terminal and in a log. */
#define TERMINAL_MS 200
#define LOG_MS      1000

static bool shown, terminal, visible;
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
	visible = terminal;
	next_ms = clock_mono_ms() + (terminal ? TERMINAL_MS : LOG_MS);
}

/* Moves to the start of the line, and erases it (ECMA-48, EL). */
void
progress_clear(void)
{
	if (visible)
		(void)fputs("\r\033[K", stderr);
	visible = false;
}
