/*
 * The three things that every file of masterd wants from libevent's core: a loop that no
 * environment variable can change, events that cannot fail to be made, and time-outs in
 * milliseconds. Everything runs on the one thread that calls event_base_dispatch().
 */
#ifndef MASTERD_LOOP_H
#define MASTERD_LOOP_H

#include <stdint.h>

#include <event2/event.h>

/* A new event loop; aborts if the kernel refuses one. Free with event_base_free(). */
struct event_base *loop_new(void);

/* As event_new(), event_free() with what; aborts when memory is out. */
struct event *loop_event(
    struct event_base *base, int fd, short what, event_callback_fn callback, void *arg);

/* A timer, not yet running. */
struct event *loop_timer(struct event_base *base, event_callback_fn callback, void *arg);

/* A handler of a signal, active at once. */
struct event *loop_signal(
    struct event_base *base, int signal, event_callback_fn callback, void *arg);

/* Starts an event that has no time-out; one that runs already goes on. */
void loop_watch(struct event *ev);

/* Starts a timer, or starts it anew: its callback runs once, in ms milliseconds. */
void loop_after(struct event *timer, uint64_t ms);

/* Stops and frees an event and makes the pointer NULL; harmless on NULL. */
void loop_free(struct event **ev);

#endif
