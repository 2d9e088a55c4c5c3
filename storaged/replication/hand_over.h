/*
 * The end of an ownership that the owner itself wants, for an operator (`banter handover`), or because its store
 * cannot be written. It goes on serving until a standby has caught up. Then it appends nothing more, and offers
 * the ownership for a second.
 *
 * After each of these functions the owner may be lost (owner.h): another machine is the owner, or the log failed.
 */
#ifndef STORAGED_REPLICATION_HAND_OVER_H
#define STORAGED_REPLICATION_HAND_OVER_H

#include "storaged/replication/owner.h"

/* While an operator waits: how often to call hand_over_step(). */
#define HAND_OVER_LOOK_MS 100u

/* An operator wants it. name: "" for the standby that has applied most. The status says why it has failed; then nothing has
 * changed. */
void hand_over_want(struct owner *o, struct slice name);

/* Whether an operator waits for a standby that has not caught up. */
bool hand_over_waits(const struct owner *o);

/* Offers the ownership if an operator waits and the standby has caught up. Waits at most a second, for the standby. */
void hand_over_step(struct owner *o);

/* Once per second: counts the standbys, and offers the ownership to one of them if this store cannot be
 * written. */
void hand_over_tick(struct owner *o);

#endif
