/*
 * Pictures that processes of media-extract convert: each one by a process of its own, a few at a time.
 *
 * Owned by the event loop that runs it. The caller collects a file's pieces in memory that is outside of this process's own
 * (conversion_file()), starts a conversion, and is told its end once, unless it cancels it.
 */
#ifndef WORKERD_MEDIAD_CONVERSIONS_H
#define WORKERD_MEDIAD_CONVERSIONS_H

#include <event2/event.h>

#include "workerd/mediad/media/media.h"

/* Processes at a time; each has up to 256 MiB, and its result up to MEDIA_RESULT_MAX here. */
#define CONVERSIONS_RUNNING 2u

/* After that a process is killed: its 5 s of processor time may have to wait for others. */
#define CONVERSION_SECONDS 20u

struct conversions;
struct conversion;

/* The result, valid during the call; NULL: the process died without one, or never ran. A picture of which that happens more than
 * once exceeds the limits of the process. */
typedef void conversion_done(void *arg, const struct media_result *result);

/* Forks the process that starts media-extract (its path); call it before the filter of system calls. A socket for
 * conversions_new(), or -1 with errno. */
[[gnu::warn_unused_result]] int conversions_spawner_start(const char *program);

/* Takes the spawner's socket. The process aborts if the spawner ends. */
struct conversions *conversions_new(struct event_base *base, int spawner);

/* Cancels all, and ends the spawner. NULL is allowed. */
void conversions_free(struct conversions *all);

bool conversions_have_room(const struct conversions *all);

/* A file in memory for a picture: -1 with errno if there is no descriptor. The caller closes it, or passes it on. */
[[gnu::warn_unused_result]] int conversion_file(void);

/* Adds a piece; 0, or -1 with errno. */
[[gnu::warn_unused_result]] int conversion_file_add(int file, struct slice piece);

/* Starts one, if there is room; takes the file in any case. NULL with errno: there is no descriptor, or the spawner takes no
 * job; done() is not called. */
[[gnu::warn_unused_result]] struct conversion *conversion_start(
    struct conversions *all, int file, conversion_done *done, void *arg);

/* Forgets one that has not ended; its process may go on for a while. */
void conversion_cancel(struct conversion *one);

#endif
