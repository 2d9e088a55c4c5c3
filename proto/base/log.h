/*
 * One event, one line, on standard error, in logfmt: `ev=turn_done conn=12 turn=0192… ms=812`.
 *
 * Values are quoted when needed and every control character is escaped, so that nothing from the
 * network can forge a line. A line is written with one write(2) and cut at 2 KiB. When standard
 * error is not a terminal, each line starts with its priority as <N> (sd-daemon(3)), and the
 * journal adds time and process; on a terminal it starts with the time and the process name.
 * Message texts, keys and request bodies are never logged.
 */
#ifndef PROTO_BASE_LOG_H
#define PROTO_BASE_LOG_H

#include <stdint.h>

#include "proto/base/buf.h"
#include "proto/base/ids.h"

enum log_level {
	LOG_ERROR = 3, /* syslog(3) priorities */
	LOG_WARN = 4,
	LOG_NOTICE = 5,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* One key=value of a line; use the macros below. */
struct log_field {
	const char *key;
	enum { LOG_STR, LOG_SLICE, LOG_UINT, LOG_INT, LOG_ID } type;
	union {
		const char *str; /* NULL: the field is omitted */
		struct slice slice;
		uint64_t uint;
		int64_t sint;
		const struct id *id;
	} v;
};

#define L_STR(k, s)   ((struct log_field){.key = (k), .type = LOG_STR, .v.str = (s)})
#define L_SLICE(k, s) ((struct log_field){.key = (k), .type = LOG_SLICE, .v.slice = (s)})
#define L_UINT(k, n)  ((struct log_field){.key = (k), .type = LOG_UINT, .v.uint = (n)})
#define L_INT(k, n)   ((struct log_field){.key = (k), .type = LOG_INT, .v.sint = (n)})
#define L_ID(k, i)    ((struct log_field){.key = (k), .type = LOG_ID, .v.id = (i)})
#define L_ERRNO()     L_STR("error", log_errno())

/* log_event(LOG_INFO, "worker_exit", L_INT("pid", pid), L_STR("why", "signal")); */
#ifdef __cppcheck__ /* cppcheck cannot parse __VA_OPT__ */
#define log_event(level, ev, ...) log_write((level), (ev), NULL)
#else
#define log_event(level, ev, ...) \
	log_write((level), (ev), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#endif

/* Sets the process name for a terminal ("masterd", "worker 3") and the level: lines above max are
 * dropped. Makes failed must() checks go to this log. */
void log_open(const char *name, enum log_level max);

/* Writes one line; the last field has a NULL key. Keeps errno. */
void log_write(enum log_level level, const char *ev, const struct log_field *fields);

/* Whether lines of this level are written: for values that cost time to make. */
[[gnu::warn_unused_result]] bool log_shows(enum log_level level);

/* strerror() of the current errno, for L_ERRNO(). */
const char *log_errno(void);

#endif
