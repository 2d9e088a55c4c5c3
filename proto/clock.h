/*
 * Time. Wall clock for what is stored or shown, monotonic for every time-out and measurement.
 */
#ifndef PROTO_CLOCK_H
#define PROTO_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Milliseconds since 1970 (CLOCK_REALTIME): what records and the API carry. */
uint64_t clock_wall_ms(void);

/* Milliseconds and nanoseconds since some fixed point (CLOCK_MONOTONIC); the same for every
 * process of the machine. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_ns(void);

/* A span of milliseconds as event loops take it. */
struct timeval clock_timeval(uint64_t ms);

#endif
