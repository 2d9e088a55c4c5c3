/*
 * Answers: questions with the owner's own answers, as records.
 */
#ifndef STORAGED_RECORDS_ANSWERS_H
#define STORAGED_RECORDS_ANSWERS_H

#include "storaged/records/records.h"

extern const struct record_kind answer_kind;

#endif
