/*
 * Formats sizes and times for people, and parses times.
 */
#ifndef STORAGED_CLI_BASE_UNITS_H
#define STORAGED_CLI_BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

struct units_text {
	char text[64];
};

/* "0 B", "1.5 KiB", "64.0 GiB". */
struct units_text units_bytes(uint64_t bytes);

/* A time (ms since 1970) as local ISO 8601: "2026-01-31T10:00:00+01:00". */
struct units_text units_time(uint64_t ms);

/* A duration, "3 h"; the time from then to now, "3 h ago" or "just now". */
struct units_text units_duration(uint64_t ms);
struct units_text units_ago(uint64_t then, uint64_t now);

/* "1 message", "2 messages". */
struct units_text units_count(uint64_t n, const char *one, const char *many);

/* Parses a date, a date and time (ISO 8601, UTC, to the minute or second), or ms since 1970; false
 * if the text is invalid. */
bool units_parse_time(const char *text, uint64_t *ms);

#endif
