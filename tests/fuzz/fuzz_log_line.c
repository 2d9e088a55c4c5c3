/*
 * An event with any bytes in its values: one line of printable UTF-8, from which the values can be
 * parsed back unless it was cut. The first byte is the length of the first value, a slice; the rest
 * is the second, a C string.
 *
 * log_write() writes to standard error, so that is a file in memory meanwhile, and the sanitizers'
 * reports go elsewhere.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "tests/fuzz/fuzz.h"

#define LINE_MAX_BYTES 2048

/* From the sanitizers (sanitizer/common_interface_defs.h); NULL without them. */
extern void __sanitizer_set_report_fd(void *fd) __attribute__((weak)); /* NOLINT */

/* Writes the event; returns the length of its line. */
static size_t
catch_line(char line[LINE_MAX_BYTES + 1], struct slice first, const char *second)
{
	int caught = memfd_create("line", MFD_CLOEXEC), real = dup(STDERR_FILENO);
	ssize_t n;

	must(caught != -1 && real != -1);
	if (__sanitizer_set_report_fd != NULL)
		__sanitizer_set_report_fd((void *)(intptr_t)real);
	must(dup2(caught, STDERR_FILENO) == STDERR_FILENO);
	log_event(LOG_INFO, "fuzz", L_SLICE("first", first), L_STR("second", second));
	must(dup2(real, STDERR_FILENO) == STDERR_FILENO);
	if (__sanitizer_set_report_fd != NULL)
		__sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
	n = pread(caught, line, LINE_MAX_BYTES + 1, 0);
	closefd(&caught);
	closefd(&real);
	must(n > 0);
	return (size_t)n;
}

static void
check_printable(struct slice line)
{
	must(utf8_valid(line));
	for (size_t i = 0; i < line.len; i++)
		must(line.p[i] >= ' ' && line.p[i] != 0x7f);
	/* C1 controls and the two separators: some terminals and viewers obey them. */
	for (size_t i = 0; i + 1 < line.len; i++)
		must(line.p[i] != 0xc2 || line.p[i + 1] >= 0xa0);
	must(memmem(line.p, line.len, "\xe2\x80\xa8", 3) == NULL);
	must(memmem(line.p, line.len, "\xe2\x80\xa9", 3) == NULL);
}

static bool
expect(struct slice *line, const char *text)
{
	size_t n = strlen(text);

	if (line->len < n || memcmp(line->p, text, n) != 0)
		return false;
	*line = (struct slice){line->p + n, line->len - n};
	return true;
}

/* The byte that an escape or a plain byte inside quotes stands for. */
static uint8_t
unquote(struct slice *line)
{
	char hex[3] = "";
	uint8_t c = fuzz_byte(line);

	if (c != '\\')
		return c;
	c = fuzz_byte(line);
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x':
		hex[0] = (char)fuzz_byte(line);
		hex[1] = (char)fuzz_byte(line);
		return (uint8_t)strtoul(hex, NULL, 16);
	default:
		must(c == '"' || c == '\\');
		return c;
	}
}

/* Parses a value from the line as a logfmt reader does; it must equal this one, as far as the line
 * goes. */
static void
check_value(struct slice *line, struct slice value, bool cut)
{
	bool quoted = expect(line, "\"");
	size_t i;

	for (i = 0; line->len > 0 && *line->p != (quoted ? '"' : ' '); i++) {
		uint8_t c = quoted ? unquote(line) : fuzz_byte(line);

		must(i < value.len && c == value.p[i]);
		must(quoted || (c != '=' && c != '"'));
	}
	if (cut && line->len == 0)
		return;
	must(i == value.len && quoted == expect(line, "\""));
	must(quoted || value.len > 0);
}

/* A cut line ends anywhere, then "…"; before that it is unchanged. */
static void
check_line(struct slice line, struct slice first, struct slice second)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	bool cut;

	must(line.len <= LINE_MAX_BYTES && line.p[line.len - 1] == '\n');
	line.len--;
	check_printable(line);
	cut = line.len > LINE_MAX_BYTES - 16 && memcmp(line.p + line.len - 3, ellipsis, 3) == 0;
	if (cut)
		line.len -= 3;
	must(expect(&line, "<6>ev=fuzz first="));
	check_value(&line, first, cut);
	if (cut && (line.len == 0 || slice_eq_str(line, " ") || slice_eq_str(line, " second")))
		return;
	must(expect(&line, " second="));
	check_value(&line, second, cut);
	must(line.len == 0);
}

FUZZ(log_line)
{
	size_t n = fuzz_byte(&in);
	struct slice first = {in.p, n < in.len ? n : in.len};
	char line[LINE_MAX_BYTES + 1];
	char *second = strndup((const char *)in.p + first.len, in.len - first.len);
	uint8_t *copy = fuzz_copy(first);

	must(second != NULL);
	first.p = copy;
	n = catch_line(line, first, second);
	check_line((struct slice){(uint8_t *)line, n}, first, slice_str(second));
	free(second);
	free(copy);
}
