/*
 * CLOCK_THREAD_CPUTIME_ID.
 */
#include "tests/bench/cpu_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/base/basics.h"

double
cpu_ms(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void
cpu_times_add(struct cpu_times *times, double ms)
{
	if (times->n < CPU_TIMES_MAX)
		times->ms[times->n++] = ms;
}

static int
cpu_times_compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
cpu_times_print(struct cpu_times *times)
{
	qsort(times->ms, times->n, sizeof(times->ms[0]), cpu_times_compare);
	printf("{\"p50\":%.3f,\"p99\":%.3f}\n", times->ms[times->n / 2],
	    times->ms[times->n * 99 / 100]);
}
