/*
 * The figures of make bench: a table for people, with each server's ratio to nginx, and JSON for
 * programs.
 */
#ifndef TESTS_BENCH_RELAY_REPORT_H
#define TESTS_BENCH_RELAY_REPORT_H

#include <stdio.h>

#include "tests/bench/relay_crowd.h"
#include "tests/bench/relay_requests.h"

enum part {
	PART_PACED,  /* streams at a model's pace */
	PART_FULL,   /* streams at full speed */
	PART_BESIDE, /* readers beside other visitors, at a model's pace */
	PART_REQUESTS,
	PARTS,
};

const char *part_name(enum part part);

/* One measurement of streams. */
struct row {
	enum part part;
	enum server_kind server;
	const char *beside; /* PART_BESIDE: the kind of other visitors; else NULL */
	size_t streams;
	unsigned rate;                  /* of each, tokens per second; 0: full speed */
	double tokens_per_s, cpu_share; /* of one core */
	double cpu_us, cpu_us_min, cpu_us_max;
	double kib; /* memory per stream; NAN if it was not measured */
	struct memory idle, busy;
	double relay_p50_ms, relay_p99_ms, relay_p999_ms, first_p50_ms, first_p99_ms;
	uint64_t replies, lost, failed;
	int failed_status;
};

/* One measurement of short requests. */
struct request_row {
	enum server_kind server;
	const char *path;
	double per_s, cpu_us;
	uint64_t bytes;
};

/* Sorts the figures' durations. */
struct row row_of(enum part part, enum server_kind server, const struct crowd_plan *plan,
    const char *beside, struct crowd_figures *figures);

/* Each prints its part immediately. base is the row to compare with, or NULL. */
void report_part(enum part part);
void report_row(const struct row *row, const struct row *base);
void report_request_row(const struct request_row *row, const struct request_row *base);

struct report {
	double seconds;
	const struct row *rows;
	size_t n_rows;
	const struct request_row *request_rows;
	size_t n_request_rows;
};

/* False with errno if writing failed. */
[[gnu::warn_unused_result]] bool report_relay_json(FILE *out, const struct report *report);

#endif
