/*
 * GCRA on shared cells.
 *
 * A request costs cost = window / max. A cell's tat is the time at which everything counted so far
 * will be paid off; a request is allowed if tat + cost is at most max * cost ahead of now. A new
 * client's tat is in the past, which counts as now: so max requests pass at once, then one per
 * cost.
 *
 * The two words of a cell change one after the other, without a lock, so that a process killed
 * between the two steps blocks nobody. The tat is freed first and the key is claimed second: a
 * process that finds its key finds a valid tat. Two races remain, both within nanoseconds: two
 * clients that claim one cell may have a request charged to the other, and a new client whose first
 * requests reach two workers while its group changes may get two cells, and so be allowed too
 * early.
 */
#include "proto/ipc/ratelimit.h"

#include <stddef.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/secrets.h"

/* Attempts at a step against other processes that change the same cell. Each failed attempt means
 * that another process has succeeded. */
#define TRIES 1000

#define NS_PER_MS UINT64_C(1000000)

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "cells are shared between processes");
_Static_assert((RATELIMIT_GROUPS & (RATELIMIT_GROUPS - 1)) == 0, "a group is bits of the key");

void
ratelimit_init(struct ratelimit *rl)
{
	secret_random(rl->secret, sizeof(rl->secret));
}

/* Never 0, which marks an unused cell. */
static uint64_t
ratelimit_client_key(const struct ratelimit *rl, const char *rule, struct slice client)
{
	uint8_t text[128];
	size_t n = strlen(rule) + 1; /* the NUL keeps rule and address apart */
	uint64_t key;

	must(slice_copy((struct slice){(const uint8_t *)rule, n}, text, sizeof(text)));
	must(slice_copy(client, text + n, sizeof(text) - n));
	key = secret_keyed_hash(rl->secret, (struct slice){text, n + client.len});
	return key == 0 ? 1 : key;
}

/* The values of a cell when it was read. */
struct ratelimit_sample {
	struct ratelimit_cell *cell;
	uint64_t key, tat;
};

/* The client's own cell, or else the one that becomes free first. */
static struct ratelimit_sample
ratelimit_look_up(struct ratelimit_cell group[RATELIMIT_WAYS], uint64_t key)
{
	struct ratelimit_sample best = {NULL, 0, 0};

	for (size_t i = 0; i < RATELIMIT_WAYS; i++) {
		struct ratelimit_sample s = {
		    .cell = &group[i],
		    .key = atomic_load(&group[i].key),
		    .tat = atomic_load(&group[i].tat),
		};

		if (s.key == key)
			return s;
		if (best.cell == NULL || s.tat < best.tat)
			best = s;
	}
	return best;
}

/* The client's cell, claimed if it had none; NULL if other processes were faster in every
 * attempt. */
static struct ratelimit_cell *
ratelimit_find_cell(struct ratelimit *rl, uint64_t key, uint64_t now)
{
	struct ratelimit_cell *group = rl->cells[key & (RATELIMIT_GROUPS - 1)];

	for (int i = 0; i < TRIES; i++) {
		struct ratelimit_sample s = ratelimit_look_up(group, key);

		if (s.key == key)
			return s.cell;
		if (s.tat > now && !atomic_compare_exchange_strong(&s.cell->tat, &s.tat, now))
			continue;
		if (atomic_compare_exchange_strong(&s.cell->key, &s.key, key))
			return s.cell;
	}
	return NULL;
}

struct ratelimit_cell *
ratelimit_cell(struct ratelimit *rl, const char *name, struct slice client, uint64_t now_ns)
{
	return ratelimit_find_cell(rl, ratelimit_client_key(rl, name, client), now_ns);
}

void
ratelimit_remember(struct ratelimit *rl, const char *name, struct slice client,
    uint64_t until_ns, uint64_t now_ns)
{
	struct ratelimit_cell *c = ratelimit_cell(rl, name, client, now_ns);

	if (c != NULL)
		atomic_store(&c->tat, until_ns);
}

/* Claims no cell: strangers must not displace those that are remembered. */
bool
ratelimit_remembers(
    const struct ratelimit *rl, const char *name, struct slice client, uint64_t now_ns)
{
	const uint64_t key = ratelimit_client_key(rl, name, client);
	const struct ratelimit_cell *group = rl->cells[key & (RATELIMIT_GROUPS - 1)];

	for (size_t i = 0; i < RATELIMIT_WAYS; i++)
		if (atomic_load(&group[i].key) == key)
			return atomic_load(&group[i].tat) > now_ns;
	return false;
}

/* Rounded up, so that waiting this long is enough. */
static uint32_t
ratelimit_ms_up(uint64_t ns)
{
	return (uint32_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* The answer when `ahead` of the client's allowance `burst` is used; cost is one request's. */
static struct ratelimit_answer
ratelimit_make_answer(bool allowed, uint64_t ahead, uint64_t cost, uint64_t burst)
{
	return (struct ratelimit_answer){
	    .allowed = allowed,
	    .remaining = (uint32_t)((burst - ahead) / cost),
	    .retry_after_ms = allowed ? 0 : ratelimit_ms_up(ahead + cost - burst),
	    .reset_ms = ratelimit_ms_up(ahead),
	};
}

/* How far a tat is ahead of now: 0 if it is in the past, and at most burst. A stricter rule after a
 * reload, or a broken worker, could otherwise exceed burst by hours. */
static uint64_t
ratelimit_ahead(uint64_t tat, uint64_t now, uint64_t burst)
{
	uint64_t ahead = tat > now ? tat - now : 0;

	return ahead < burst ? ahead : burst;
}

/* Real processes cannot fail TRIES times. If no cell can be claimed, the request is allowed
 * uncounted; if the update of the client's own cell fails that often, a thousand other requests of
 * this client were just counted, and it is refused. */
struct ratelimit_answer
ratelimit_take(struct ratelimit *rl, const struct ratelimit_rule *rule, struct slice client,
    uint64_t now_ns)
{
	uint64_t cost, burst, tat;
	struct ratelimit_cell *c;

	must(rule->max > 0 && rule->window_ms > 0);
	cost = rule->window_ms * NS_PER_MS / rule->max;
	if (cost == 0)
		cost = 1;
	burst = cost * rule->max;
	c = ratelimit_cell(rl, rule->name, client, now_ns);
	if (c == NULL)
		return ratelimit_make_answer(true, cost, cost, burst);
	tat = atomic_load(&c->tat);
	for (int i = 0; i < TRIES; i++) {
		uint64_t ahead = ratelimit_ahead(tat, now_ns, burst);

		if (ahead + cost > burst)
			return ratelimit_make_answer(false, ahead, cost, burst);
		ahead += cost;
		if (atomic_compare_exchange_strong(&c->tat, &tat, now_ns + ahead))
			return ratelimit_make_answer(true, ahead, cost, burst);
	}
	return ratelimit_make_answer(false, burst, cost, burst);
}
