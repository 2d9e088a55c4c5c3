/*
 * Lines for a person, without control characters.
 */
#include "storaged/cli/base/console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "storaged/cli/base/progress.h"

/* Longer lines are cut. */
#define CONSOLE_LINE_MAX 4096

/* console_keep_errors() */
static char *kept;
static size_t kept_size;

/* C0 and DEL; and C1, which in UTF-8 is 0xc2 and one of 0x80 to 0x9f. */
static void
console_mask_control(char *text)
{
	unsigned char *p = (unsigned char *)text;

	for (; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}

[[gnu::format(printf, 3, 0)]] static void
console_put_line(FILE *out, const char *before, const char *fmt, va_list ap)
{
	char text[CONSOLE_LINE_MAX];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	console_mask_control(text);
	progress_clear();
	(void)fprintf(out, "%s%s\n", before, text);
}

void
console_print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_put_line(stdout, "", fmt, ap);
	va_end(ap);
}

void
console_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_put_line(stderr, "banter: ", fmt, ap);
	va_end(ap);
}

void
console_keep_errors(char *text, size_t size)
{
	kept = text;
	kept_size = size;
}

int
console_fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	console_put_line(stderr, "banter: ", fmt, ap);
	va_end(ap);
	if (kept != NULL) {
		va_start(ap, fmt);
		(void)vsnprintf(kept, kept_size, fmt, ap);
		va_end(ap);
	}
	return status;
}

/* A reader that closed the pipe has read enough: EPIPE is not an error. */
int
console_close(int status)
{
	if (fclose(stdout) != 0 && errno != EPIPE && status == 0)
		return console_fail(EX_IOERR, "standard output: %s", strerror(errno));
	return status;
}

int
console_fail_path(const char *path, int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return console_fail(EX_NOPERM,
		    "%s: %s; run the command as root or as its owner", path, strerror(error));
	case EROFS:
		return console_fail(EX_NOPERM, "%s: %s", path, strerror(error));
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
		return console_fail(EX_NOINPUT, "%s: %s", path, strerror(error));
	default:
		return console_fail(EX_IOERR, "%s: %s", path, strerror(error));
	}
}
