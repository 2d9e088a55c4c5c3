/*
 * The errors that listeners get when storaged does not do what a reply needs.
 */
#ifndef WORKERD_TURN_STORE_FAILURE_H
#define WORKERD_TURN_STORE_FAILURE_H

#include "workerd/store/store_client.h"
#include "workerd/turn/turn_sink.h"

/* TURN_STORE_DOWN: unanswered, or all writes are refused; TURN_STORE_FULL; TURN_STORE_REFUSED: any other
 * error. type and m are those of a store_answer_fn. */
enum turn_failure store_failure(uint16_t type, const union msg *m);

#endif
