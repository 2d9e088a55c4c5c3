/*
 * What visitors are told about the people who answer: whether they are there, when they are back, and how fast they
 * usually answer.
 */
#ifndef WORKERD_API_HOURS_DUTY_H
#define WORKERD_API_HOURS_DUTY_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Answers that the usual time of an answer is made of, at least. */
#define DUTY_ANSWERS_MIN 5u

/* Writes whether hours of the store are open at this time, and when that changes: open, opensAt and closesAt. Hours that are
 * empty, or of a zone that this machine does not know, are always open. */
void duty_write_state(struct json_writer *j, struct slice hours, uint64_t now_ms);

/* How long visitors usually wait for a person within these hours, in ms: the median of the last answers. 0: there are too
 * few. responses: a RESPONSES_RECORD, or empty. */
uint64_t duty_usual_wait(struct slice hours, struct slice responses, uint64_t now_ms);

#endif
