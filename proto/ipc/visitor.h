/*
 * What workers and storaged must agree on about visitors who are not stored.
 */
#ifndef PROTO_IPC_VISITOR_H
#define PROTO_IPC_VISITOR_H

#include "proto/base/clock.h"
#include "proto/base/ids.h"

/* Whether a worker may vouch for the visitor with this id now (ms since 1970): it came within the last day, or within the
 * next one by a clock that was set back since. */
static inline bool
visitor_is_young(const struct id *visitor, uint64_t now)
{
	const uint64_t came = id_ms(visitor);

	return came < now + CLOCK_DAY_MS && now < came + CLOCK_DAY_MS;
}

/* For how many ms more it is so; 0: it is not. */
static inline uint64_t
visitor_young_ms(const struct id *visitor, uint64_t now)
{
	return visitor_is_young(visitor, now) ? id_ms(visitor) + CLOCK_DAY_MS - now : 0;
}

#endif
