/*
 * Hashes passwords on a thread: one hash takes about 250 ms, which would block the event loop.
 *
 * One thread per worker bounds the cost to one processor and 64 MiB. Jobs run in order, and the queue is
 * bounded. All functions are called, and all callbacks run, on the event loop.
 */
#ifndef WORKERD_API_ADMIN_PASSWORD_HASHER_H
#define WORKERD_API_ADMIN_PASSWORD_HASHER_H

#include <event2/event.h>

#include "proto/base/password.h"

/* Jobs in the queue, with the running one: the last one still ends while a person waits. */
#define PASSWORD_HASHER_JOBS_MAX 64

/* New passwords among them. Logins are rate-limited, but signed-in owners may set any number of
 * passwords: they must not block the logins of other organizations. */
#define PASSWORD_HASHER_NEW_MAX 32

struct password_hasher;
struct password_hasher_job;

/* verdict: of password_hasher_verify(). text: of password_hasher_hash(), borrowed; NULL when there was no memory. */
typedef void password_hasher_done_fn(
    void *arg, enum password_verdict verdict, const char *text);

/* Starts the thread. base is borrowed. */
struct password_hasher *password_hasher_new(struct event_base *base);

/* Ends the thread after its current job. No further callbacks are called. */
void password_hasher_free(struct password_hasher *h);

/* Checks a password against a hash text (proto/base/password.h). fn(arg) is called later, once. Both slices
 * are copied: at most PASSWORD_MAX bytes, and less than PASSWORD_TEXT_SIZE. NULL if the queue is full (fn
 * is not called): answer 503. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_verify(
    struct password_hasher *h, struct slice password, struct slice text,
    password_hasher_done_fn *fn, void *arg);

/* Hashes a new password; its part of the queue is smaller. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_hash(
    struct password_hasher *h, struct slice password, password_hasher_done_fn *fn, void *arg);

/* Cancels a job: fn will not be called. */
void password_hasher_forget(struct password_hasher_job *job);

/* Estimated seconds until the queue is empty, by the duration of the last job; at least 1. */
unsigned password_hasher_retry_after(struct password_hasher *h);

#endif
