/*
 * One event, one line, on standard error, in logfmt: `ev=turn_done conn=12 turn=0192… ms=812`.
 *
 * Values are quoted when they need it and every control character is escaped, so that nothing
 * from the network can forge a line. A line is written with one write(2) and cut at 2 KiB.
 * When standard error is no terminal each line starts with its priority as <N> (sd-daemon(3)),
 * and time and process are left to the journal; on a terminal it starts with the time and name.
 * Message texts, keys and bodies are never logged.
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

/* One key=value of a line. Make them with the macros below. */
struct log_field {
	const char *key;
	enum { LOG_STR, LOG_SLICE, LOG_UINT, LOG_INT, LOG_ID } type;
	union {
		const char *str; /* NULL is left out */
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

/* log_event(LOG_INFO, "child_exit", L_INT("pid", pid), L_STR("why", "signal")); */
#ifdef __cppcheck__ /* cannot read __VA_OPT__ */
#define log_event(level, ev, ...) log_write((level), (ev), NULL)
#else
#define log_event(level, ev, ...) \
	log_write((level), (ev), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#endif

/* Names this process on a terminal ("masterd", "worker 3"); lines above max are dropped. */
void log_open(const char *name, enum log_level max);

/* Writes one line; fields end with a key of NULL. errno is kept. */
void log_write(enum log_level level, const char *ev, const struct log_field *fields);

/* The text of the errno of now (strerror), for L_ERRNO(). */
const char *log_errno(void);

#endif
