/*
 * Wall clock for times that are stored or shown, monotonic clock for timeouts and measurements.
 */
#ifndef PROTO_BASE_CLOCK_H
#define PROTO_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

#define CLOCK_HOUR_MS UINT64_C(3600000)

/* Every UTC day has this many milliseconds (POSIX, "Seconds Since the Epoch"). */
#define CLOCK_DAY_MS UINT64_C(86400000)

/* Milliseconds since 1970 (CLOCK_REALTIME), as in records and the API. */
uint64_t clock_wall_ms(void);

/* The current time, but at least ms + 1: for a timestamp that must be later than ms. */
uint64_t clock_wall_after(uint64_t ms);

/* For tests: freezes the wall clock at this time; 0 makes it run again. */
void clock_freeze_wall(uint64_t ms);

/* Milliseconds and nanoseconds since a fixed point (CLOCK_MONOTONIC), which is the same for all
 * processes of the machine. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_ns(void);

/* Milliseconds since the machine started, with the time that it was suspended (CLOCK_BOOTTIME). */
uint64_t clock_boot_ms(void);

/* Milliseconds as a struct timeval, for event loops. */
struct timeval clock_timeval(uint64_t ms);

#endif
