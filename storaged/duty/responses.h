/*
 * How long visitors wait for a person: of each widget the last RESPONSES_MAX first answers (RESPONSES_RECORD). A wait
 * begins when the conversation's state becomes waiting (asked_at of its record), and ends with the first message of a
 * person; if there is none before the conversation is open or resolved, nothing is noted.
 *
 * The record has the times of both: a worker counts only what lies within the working hours.
 */
#ifndef STORAGED_DUTY_RESPONSES_H
#define STORAGED_DUTY_RESPONSES_H

#include "storaged/request/call.h"

/* A person has answered a visitor who had waited since asked_at. A widget that does not exist is not noted. */
[[gnu::warn_unused_result]] int response_add(struct txn *t, const struct id *org,
    const struct id *widget, uint64_t asked_at, uint64_t answered_at);

/* MSG_IMPORT_RECORD of these, in place of those of the widget. */
[[gnu::warn_unused_result]] int responses_import(
    struct txn *t, struct call *c, const struct msg_responses_record *r);

/* The working hours of a widget: its own or its organization's. They lie in the map. MDB_NOTFOUND: no such widget. */
[[gnu::warn_unused_result]] int duty_hours(
    struct txn *t, const struct id *org, const struct id *widget, struct slice *hours);

/* MSG_DUTY_GET, answered by MSG_DUTY. */
[[gnu::warn_unused_result]] int handle_duty_get(struct txn *t, struct call *c);

#endif
