/*
 * The figures of make bench: a table for people, with each server's ratio to nginx, and JSON for
 * programs.
 */
#ifndef TESTS_BENCH_RELAY_REPORT_H
#define TESTS_BENCH_RELAY_REPORT_H

#include "tests/bench/relay_crowd.h"

enum part {
	PART_PACED,  /* streams at a model's pace */
	PART_FULL,   /* streams at full speed */
	PART_BESIDE, /* readers beside other visitors, at a model's pace */
	PART_REQUESTS,
	PARTS,
};

const char *part_name(enum part part);

/* One measurement. */
struct row {
	enum part part;
	enum server_kind server;
	const char *beside; /* PART_BESIDE: the kind of other visitors; else NULL */
	struct crowd_plan plan;
	struct crowd_figures figures;
};

/* Each prints its part immediately. base is the row to compare with, or NULL. */
void report_part(enum part part);
void report_row(struct row *row, struct row *base);

void report_relay_json(double seconds, struct row *rows, size_t n);

#endif
