/*
 * Sizes and times in words, and times read from words.
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

/* A point in time (ms since 1970) as local ISO 8601: "2026-01-31T10:00:00+01:00". */
struct units_text units_time(uint64_t ms);

/* How long it is: "3 h"; from one point in time to another: "3 h ago", "just now". */
struct units_text units_duration(uint64_t ms);
struct units_text units_ago(uint64_t then, uint64_t now);

/* "1 message", "2 messages". */
struct units_text units_count(uint64_t n, const char *one, const char *many);

/* Reads a date, a date and time (ISO 8601, UTC, to the minute or second), or ms since 1970; false
 * if it is none of these. */
bool units_parse_time(const char *text, uint64_t *ms);

#endif
