/*
 * Checks, reservations and settlements.
 */
#include "storaged/budgets/budgets.h"

#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/text/tokens.h"
#include "storaged/budgets/spenders.h"
#include "storaged/changes/changes.h"

#define DAYS_KEPT 62u

uint64_t
budget_estimate(uint32_t reserved_prompt, uint32_t reserved_completion, size_t text)
{
	return tokens_estimate_call(
	    reserved_prompt, text, reserved_completion > 0 ? reserved_completion : UINT32_MAX);
}

static int
budgets_add(
    struct txn *t, const struct id *org, const struct id *widget, struct budgets *budgets)
{
	struct key key = key_of_org(org, widget);
	struct msg_budget_record record;
	int rc = txn_get_record(t, TABLE_BUDGETS, &key, &record);

	if (rc == 0)
		budgets->of[budgets->n++] = (struct budget){
		    *org, *widget, {record.daily_tokens, record.monthly_tokens}};
	/* A damaged one limits nothing: better than a chat that refuses all messages, or loses replies. */
	return txn_survives(rc) ? 0 : rc;
}

int
budgets_find(
    struct txn *t, const struct id *org, const struct id *widget, struct budgets *budgets)
{
	const struct id all = {0};
	size_t stored;
	int rc = txn_count(t, TABLE_BUDGETS, &stored);

	*budgets = (struct budgets){.n = 0};
	/* Most stores have none: this is cheaper than two lookups. */
	if (rc != 0 || stored == 0)
		return rc;
	rc = budgets_add(t, org, &all, budgets);
	return rc != 0 ? rc : budgets_add(t, org, widget, budgets);
}

static int
budget_allows(struct txn *t, const struct budget *budget, enum budget_period period,
    const struct budget_wish *wish, bool *allowed)
{
	uint64_t limit = budget->limit[period];
	struct msg_spent_record spent;
	int rc;

	if (limit == 0)
		return 0;
	rc = budget_spent(t, budget, period, wish->when, &spent);
	if (rc != 0)
		return rc;
	budget_replace(wish, period, &spent);
	if (spent.used >= limit || spent.reserved + wish->tokens > limit - spent.used)
		*allowed = false;
	return 0;
}

int
budgets_allow(
    struct txn *t, const struct budgets *budgets, const struct budget_wish *wish, bool *allowed)
{
	int rc = 0;

	*allowed = true;
	for (unsigned i = 0; i < budgets->n && rc == 0; i++)
		for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++)
			rc = budget_allows(t, &budgets->of[i], p, wish, allowed);
	return rc;
}

