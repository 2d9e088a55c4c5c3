#include "proto/ipc/metrics.h"

/* From tens of microseconds (relaying a token) to a minute (a slow model). */
const uint64_t metric_bounds_ns[METRIC_BOUNDS_N] = {10000, 25000, 50000, 100000, 250000, 500000,
    1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000, 250000000, 500000000,
    1000000000, 2500000000, 5000000000, 10000000000, 25000000000, 60000000000};

void
metric_observe(struct metric_histogram *h, uint64_t ns, uint64_t n)
{
	size_t i = 0;

	while (i < METRIC_BOUNDS_N && ns > metric_bounds_ns[i])
		i++;
	metric_add(&h->buckets[i], n);
	metric_add(&h->sum_ns, ns * n);
}

enum metric_status
metric_status_of(int status)
{
	switch (status) {
#define STATUS(number) \
	case number:   \
		return METRIC_STATUS_##number;
#include "proto/ipc/metrics.def"
	default:
		return METRIC_STATUS_OTHER;
	}
}
