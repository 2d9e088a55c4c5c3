/*
 * Checks the checksum of every record from time to time (STORE_SCRUB_HOURS), slowly and preferably while
 * storaged has nothing else to do, so that damage is found before the last intact backup is gone. Damaged
 * records are logged (record_unreadable), and counted for `banter status`.
 */
#ifndef STORAGED_SERVER_SCRUB_H
#define STORAGED_SERVER_SCRUB_H

#include "storaged/engine/env.h"

/* The interval between two steps of a pass. */
#define SCRUB_STEP_MS 1000u

/* Does a step, unless requests have arrived since the last call: then only every tenth call does. requests:
 * how many there were since the start. Runs outside of transactions. Returns the ms until the next call. */
uint64_t scrub_step(struct env *env, uint64_t requests);

#endif