/* Removes the oldest day, if it is old: each new day comes here once or more. Months are few. */
static int
budget_drop_old(struct txn *t, const struct budget *budget, uint64_t now)
{
	struct key front = key_of_org(&budget->org, &budget->widget);
	struct key limit = key_spent(
	    &budget->org, &budget->widget, budget_period_number(BUDGET_DAY, now) - DAYS_KEPT);
	struct walk w;
	int rc = walk_open(&w, t, TABLE_SPENT, &front);

	if (rc == 0)
		rc = walk_from(&w, &front);
	if (rc == 0 && memcmp(w.key.p, limit.b, limit.len) < 0)
		rc = walk_delete(&w);
	walk_close(&w);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Whether a reply that needs so many tokens is refused, even if no other one runs. */
static bool
budget_is_reached(uint64_t limit, uint64_t used, uint64_t tokens)
{
	return limit != 0 && (used >= limit || tokens > limit - used);
}

static int
budget_tell(struct txn *t, const struct budget *budget, enum change_what what)
{
	const struct id *of = id_is_zero(&budget->widget) ? &budget->org : &budget->widget;

	return change_add(t, &budget->org, CHANGE_BUDGET, of, NULL, what);
}

/* After a reply has ended, there is not enough left for another one like it. */
static int
budget_tell_reached(
    struct txn *t, const struct budget *budget, enum budget_period period, uint64_t used)
{
	log_event(LOG_WARN, "budget_spent", L_ID("org", &budget->org),
	    L_ID("widget", &budget->widget),
	    L_STR("period", period == BUDGET_DAY ? "day" : "month"), L_UINT("tokens", used),
	    L_UINT("budget", budget->limit[period]));
	return budget_tell(
	    t, budget, period == BUDGET_DAY ? CHANGE_DAY_REACHED : CHANGE_MONTH_REACHED);
}

/* Whether so many percent of a limit are used. No overflow: the limit is divided. */
static bool
budget_is_used(uint64_t limit, uint64_t used, unsigned percent)
{
	return limit != 0 && used >= limit / 100 * percent + (limit % 100 * percent + 99) / 100;
}

/* What was told about a period: an event of each is sent once. */
enum budget_notice { NOTICE_NONE, NOTICE_HALF, NOTICE_MOST, NOTICE_REACHED };

/* The part of a limit that is used. */
static enum budget_notice
budget_part(uint64_t limit, uint64_t used)
{
	if (budget_is_used(limit, used, 80))
		return NOTICE_MOST;
	return budget_is_used(limit, used, 50) ? NOTICE_HALF : NOTICE_NONE;
}

static int
budget_tell_part(struct txn *t, const struct budget *budget, enum budget_period period,
    enum budget_notice part)
{
	if (part == NOTICE_MOST)
		return budget_tell(
		    t, budget, period == BUDGET_DAY ? CHANGE_DAY_MOST : CHANGE_MONTH_MOST);
	return budget_tell(
	    t, budget, period == BUDGET_DAY ? CHANGE_DAY_HALF : CHANGE_MONTH_HALF);
}

/*
 * What a reply that has ended, for which so many tokens were reserved, changes. If it passes several parts at once, the
 * highest one is told; then that not enough is left. Nothing follows that, although replies for which less is reserved
 * may go on. For another limit, what was used before is not told.
 */
static int
budget_tell_change(struct txn *t, const struct budget *budget, enum budget_period period,
    uint64_t before, uint64_t tokens, struct msg_spent_record *spent)
{
	const uint64_t limit = budget->limit[period], used = spent->used;
	const enum budget_notice part = budget_part(limit, used);
	const bool reached = budget_is_reached(limit, used, tokens);
	int rc = 0;

	if (spent->limit != limit)
		spent->told = budget_is_reached(limit, before, 0)
		    ? NOTICE_REACHED
		    : (uint8_t)budget_part(limit, before);
	spent->limit = limit;
	if (part > spent->told)
		rc = budget_tell_part(t, budget, period, part);
	if (rc == 0 && reached && spent->told < NOTICE_REACHED)
		rc = budget_tell_reached(t, budget, period, used);
	if (reached || part > spent->told)
		spent->told = reached ? NOTICE_REACHED : (uint8_t)part;
	return rc;
}

/* Adds used and reserved tokens, or takes them back, in the periods of a time. */
static int
budget_change(struct txn *t, const struct budget *budget, enum budget_period period,
    uint64_t when, int64_t used, int64_t reserved)
{
	struct key key =
	    key_spent(&budget->org, &budget->widget, budget_period_number(period, when));
	struct msg_spent_record spent;
	uint64_t before;
	int rc = budget_spent(t, budget, period, when, &spent);

	if (rc == 0 && period == BUDGET_DAY && spent.used + spent.reserved == 0)
		rc = budget_drop_old(t, budget, when);
	if (rc != 0)
		return rc;
	before = spent.used;
	spent.used = budget_sum(spent.used, used);
	spent.reserved = budget_sum(spent.reserved, reserved);
	rc = budget_tell_change(
	    t, budget, period, before, reserved < 0 ? (uint64_t)-reserved : 0, &spent);
	return rc != 0 ? rc : txn_put_record(t, TABLE_SPENT, &key, &spent);
}

static int
budgets_change(struct txn *t, const struct budgets *budgets, const struct spenders *by,
    uint64_t when, int64_t used, int64_t reserved)
{
	int rc = 0;

	for (unsigned i = 0; i < budgets->n && rc == 0; i++) {
		for (enum budget_period p = 0; p < BUDGET_PERIODS && rc == 0; p++)
			rc = budget_change(t, &budgets->of[i], p, when, used, reserved);
		if (rc == 0)
			rc = spenders_change(t, &budgets->of[i], by, when, used, reserved);
	}
	return rc;
}

int
budgets_reserve(struct txn *t, const struct id *org, const struct id *widget,
    const struct spenders *by, uint64_t now, const struct budget_tokens *tokens)
{
	struct budgets budgets;
	int rc = budgets_find(t, org, widget, &budgets);

	if (rc != 0)
		return rc;
	return budgets_change(
	    t, &budgets, by, now, 0, (int64_t)tokens->prompt + (int64_t)tokens->completion);
}

int
budgets_reserve_more(struct txn *t, const struct budgets *budgets, const struct spenders *by,
    uint64_t when, uint64_t tokens)
{
	return budgets_change(t, budgets, by, when, 0, (int64_t)tokens);
}

/* What an estimate is more than what was paid before. */
static int64_t
budgets_estimate_due(const struct budget_use *use, const struct msg_open_turn_record *open)
{
	const uint64_t all =
	    budget_estimate(open->reserved_prompt, open->reserved_completion, use->text);

	return all > use->paid ? (int64_t)(all - use->paid) : 0;
}

/* Tells once a day that a visitor has used its share of a budget. */
static int
budget_tell_share(struct txn *t, const struct budget *budget, uint64_t when)
{
	const struct key key =
	    key_spent(&budget->org, &budget->widget, budget_period_number(BUDGET_DAY, when));
	struct msg_spent_record spent;
	int rc = budget_spent(t, budget, BUDGET_DAY, when, &spent);

	if (rc != 0 || spent.share_told)
		return rc;
	log_event(LOG_WARN, "budget_share_spent", L_ID("org", &budget->org),
	    L_ID("widget", &budget->widget), L_UINT("percent", t->env->budget_share));
	spent.share_told = true;
	rc = txn_put_record(t, TABLE_SPENT, &key, &spent);
	return rc != 0 ? rc : budget_tell(t, budget, CHANGE_SHARE);
}

/* After a reply has ended for which so many tokens were reserved. */
static int
budgets_tell_shares(struct txn *t, const struct budgets *budgets, const struct spenders *by,
    uint64_t when, uint64_t tokens)
{
	const struct budget_wish wish = {.when = when, .tokens = tokens};
	enum spender_answer answer = SPENDER_MAY;
	int rc = 0;

	for (unsigned i = 0; i < budgets->n && rc == 0 && tokens > 0; i++) {
		const struct budgets one = {1, {budgets->of[i]}};

		rc = spenders_allow(t, &one, by, &wish, &answer);
		if (rc == 0 && answer == SPENDER_DONE)
			rc = budget_tell_share(t, &one.of[0], when);
	}
	return rc;
}

/* Gives back what an estimate was too high, to whom has paid it. */
static int
budgets_give_back(struct txn *t, const struct budgets *budgets, const struct budget_use *use)
{
	return budgets_change(t, budgets, &use->by, use->paid_at, use->tokens, 0);
}

/* Ends a reservation; the turn pays in the periods in which it was opened. */
static int
budgets_settle_open(struct txn *t, const struct budgets *budgets, const struct budget_use *use,
    const struct msg_open_turn_record *open)
{
	const struct spenders by = budget_opened_by(open);
	const uint64_t reserved = (uint64_t)open->reserved_prompt + open->reserved_completion;
	const bool gives_back = use->tokens < 0 && use->paid_at != 0;
	int64_t tokens = gives_back ? 0 : use->tokens;
	int rc = gives_back ? budgets_give_back(t, budgets, use) : 0;

	if (use->unknown)
		tokens += budgets_estimate_due(use, open);
	if (rc == 0)
		rc = budgets_change(
		    t, budgets, &by, open->started_at, tokens, -(int64_t)reserved);
	if (rc == 0)
		rc = budgets_tell_shares(t, budgets, &by, open->started_at, reserved);
	return rc;
}

/* The same for a turn that was closed before. */
static int
budgets_settle_closed(
    struct txn *t, const struct budgets *budgets, const struct budget_use *use)
{
	const struct msg_open_turn_record none = {0};
	const uint64_t when = use->paid_at != 0 ? use->paid_at : clock_wall_ms();
	int64_t tokens = use->tokens;

	if (use->unknown)
		tokens += budgets_estimate_due(use, &none);
	return budgets_change(t, budgets, &use->by, when, tokens, 0);
}

int
budgets_settle(struct txn *t, const struct budget_use *use)
{
	struct key key = key_id(&use->turn);
	struct msg_open_turn_record open;
	struct budgets budgets;
	int rc = budgets_find(t, &use->org, &use->widget, &budgets);

	if (rc != 0 || budgets.n == 0)
		return rc;
	rc = txn_get_record(t, TABLE_OPEN_TURNS, &key, &open);
	if (rc != 0 && !txn_survives(rc))
		return rc;
	return rc == 0 ? budgets_settle_open(t, &budgets, use, &open)
		       : budgets_settle_closed(t, &budgets, use);
}
