/*
 * Time. Wall clock for what is stored or shown, monotonic for every time-out and measurement.
 */
#ifndef PROTO_BASE_CLOCK_H
#define PROTO_BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>

/* Milliseconds since 1970 (CLOCK_REALTIME): what records and the API carry. */
uint64_t clock_wall_ms(void);

/* The same, but later than this moment: for what is to differ from all that came before it. */
uint64_t clock_wall_after(uint64_t ms);

/* For tests: that clock stands still at this moment from now on; 0: it goes again. */
void clock_freeze_wall(uint64_t ms);

/* Milliseconds and nanoseconds since some fixed point (CLOCK_MONOTONIC); the same for every
 * process of the machine. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_ns(void);

/* A span of milliseconds as event loops take it. */
struct timeval clock_timeval(uint64_t ms);

#endif
