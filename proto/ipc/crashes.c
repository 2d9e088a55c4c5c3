#include "proto/ipc/crashes.h"

#include <stdbool.h>

static bool
crashes_have(const struct crashes *c, uint64_t process)
{
	for (size_t i = 0; i < CRASHES_MAX; i++)
		if (metric_get(&c->process[i]) == process)
			return true;
	return false;
}

/* If several callers add the same process at the same time, one of them changes `last`. */
void
crashes_add(struct crashes *c, uint64_t process, uint64_t now)
{
	uint64_t last = atomic_load(&c->last), i;

	if (last == process || crashes_have(c, process) ||
	    !atomic_compare_exchange_strong(&c->last, &last, process))
		return;
	i = atomic_fetch_add(&c->total, 1) % CRASHES_MAX;
	metric_set(&c->at[i], now);
	metric_set(&c->process[i], process);
}

unsigned
crashes_recent(const struct crashes *c, uint64_t now)
{
	unsigned n = 0;

	for (size_t i = 0; i < CRASHES_MAX; i++)
		n += metric_get(&c->process[i]) != 0 &&
		    now - metric_get(&c->at[i]) < CRASHES_RECENT_MS;
	return n;
}
