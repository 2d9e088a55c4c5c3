/*
 * The clocks are read from the vDSO: some 20 ns a call and no system call. Neither clock can fail
 * on Linux.
 */
#include "proto/base/clock.h"

#include <time.h>

#include "proto/base/basics.h"

static struct timespec
clock_now(clockid_t clock)
{
	struct timespec ts;

	must(clock_gettime(clock, &ts) == 0);
	return ts;
}

static uint64_t
clock_to_ms(struct timespec ts)
{
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t frozen_wall_ms;

void
clock_freeze_wall(uint64_t ms)
{
	frozen_wall_ms = ms;
}

uint64_t
clock_wall_ms(void)
{
	if (frozen_wall_ms != 0)
		return frozen_wall_ms;
	return clock_to_ms(clock_now(CLOCK_REALTIME));
}

uint64_t
clock_wall_after(uint64_t ms)
{
	uint64_t now_ms = clock_wall_ms();

	return now_ms > ms ? now_ms : ms + 1;
}

uint64_t
clock_mono_ms(void)
{
	return clock_to_ms(clock_now(CLOCK_MONOTONIC));
}

uint64_t
clock_boot_ms(void)
{
	return clock_to_ms(clock_now(CLOCK_BOOTTIME));
}

uint64_t
clock_mono_ns(void)
{
	struct timespec ts = clock_now(CLOCK_MONOTONIC);

	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

struct timeval
clock_timeval(uint64_t ms)
{
	return (struct timeval){
	    .tv_sec = (time_t)(ms / 1000),
	    .tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};
}
