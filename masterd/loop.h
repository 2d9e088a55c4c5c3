/*
 * libevent's core for masterd: an event loop that no environment variable can change, events whose
 * creation cannot fail, and timeouts in milliseconds. Everything runs on the thread that calls
 * event_base_dispatch().
 */
#ifndef MASTERD_LOOP_H
#define MASTERD_LOOP_H

#include <stdint.h>

#include <event2/event.h>

/* A new event loop; aborts on failure. Free with event_base_free(). */
struct event_base *loop_new(void);

/* event_new() that aborts if memory is out. */
struct event *loop_event(
    struct event_base *base, int fd, short what, event_callback_fn callback, void *arg);

/* A timer, not yet running. */
struct event *loop_timer(struct event_base *base, event_callback_fn callback, void *arg);

/* A signal handler, active immediately. */
struct event *loop_signal(
    struct event_base *base, int signal, event_callback_fn callback, void *arg);

/* Activates an event without a timeout; harmless if it is active. */
void loop_watch(struct event *ev);

/* Starts or restarts a timer: its callback runs once, in ms milliseconds. */
void loop_after(struct event *timer, uint64_t ms);

/* Deactivates and frees an event and sets the pointer to NULL; harmless on NULL. */
void loop_free(struct event **ev);

#endif
