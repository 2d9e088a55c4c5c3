/*
 * Hashes passwords on a thread: one hash takes about 250 ms, which would block the event loop.
 *
 * One thread per worker bounds the cost to one processor and 64 MiB. All functions are called, and all
 * callbacks run, on the event loop.
 *
 * Jobs run in the order of password_queue.h. Each of its parts is bounded; a full one drops its last job for
 * one that goes before it.
 */
#ifndef WORKERD_API_ACCOUNTS_PASSWORD_HASHER_H
#define WORKERD_API_ACCOUNTS_PASSWORD_HASHER_H

#include <event2/event.h>

#include "proto/base/password.h"
#include "workerd/api/accounts/password_queue.h"

/* Jobs in each part of the queue, with the running one: the last one still ends while a person waits. */
#define PASSWORD_HASHER_JOBS_MAX 32

struct password_hasher;
struct password_hasher_job;

/* verdict: of password_hasher_verify(). text: of password_hasher_hash(), borrowed; NULL when there was no
 * memory. Of a job that was dropped: PASSWORD_UNCHECKED and NULL. */
typedef void password_hasher_done_fn(
    void *arg, enum password_verdict verdict, const char *text);

/* Starts the thread. base is borrowed. */
struct password_hasher *password_hasher_new(struct event_base *base);

/* Ends the thread after its current job. No further callbacks are called. */
void password_hasher_free(struct password_hasher *h);

/* Checks a password against a hash text (proto/base/password.h). fn(arg) is called later, once. Both slices
 * are copied: at most PASSWORD_MAX bytes, and less than PASSWORD_TEXT_SIZE. NULL if this part of the queue
 * is full (fn is not called): answer 503. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_verify(
    struct password_hasher *h, struct slice password, struct slice text,
    struct password_owner owner, password_hasher_done_fn *fn, void *arg);

/* Hashes a new password, which a signed-in owner sets. It counts those before it as attempts: they
 * run in order, and any number of them must not delay logins. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_hash(
    struct password_hasher *h, struct slice password, password_hasher_done_fn *fn, void *arg);

/* Cancels a job: fn will not be called. */
void password_hasher_forget(struct password_hasher_job *job);

/* Estimated seconds until the queue is empty, by the duration of the last job; at least 1. */
unsigned password_hasher_retry_after(struct password_hasher *h);

#endif
