/*
 * The processor time of many short calls, and their percentiles.
 */
#ifndef TESTS_BENCH_CPU_TIMES_H
#define TESTS_BENCH_CPU_TIMES_H

#include <stddef.h>

#define CPU_TIMES_MAX 100000

struct cpu_times {
	double ms[CPU_TIMES_MAX];
	size_t n;
};

/* The processor time of this thread so far. */
double cpu_ms(void);

void cpu_times_add(struct cpu_times *times, double ms);

/* Prints {"p50":…,"p99":…} in ms. */
void cpu_times_print(struct cpu_times *times);

#endif
