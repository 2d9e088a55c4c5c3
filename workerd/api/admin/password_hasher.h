/*
 * Passwords, hashed on a thread of its own: one takes a good part of a second, in which the loop would
 * serve nobody.
 *
 * One thread, so that passwords cost the machine one processor and 64 MiB at most for each worker; it
 * takes its jobs in their order. How many wait is bounded. Everything here is called from the event
 * loop, and every answer comes from there.
 */
#ifndef WORKERD_API_ADMIN_PASSWORD_HASHER_H
#define WORKERD_API_ADMIN_PASSWORD_HASHER_H

#include <event2/event.h>

#include "proto/base/password.h"

/* Jobs that wait, the one that runs among them: the last one's answer comes in time for a person. */
#define PASSWORD_HASHER_JOBS_MAX 64

/* New passwords among them. Of these whoever is signed in may ask for any number, where attempts to sign in
 * are counted: no organization's owner shall keep those of the others out. */
#define PASSWORD_HASHER_NEW_MAX 32

struct password_hasher;
struct password_hasher_job;

/* verdict: of password_hasher_verify(). text: of password_hasher_hash(), borrowed; NULL when there was no memory. */
typedef void password_hasher_done_fn(
    void *arg, enum password_verdict verdict, const char *text);

/* Starts the thread. base is borrowed. */
struct password_hasher *password_hasher_new(struct event_base *base);

/* Ends the thread after what it hashes just now. Nobody who waits is called any more. */
void password_hasher_free(struct password_hasher *h);

/* Whether the password is that of the text (proto/base/password.h). fn(arg) is called later, once. Both
 * slices are copied: a password has at most PASSWORD_MAX bytes, a text less than PASSWORD_TEXT_SIZE.
 * NULL when too many wait already (fn is not called): say 503. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_verify(
    struct password_hasher *h, struct slice password, struct slice text,
    password_hasher_done_fn *fn, void *arg);

/* The same for the hash of a new password, of which fewer may wait. */
[[gnu::warn_unused_result]] struct password_hasher_job *password_hasher_hash(
    struct password_hasher *h, struct slice password, password_hasher_done_fn *fn, void *arg);

/* Whoever waited is gone: fn will not be called. A job that has not begun is dropped. */
void password_hasher_forget(struct password_hasher_job *job);

/* Whole seconds until there is room again, by how long the last jobs took; at least 1. */
unsigned password_hasher_retry_after(struct password_hasher *h);

#endif
