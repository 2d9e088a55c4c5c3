/*
 * When each stream's next step is due: a binary heap of deadlines behind one timerfd.
 *
 * libevent's own timers would do for the count (10,000), not for the cost: they read the coarse
 * clock, whose tick is several milliseconds here, and one struct event a stream. Deadlines in the
 * future are served together on a grid of PACE_GRAIN_NS, so that many slow streams share one
 * wake-up; those already past are served in the next loop turn, in the order of their deadlines,
 * which is what keeps streams at full speed from starving the others.
 *
 * One per process, owned by the server. An entry is embedded in whoever waits, is in the heap at
 * most once, and must be cancelled before its memory goes.
 */
#ifndef TESTS_STUB_PACE_H
#define TESTS_STUB_PACE_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#define PACE_GRAIN_NS 1000000u

struct event_base;

/* All zero is "not waiting". */
struct pace_entry {
	size_t slot; /* place in the heap, from 1; 0 when not in it */
};

struct pace {
	struct event timer;
	int fd;
	uint64_t armed; /* when the timerfd will fire, 0 if it is off */
	struct pace_slot *heap;
	size_t count;
	size_t cap;
	void (*due)(struct pace_entry *);
};

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t pace_now(void);

/*
 * Starts the timer in base. due() is called once for each pace_at() or pace_soon(), with the entry already out
 * of the heap; it may call anything here and may free the entry. Exits on failure.
 */
void pace_init(struct pace *p, struct event_base *base, void (*due)(struct pace_entry *));

/* Frees the heap. Entries that still wait are forgotten. */
void pace_clear(struct pace *p);

/* Calls due(e) at the given pace_now() time or, if that is past, in the next loop turn. */
void pace_at(struct pace *p, struct pace_entry *e, uint64_t when);

/* Calls due(e) in ns nanoseconds, off the grid: for the few who need less than its grain. */
void pace_soon(struct pace *p, struct pace_entry *e, uint64_t ns);

/* e no longer waits; harmless if it did not. */
void pace_cancel(struct pace *p, struct pace_entry *e);

#endif
