#include "workerd/model/retry_policy.h"

#include "proto/base/secrets.h"

#define ATTEMPTS_MAX       3
#define BACKOFF_MS         500 /* doubles with each attempt; the delay is a random part of it */
#define RETRY_AFTER_MAX_MS 5000 /* with a longer Retry-After the visitor decides */

/* Not after a timeout, which has cost the visitor's patience already, and not after a status that a
 * repetition does not change. */
static bool
retry_policy_may_help(const struct retry_failure *f)
{
	if (f->how != UPSTREAM_DONE || f->status == 200)
		return f->how != UPSTREAM_TIMEOUT;
	return upstream_status_failed(f->status);
}

/* Retry-After plus a random part of the backoff ("full jitter"): otherwise all requests that were
 * refused together would come back together. A closed connection says nothing about the server's load. */
static unsigned
retry_policy_delay_ms(const struct retry_failure *f)
{
	uint32_t random;

	if (f->how == UPSTREAM_STALE)
		return 0;
	secret_random(&random, sizeof(random));
	return f->retry_after_ms + random % ((uint32_t)BACKOFF_MS << (f->attempts - 1));
}

bool
retry_policy_allows(const struct retry_failure *f, unsigned *wait_ms)
{
	if (f->attempts >= ATTEMPTS_MAX || f->retry_after_ms > RETRY_AFTER_MAX_MS ||
	    !retry_policy_may_help(f))
		return false;
	*wait_ms = retry_policy_delay_ms(f);
	return *wait_ms < f->time_left_ms;
}
