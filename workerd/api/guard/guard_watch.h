/*
 * Watches the session or the key of a caller whose answer lasts for a long time. A session ends when its user
 * signs out, is removed, changes the password, or after its time; a key ends when it is revoked.
 */
#ifndef WORKERD_API_GUARD_GUARD_WATCH_H
#define WORKERD_API_GUARD_GUARD_WATCH_H

#include "workerd/api/request/api_call.h"

/* ms between two looks, and so how long a stream may go on at most after its session has ended. */
#define GUARD_WATCH_MS 5000

struct guard_watch;

/* Calls ended(arg) once when the caller is no longer allowed; it must free the watch. The keys of the
 * settings, which only a reload changes, never end. */
struct guard_watch *guard_watch_new(
    const struct api_call *c, void (*ended)(void *arg), void *arg);
void guard_watch_free(struct guard_watch *w);

#endif
