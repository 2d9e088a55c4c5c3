/*
 * All replies of a worker: starts and stops their processing, passes storaged's live messages to
 * them, and flushes what a loop iteration produced.
 */
#ifndef WORKERD_TURN_TURN_SERVICE_H
#define WORKERD_TURN_TURN_SERVICE_H

#include "workerd/turn/turns.h"

/* Initializes the lists and subscribes to storaged's messages. The owner's fields are set. */
void turn_service_start(struct turns *turns);

/* Number of turns that need this worker: all that run, also without a listener, except those whose begin storaged did not
 * answer. */
size_t turn_service_running(const struct turns *turns);

/* The drain deadline has passed: finishes each running turn as interrupted with the text it has, and
 * reports TURN_SHUTDOWN to the listeners of other workers' replies. */
void turn_service_interrupt(struct turns *turns);

/* storaged did not answer in time either: reports TURN_SHUTDOWN to the remaining listeners. storaged may
 * still store what it has received. */
void turn_service_report_shutdown(struct turns *turns);

/* Frees everything at the end of the process, without calls to listeners or storaged. The store client
 * is freed before, the model servers after. */
void turn_service_clear(struct turns *turns);

/* Called once per loop iteration, after the writes to clients and before those to storaged: measures
 * the relay time and publishes new text to the workers that follow our replies. */
void turn_service_flush(struct turns *turns);

#endif
