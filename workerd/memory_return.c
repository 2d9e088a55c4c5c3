#include "workerd/memory_return.h"

#include <malloc.h>
#include <unistd.h>

#include "workerd/api/process_usage.h"

/* Returning memory walks the heap, and using it again costs page faults: only for a burst. */
#define RETURN_MIN (UINT64_C(8) * 1024 * 1024)

static uint64_t
memory_return_resident(void)
{
	struct usage usage;

	return usage_of((uint64_t)getpid(), &usage) == 0 ? usage.resident_bytes : 0;
}

/* The allocator counts returned memory as free, so its numbers do not tell whether there is a burst's
 * memory to return. */
void
memory_return_check(struct memory_return *m)
{
	uint64_t resident = memory_return_resident();

	if (resident > m->resident + RETURN_MIN && mallinfo2().fordblks > RETURN_MIN) {
		malloc_trim(0);
		m->resident = memory_return_resident();
	} else if (resident < m->resident) {
		m->resident = resident;
	}
}
