/*
 * The names of what the change feed reports, as the API and webhooks show them.
 */
#ifndef PROTO_IPC_CHANGE_NAMES_H
#define PROTO_IPC_CHANGE_NAMES_H

#include "proto/ipc/messages.h"

/* "conversation", "created", …; "unknown" for a number without a name. */
const char *change_kind_name(uint8_t kind);
const char *change_what_name(uint8_t what);

/* "day" or "month": the period of a budget; NULL for any other change. */
const char *change_period_name(uint8_t what);

/* The kind with this name; CHANGE_KINDS: there is none. */
enum change_kind change_kind_of(struct slice name);

/* Adds the kinds of a list such as "message,reply" to a set of 1 << enum change_kind. False: one of them has
 * no name, or is empty. */
[[gnu::warn_unused_result]] bool change_kinds_read(struct slice list, uint32_t *kinds);

#endif
