/*
 * Deadlines of the streams' next steps: a binary heap behind one timerfd.
 *
 * libevent's timers could handle the number (10,000) but cost too much: they use the coarse clock,
 * whose tick is several milliseconds here, and a struct event per stream. Future deadlines are
 * rounded to a grid of PACE_GRAIN_NS, so that many slow streams share one wake-up. Deadlines in the
 * past are served in the next loop iteration, in their order, so that streams at full speed do not
 * starve the others.
 *
 * One per process, owned by the server. An entry is embedded in the object that waits, is in the
 * heap at most once, and must be cancelled before its memory is freed.
 */
#ifndef TESTS_STUB_PACE_H
#define TESTS_STUB_PACE_H

#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#define PACE_GRAIN_NS 1000000u

struct event_base;

/* All zero: not waiting. */
struct pace_entry {
	size_t slot; /* index in the heap, from 1; 0: not in the heap */
};

struct pace {
	struct event timer;
	int fd;
	uint64_t armed; /* when the timerfd fires, 0: off */
	struct pace_slot *heap;
	size_t count;
	size_t cap;
	void (*due)(struct pace_entry *);
};

/* Starts the timer in base. Calls due() once for each pace_at(), after removing
 * the entry from the heap; due() may call any function here and may free the entry. */
void pace_init(struct pace *p, struct event_base *base, void (*due)(struct pace_entry *));

/* Frees the heap. Waiting entries are dropped. */
void pace_clear(struct pace *p);

/* Calls due(e) at this clock_mono_ns() time or, if that is past, in the next loop iteration. */
void pace_at(struct pace *p, struct pace_entry *e, uint64_t when);

/* Removes e from the heap; harmless if it is not waiting. */
void pace_cancel(struct pace *p, struct pace_entry *e);

#endif
