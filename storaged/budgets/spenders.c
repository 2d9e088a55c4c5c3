/*
 * The table of spenders.
 */
#include "storaged/budgets/spenders.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/secrets.h"
#include "storaged/identities/store_secret.h"

/* The hash of a session or a network on a day. */
static struct id
spender_hash(const struct hash256 *secret, const struct key *of, uint32_t day,
    enum spender spender, struct slice name)
{
	struct buf text;
	struct hash256 hash;
	struct id id;

	buf_init(&text, sizeof(day) + 1 + 2 * sizeof(struct id) + SESSION_MAX);
	must(buf_append(&text, &day, sizeof(day)) == 0);
	must(buf_append(&text, &(uint8_t){(uint8_t)spender}, 1) == 0);
	must(buf_append(&text, of->b, of->len) == 0);
	must(buf_append(&text, name.p, name.len) == 0);
	hash = secret_mac((struct slice){secret->b, sizeof(secret->b)}, buf_slice(&text));
	buf_clear(&text);
	memcpy(id.b, hash.b, sizeof(id.b));
	return id;
}

int
spenders_find(
    struct txn *t, const struct spender_names *names, uint64_t when, struct spenders *spenders)
{
	const struct key org = key_id(&names->org),
			 widget = key_of_org(&names->org, &names->widget);
	const uint32_t day = budget_period_number(BUDGET_DAY, when);
	struct hash256 secret = {0};
	int rc = store_secret_read(t, &secret);
	const bool has_secret = rc == 0;

	*spenders = (struct spenders){0};
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	/* A store without a secret has had no visitor of a widget yet: only sessions of keys, which it stores in clear. */
	spenders->of[SPENDER_SESSION] =
	    spender_hash(&secret, &widget, day, SPENDER_SESSION, names->session);
	if (has_secret && names->network.len > 0)
		spenders->of[SPENDER_NETWORK] =
		    spender_hash(&secret, &org, day, SPENDER_NETWORK, names->network);
	return 0;
}

/* MDB_NOTFOUND, with an empty one: the spender has used nothing. */
static int
spender_get(struct txn *t, const struct key *key, struct msg_spent_record *spent)
{
	int rc = txn_get_record(t, TABLE_SPENDERS, key, spent);

	if (rc == 0 || !txn_survives(rc))
		return rc;
	*spent = (struct msg_spent_record){.v = RECORD_VERSION};
	return MDB_NOTFOUND;
}

static uint64_t
spender_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* A part of what others leave of a limit. No overflow: it is divided first. */
static uint64_t
spender_share(const struct txn *t, uint64_t limit, uint64_t others)
{
	const uint64_t left = spender_less(limit, others), percent = t->env->budget_share;

	return left / 100 * percent + left % 100 * percent / 100;
}

static int
spender_ask_period(struct txn *t, const struct budget *budget, enum budget_period period,
    const struct msg_spent_record *own, const struct budget_wish *wish,
    enum spender_answer *answer)
{
	struct msg_spent_record all;
	uint64_t share;
	int rc;

	if (budget->limit[period] == 0)
		return 0;
	rc = budget_spent(t, budget, period, wish->when, &all);
	if (rc != 0)
		return rc;
	budget_replace(wish, period, &all);
	share = spender_share(t, budget->limit[period],
	    spender_less(all.used + all.reserved, own->used + own->reserved));
	if (own->used + wish->tokens > share)
		*answer = SPENDER_DONE;
	else if (own->used + own->reserved + wish->tokens > share && *answer == SPENDER_MAY)
		*answer = SPENDER_WAITS;
	return 0;
}

static int
spender_ask(struct txn *t, const struct budget *budget, enum spender s,
    const struct spenders *spenders, const struct budget_wish *wish,
    enum spender_answer *answer)
{
	const struct id *spender = &spenders->of[s];
	const uint32_t day = budget_period_number(BUDGET_DAY, wish->when);
	const struct key key = key_spender(&budget->org, &budget->widget, day, spender);
	struct msg_spent_record own;
	int rc = spender_get(t, &key, &own);

	if (rc == 0 && id_equal(spender, &wish->replaced.by.of[s]))
		budget_replace(wish, BUDGET_DAY, &own);
	if (rc == MDB_NOTFOUND || (rc == 0 && own.used + own.reserved <= wish->had))
		return 0;
	for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++)
		rc = spender_ask_period(t, budget, p, &own, wish, answer);
	return rc;
}

int
spenders_allow(struct txn *t, const struct budgets *budgets, const struct spenders *spenders,
    const struct budget_wish *wish, enum spender_answer *answer)
{
	int rc = 0;

	*answer = SPENDER_MAY;
	if (t->env->budget_share == 0)
		return 0;
	for (unsigned i = 0; i < budgets->n; i++)
		for (enum spender s = 0; s < SPENDERS && rc == 0; s++)
			if (!id_is_zero(&spenders->of[s]))
				rc = spender_ask(t, &budgets->of[i], s, spenders, wish, answer);
	return rc;
}

static int
spender_change(struct txn *t, const struct budget *budget, const struct id *spender,
    uint64_t when, int64_t used, int64_t reserved)
{
	const uint32_t day = budget_period_number(BUDGET_DAY, when);
	const struct key key = key_spender(&budget->org, &budget->widget, day, spender);
	struct msg_spent_record spent;
	int rc = spender_get(t, &key, &spent);

	/* Its day is over, and its row was removed. */
	if (rc == MDB_NOTFOUND && used <= 0 && reserved <= 0)
		return 0;
	if (rc != 0 && rc != MDB_NOTFOUND)
		return rc;
	spent.used = budget_sum(spent.used, used);
	spent.reserved = budget_sum(spent.reserved, reserved);
	return txn_put_record(t, TABLE_SPENDERS, &key, &spent);
}

int
spenders_change(struct txn *t, const struct budget *budget, const struct spenders *spenders,
    uint64_t when, int64_t used, int64_t reserved)
{
	int rc = 0;

	for (enum spender s = 0; s < SPENDERS && rc == 0; s++)
		if (!id_is_zero(&spenders->of[s]))
			rc = spender_change(t, budget, &spenders->of[s], when, used, reserved);
	return rc;
}
