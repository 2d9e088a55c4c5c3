/*
 * What all benchmarks share: numbers in options, durations, and files with JSON.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The number in an option's value; exits with EX_USAGE if it is not from min to max. */
unsigned bench_number(const char *option, const char *value, unsigned min, unsigned max);

/* Whether a figure reaches its target. */
#define BENCH_VERDICT(met) ((met) ? "meets" : "MISSES")

/* Durations of requests in nanoseconds (at most 4 s each). Bounded; further durations are
 * dropped. */
struct durations {
	uint32_t *ns;
	size_t n, cap;
};

void durations_add(struct durations *d, uint64_t ns);

/* The p-th quantile, p from 0 to 1, in milliseconds; 0 if there are none. Sorts. */
double durations_ms(struct durations *d, double p);

void durations_clear(struct durations *d);

struct spread {
	double median, min, max;
};

/* Of n values, at least one. Sorts them. */
struct spread spread_of(double *values, size_t n);

/* Creates build/bench/NAME.json and writes its first line. */
FILE *bench_json(const char *name);

/* Closes it, and prints where it is. Exits if it could not be written. */
void bench_json_end(FILE *out, const char *name);

#endif
