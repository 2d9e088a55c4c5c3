/*
 * A line is built on the stack and written with one write(2), so lines of several processes on one
 * pipe do not mix, and nothing is allocated: this works when memory is out and on the way to
 * abort().
 *
 * A line that is too long is cut between two characters and ends in "…". A line that cannot be
 * written is lost: a daemon must not stop because nobody reads its log.
 */
#include "proto/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"

#define LINE_SIZE 2048
#define ELLIPSIS  "\xe2\x80\xa6"
#define LINE_TEXT (LINE_SIZE - (sizeof(ELLIPSIS) - 1) - 1) /* leaves room for "…" and newline */

struct line {
	char text[LINE_SIZE];
	size_t len;
	bool cut;
};

static enum log_level log_max = LOG_INFO;
static bool log_terminal;
static char log_name[32];

static void
log_invariant(const char *cond, const char *file, int line)
{
	log_event(LOG_ERROR, "invariant", L_STR("cond", cond), L_STR("file", file),
	    L_INT("line", line), L_STR("error", errno != 0 ? log_errno() : NULL));
}

void
log_open(const char *name, enum log_level max)
{
	must_set_report(log_invariant);
	strlcpy(log_name, name, sizeof(log_name));
	log_max = max;
	log_terminal = isatty(STDERR_FILENO) == 1;
}

/* Appends a piece whole, or marks the line as cut; nothing follows a cut. */
static void
log_put(struct line *l, const void *p, size_t n)
{
	if (l->cut || n > LINE_TEXT - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

static void
log_put_str(struct line *l, const char *s)
{
	log_put(l, s, strlen(s));
}

/* Length of the first character if it can be written without an escape, else 0. Escaped are invalid
 * bytes, ASCII control characters, U+0080 to U+009F (some terminals obey them), and U+2028 and
 * U+2029 (some viewers break lines there). */
static size_t
log_plain_char(struct slice s)
{
	size_t n = utf8_char(s);

	if (n == 1 && (s.p[0] < 0x20 || s.p[0] == 0x7f))
		return 0;
	if (n == 2 && s.p[0] == 0xc2 && s.p[1] < 0xa0)
		return 0;
	if (n == 3 && s.p[0] == 0xe2 && s.p[1] == 0x80 && (s.p[2] == 0xa8 || s.p[2] == 0xa9))
		return 0;
	return n;
}

static bool
log_needs_quotes(struct slice s)
{
	size_t n;

	if (s.len == 0)
		return true;
	for (; s.len > 0; s.p += n, s.len -= n) {
		n = log_plain_char(s);
		if (n == 0 || *s.p == ' ' || *s.p == '"' || *s.p == '=')
			return true;
	}
	return false;
}

static void
log_put_escaped(struct line *l, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	char hex[] = {'\\', 'x', digits[c >> 4], digits[c & 0xf]};

	switch (c) {
	case '"':
		log_put(l, "\\\"", 2);
		break;
	case '\\':
		log_put(l, "\\\\", 2);
		break;
	case '\n':
		log_put(l, "\\n", 2);
		break;
	case '\r':
		log_put(l, "\\r", 2);
		break;
	case '\t':
		log_put(l, "\\t", 2);
		break;
	default:
		log_put(l, hex, sizeof(hex));
		break;
	}
}

static void
log_put_value(struct line *l, struct slice s)
{
	bool quotes = log_needs_quotes(s);
	size_t n;

	if (quotes)
		log_put(l, "\"", 1);
	for (; s.len > 0 && !l->cut; s.p += n, s.len -= n) {
		n = log_plain_char(s);
		if (quotes && (n == 0 || *s.p == '"' || *s.p == '\\')) {
			n = 1;
			log_put_escaped(l, *s.p);
		} else {
			log_put(l, s.p, n);
		}
	}
	if (quotes)
		log_put(l, "\"", 1);
}

static void
log_put_field(struct line *l, const struct log_field *f)
{
	char text[ID_TEXT_LEN + 1];
	struct slice value = {NULL, 0};

	switch (f->type) {
	case LOG_STR:
		if (f->v.str == NULL)
			return;
		value = slice_str(f->v.str);
		break;
	case LOG_SLICE:
		value = f->v.slice;
		break;
	case LOG_UINT:
		snprintf(text, sizeof(text), "%" PRIu64, f->v.uint);
		value = slice_str(text);
		break;
	case LOG_INT:
		snprintf(text, sizeof(text), "%" PRId64, f->v.sint);
		value = slice_str(text);
		break;
	case LOG_ID:
		id_format(f->v.id, text);
		value = slice_str(text);
		break;
	}
	log_put(l, " ", 1);
	log_put_str(l, f->key);
	log_put(l, "=", 1);
	log_put_value(l, value);
}

static const char *
log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "error";
	case LOG_WARN:
		return "warn";
	case LOG_NOTICE:
		return "notice";
	case LOG_INFO:
		return "info";
	case LOG_DEBUG:
		return "debug";
	}
	return "?";
}

/* "<6>" for the journal; "12:30:59.123 masterd info " for a terminal. */
static void
log_put_prefix(struct line *l, enum log_level level)
{
	char text[96];
	struct timespec ts;
	struct tm tm;

	if (!log_terminal) {
		snprintf(text, sizeof(text), "<%d>", (int)level);
		log_put_str(l, text);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	snprintf(text, sizeof(text), "%02d:%02d:%02d.%03ld %s %s ", tm.tm_hour, tm.tm_min,
	    tm.tm_sec, ts.tv_nsec / 1000000, log_name, log_level_name(level));
	log_put_str(l, text);
}

/* Whether a write would not block. No line is longer than PIPE_BUF, so a pipe then takes it
 * whole. */
static bool
log_can_write(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) != 0;
}

/* Writes a line, or drops it if the reader is slow. The next line that can be written is preceded
 * by the number of lost lines. */
static void
log_write_line(const struct line *l)
{
	static unsigned lost;
	char text[64];
	ssize_t n;

	if (!log_can_write()) {
		lost++;
		return;
	}
	if (lost > 0) {
		n = snprintf(text, sizeof(text), "%sev=log_lines_lost lines=%u\n",
		    log_terminal ? "" : "<4>", lost);
		lost = 0;
		(void)!write(STDERR_FILENO, text, (size_t)n);
	}
	do
		n = write(STDERR_FILENO, l->text, l->len);
	while (n == -1 && errno == EINTR);
}

bool
log_shows(enum log_level level)
{
	return level <= log_max;
}

void
log_write(enum log_level level, const char *ev, const struct log_field *fields)
{
	int saved = errno;
	struct line l;

	if (!log_shows(level))
		return;
	l.len = 0;
	l.cut = false;
	log_put_prefix(&l, level);
	log_put_str(&l, "ev=");
	log_put_str(&l, ev);
	for (const struct log_field *f = fields; f->key != NULL; f++)
		log_put_field(&l, f);
	if (l.cut) {
		memcpy(l.text + l.len, ELLIPSIS, sizeof(ELLIPSIS) - 1);
		l.len += sizeof(ELLIPSIS) - 1;
	}
	l.text[l.len++] = '\n';
	log_write_line(&l);
	errno = saved;
}

const char *
log_errno(void)
{
	int saved = errno;
	const char *text = strerror(saved);

	errno = saved;
	return text;
}
