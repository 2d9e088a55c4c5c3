/*
 * One budget, what it has spent in a day or a month, and who spends. The rules are in budgets.h and spenders.h.
 */
#ifndef STORAGED_BUDGETS_BUDGET_H
#define STORAGED_BUDGETS_BUDGET_H

#include "storaged/engine/txn.h"

enum budget_period { BUDGET_DAY, BUDGET_MONTH, BUDGET_PERIODS };

/* Who pays for a reply beside the budgets, as hashes; zero: nobody (spenders.h). */
enum spender { SPENDER_NETWORK, SPENDER_SESSION, SPENDERS };
struct spenders {
	struct id of[SPENDERS];
};

/* The budgets that the replies of a widget draw on. */
struct budgets {
	unsigned n;
	struct budget {
		struct id org, widget;          /* widget zero: of the organization */
		uint64_t limit[BUDGET_PERIODS]; /* tokens; 0: unlimited */
	} of[2];
};

/* The number of a period, as in keys. now: ms since 1970. */
uint32_t budget_period_number(enum budget_period period, uint64_t now);

/* What a budget has spent in a period, and what running replies have reserved. */
[[gnu::warn_unused_result]] int budget_spent(struct txn *t, const struct budget *budget,
    enum budget_period period, uint64_t now, struct msg_spent_record *spent);

/* What a reply wants to reserve. */
struct budget_wish {
	uint64_t when;   /* when its turn was opened */
	uint64_t tokens; /* to reserve now */
	uint64_t had;    /* that it has reserved or paid before */
	/* The open call that it replaces: settled in the same transaction. Empty: there is none. */
	struct budget_replaced {
		uint64_t when;           /* when its turn was opened */
		uint64_t reserved, pays; /* tokens */
		struct spenders by;
	} replaced;
};

/* What a budget or a spender has spent in a period, once the replaced call is settled. */
void budget_replace(
    const struct budget_wish *wish, enum budget_period period, struct msg_spent_record *spent);

/* Who has opened a turn. */
struct spenders budget_opened_by(const struct msg_open_turn_record *open);

/* Adds to a number of tokens, or takes away, but not below 0. */
uint64_t budget_sum(uint64_t n, int64_t more);

#endif
