/*
 * Returns freed memory to the system after a burst. free() returns the end of the heap only, so a few blocks
 * that are still in use can keep a burst's whole heap in the process.
 */
#ifndef WORKERD_MEMORY_RETURN_H
#define WORKERD_MEMORY_RETURN_H

#include <stdint.h>

#define MEMORY_RETURN_MS 5000 /* how often memory_return_check() is to be called */

struct memory_return {
	uint64_t resident; /* bytes that the process used after the last time, or fewer since */
};

/* Returns free memory when the process uses much more memory than after the last time. Does nothing in builds with
 * sanitizers, which replace the allocator. */
void memory_return_check(struct memory_return *m);

#endif
