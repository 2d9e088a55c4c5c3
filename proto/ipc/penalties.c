/*
 * A cell's time is that at which all failures are forgotten: one max_ms after the last failure for each of
 * them. Its lowest eight bits are their number, so that one atomic holds both; 256 ns do not matter.
 */
#include "proto/ipc/penalties.h"

#include <stdio.h>

#include "proto/base/basics.h"

#define NS_PER_MS UINT64_C(1000000)
#define COUNT     UINT64_C(0xff)

/* Attempts at a change against other processes; each failed one means that another has succeeded. */
#define TRIES 1000

/* The cell of a client; NULL as ratelimit_cell(). The rule's numbers are part of the name: after a reload
 * with others, the counts start again. */
static struct ratelimit_cell *
penalty_cell(
    struct ratelimit *rl, const struct penalty_rule *rule, struct slice client, uint64_t now)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%s %u %u", rule->name, rule->free, rule->max_ms);

	must(n > 0 && n < (int)sizeof(name));
	must(rule->free > 0 && rule->free <= PENALTY_FREE_MAX);
	must(rule->first_ms > 0 && rule->first_ms <= rule->max_ms);
	return ratelimit_cell(rl, name, client, now);
}

/* The time for which this many failures block, from the last one on. */
static uint64_t
penalty_ns(const struct penalty_rule *rule, uint64_t failures)
{
	uint64_t ms = rule->first_ms;

	if (failures < rule->free)
		return 0;
	for (uint64_t i = rule->free; i < failures && ms < rule->max_ms; i++)
		ms *= 2;
	return (ms < rule->max_ms ? ms : rule->max_ms) * NS_PER_MS;
}

/* More failures than this block no longer: counting them would only delay when they are forgotten. */
static uint64_t
penalty_most(const struct penalty_rule *rule)
{
	uint64_t n = rule->free;

	while (penalty_ns(rule, n) < rule->max_ms * NS_PER_MS)
		n++;
	return n;
}

static uint64_t
penalty_word(const struct penalty_rule *rule, uint64_t failures, uint64_t last_ns)
{
	return ((last_ns + failures * rule->max_ms * NS_PER_MS) & ~COUNT) | failures;
}

/* The failures that are not forgotten yet. */
static uint64_t
penalty_failures(const struct penalty_rule *rule, uint64_t word, uint64_t now)
{
	const uint64_t each = rule->max_ms * NS_PER_MS, until = word & ~COUNT;
	uint64_t n = until > now ? (until - now + each - 1) / each : 0;

	return n < (word & COUNT) ? n : word & COUNT;
}

/* The time of the last failure; at most now, which another process may have read later than this one. */
static uint64_t
penalty_last(const struct penalty_rule *rule, uint64_t word, uint64_t now)
{
	const uint64_t since = (word & COUNT) * rule->max_ms * NS_PER_MS, until = word & ~COUNT;

	if (until < since)
		return 0;
	return until - since < now ? until - since : now;
}

/* Rounded up, so that waiting this long is enough. */
static uint32_t
penalty_ms_up(uint64_t ns)
{
	return (uint32_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

static struct penalty_answer
penalty_answer(const struct penalty_rule *rule, uint64_t word, uint64_t now)
{
	const uint64_t until = word & ~COUNT, failures = penalty_failures(rule, word, now);
	const uint64_t open =
	    failures == 0 ? 0 : penalty_last(rule, word, now) + penalty_ns(rule, word & COUNT);

	return (struct penalty_answer){
	    .allowed = open <= now,
	    .failures = (uint32_t)failures,
	    .retry_after_ms = open <= now ? 0 : penalty_ms_up(open - now),
	    .reset_ms = failures == 0 ? 0 : penalty_ms_up(until - now),
	};
}

/* If no cell can be claimed, the attempt is allowed uncounted; if the client's own cell changes in each
 * try, a thousand attempts of this client were just counted, and this one is refused. */
struct penalty_answer
penalty_take(
    struct ratelimit *rl, const struct penalty_rule *rule, struct slice client, uint64_t now_ns)
{
	struct ratelimit_cell *c = penalty_cell(rl, rule, client, now_ns);
	uint64_t word = c == NULL ? 0 : atomic_load(&c->tat), most = penalty_most(rule), next;

	if (c == NULL)
		return (struct penalty_answer){.allowed = true};
	for (int i = 0; i < TRIES; i++) {
		struct penalty_answer a = penalty_answer(rule, word, now_ns);

		if (!a.allowed)
			return a;
		next = penalty_word(rule, a.failures < most ? a.failures + 1 : most, now_ns);
		if (!atomic_compare_exchange_strong(&c->tat, &word, next))
			continue;
		a.reset_ms = penalty_ms_up((next & ~COUNT) - now_ns);
		a.before = word;
		a.after = next;
		return a;
	}
	return (struct penalty_answer){
	    .failures = (uint32_t)most, .retry_after_ms = rule->first_ms};
}

/* The word without the failure that an attempt has counted. */
static uint64_t
penalty_without(const struct penalty_rule *rule, const struct penalty_answer *taken,
    uint64_t word, uint64_t now)
{
	const uint64_t failures = penalty_failures(rule, word, now);

	if (word == taken->after)
		return taken->before;
	return failures == 0 ? word
			     : penalty_word(rule, failures - 1, penalty_last(rule, word, now));
}

void
penalty_forgive(struct ratelimit *rl, const struct penalty_rule *rule, struct slice client,
    const struct penalty_answer *taken, uint64_t now_ns)
{
	struct ratelimit_cell *c = penalty_cell(rl, rule, client, now_ns);
	uint64_t word = c == NULL ? 0 : atomic_load(&c->tat);

	for (int i = 0; c != NULL && i < TRIES; i++)
		if (atomic_compare_exchange_strong(
			&c->tat, &word, penalty_without(rule, taken, word, now_ns)))
			return;
}
