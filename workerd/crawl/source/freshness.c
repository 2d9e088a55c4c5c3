#include "workerd/crawl/source/freshness.h"

#include "proto/base/basics.h"

#define RETRY_MAX_S 86400u

static uint32_t
freshness_clamp(uint32_t s, uint32_t max)
{
	return s < FRESHNESS_MIN_S ? FRESHNESS_MIN_S : s > max ? max : s;
}

uint32_t
freshness_interval(uint32_t before_s, bool changed, uint32_t fixed_minutes)
{
	if (fixed_minutes != 0)
		return fixed_minutes * 60;
	if (before_s == 0)
		return FRESHNESS_FIRST_S;
	before_s = freshness_clamp(before_s, FRESHNESS_MAX_S);
	return freshness_clamp(changed ? before_s / 2 : before_s * 3 / 2, FRESHNESS_MAX_S);
}

uint32_t
freshness_retry(uint32_t interval_s)
{
	return freshness_clamp(interval_s / 4, RETRY_MAX_S);
}

uint64_t
freshness_first_retry(uint64_t before_ms)
{
	static const uint64_t pauses_s[] = {10, 60, 300, 1200};

	for (size_t i = 0; i < ARRAY_LEN(pauses_s); i++)
		if (before_ms < pauses_s[i] * 1000)
			return pauses_s[i] * 1000;
	return FRESHNESS_MIN_S * UINT64_C(1000);
}
