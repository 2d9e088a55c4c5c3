/*
 * The time by which logins expire. It follows the clock, but never goes back, also over restarts: an expired
 * login stays expired when the clock is set back. It then runs on from the latest time that was seen, ahead of
 * the clock, until the clock reaches it. An operator whose clock was wrong resets it (`banter clock reset`).
 *
 * And the steady time, by which conversations become too old to be kept. It follows the clock, but does not
 * jump: after the clock was set ahead, or storaged was stopped, it gains at most a day in an hour, also over
 * restarts, so that a wrong clock does not erase everything at once. `banter clock reset` sets it to the clock.
 */
#ifndef STORAGED_REQUEST_STORE_TIME_H
#define STORAGED_REQUEST_STORE_TIME_H

#include "storaged/request/call.h"

/* Reads the latest time, at start. 0 or an error of txn.h. */
[[gnu::warn_unused_result]] int store_time_load(struct env *env);

/* The store's time, in ms since 1970. */
uint64_t store_time_now(struct env *env);

/* The same for a time of the clock. */
uint64_t store_time_of(struct env *env, uint64_t clock_ms);

/* The steady time, or the clock's if that is earlier. */
uint64_t store_time_steady(struct env *env);

/* When something happened at this time of the clock, by the time that conversations age by: never earlier than the
 * steady time was, so that what is written while the clock is set back does not look old when it is right again. */
uint64_t store_time_of_activity(const struct env *env, uint64_t clock_ms);

/* Writes both times when that is due: sooner if other changes are written anyway (busy). To be called
 * every few seconds, outside of transactions. */
void store_time_save(struct env *env, bool busy);

/* MSG_CLOCK_RESET, answered by MSG_OK: the clock is right. Logins that were made ahead of it become
 * invalid (store_time_is_valid()). */
[[gnu::warn_unused_result]] int handle_clock_reset(struct txn *t, struct call *c);

/* Whether a login of these times is valid: it has not expired, nor was it made at a time that was reset. */
bool store_time_is_valid(struct env *env, uint64_t created_at, uint64_t expires_at);

#endif
