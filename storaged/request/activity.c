/*
 * Counts commits per second.
 */
#include "storaged/request/activity.h"

#include <string.h>

#include "proto/base/clock.h"

#define SECOND_MS 1000

void
activity_init(struct activity *a)
{
	uint64_t now = clock_mono_ms();

	*a = (struct activity){
	    .started_at = clock_wall_ms(),
	    .started_mono = now,
	    .second = now / SECOND_MS,
	};
}

/* Clears the slots of the seconds that have begun since the newest one. */
static void
activity_advance(struct activity *a, uint64_t second)
{
	if (second - a->second >= ACTIVITY_SECONDS)
		memset(a->recent, 0, sizeof(a->recent));
	else
		for (uint64_t s = a->second + 1; s <= second; s++)
			a->recent[s % ACTIVITY_SECONDS] = 0;
	a->second = second;
}

void
activity_commit(struct activity *a)
{
	uint64_t second = clock_mono_ms() / SECOND_MS;

	activity_advance(a, second);
	a->recent[second % ACTIVITY_SECONDS]++;
	a->commits++;
}

/* The time that the slots cover: whole seconds and part of the current one, or the time since
 * the start. */
static uint64_t
activity_covered_ms(const struct activity *a, uint64_t now)
{
	uint64_t slots = (ACTIVITY_SECONDS - 1) * SECOND_MS + now % SECOND_MS;
	uint64_t age = now - a->started_mono;

	if (age > slots)
		return slots;
	return age < SECOND_MS ? SECOND_MS : age;
}

uint32_t
activity_recent(const struct activity *a, uint32_t *ms)
{
	uint64_t now = clock_mono_ms();
	struct activity then = *a;
	uint32_t sum = 0;

	activity_advance(&then, now / SECOND_MS);
	for (size_t i = 0; i < ACTIVITY_SECONDS; i++)
		sum += then.recent[i];
	*ms = (uint32_t)activity_covered_ms(a, now);
	return sum;
}
