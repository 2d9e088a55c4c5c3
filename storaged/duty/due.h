/*
 * What happens at a time: rows of the table due, by time, kind and id. Whoever plans something puts a row (key_due()), in
 * the transaction that makes it necessary, and notes the time where the row can be found again. When the time has come,
 * a step removes the row and calls the function of its kind in one transaction. A row that cannot be done because a record
 * is damaged is logged (ev=due_undone) and counted, and does not hold up the others: an erasure is tried again an hour later.
 */
#ifndef STORAGED_DUTY_DUE_H
#define STORAGED_DUTY_DUE_H

#include "storaged/request/call.h"

/* Rows of a step, at most; and puts and deletes, from which on it takes no more. */
#define DUE_ROWS    50u
#define DUE_CHANGES 4096u

/* How often a step is due, in ms. */
#define DUE_INTERVAL_MS 1000u

/* The rows whose time has come, at most DUE_ROWS; not during a batch. Notifies those who follow what has changed. True:
 * there are more, call again soon. */
bool due_step(struct env *env, struct live *live);

#endif
