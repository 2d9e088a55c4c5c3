/*
 * A message's role and status, as the API spells them.
 */
#ifndef WORKERD_API_FIELDS_MESSAGE_NAMES_H
#define WORKERD_API_FIELDS_MESSAGE_NAMES_H

#include "proto/ipc/messages.h"

/* Of an enum message_role: "user" or "assistant". */
struct slice message_role_text(uint8_t role);

/* Of an enum message_status: "complete", "stopped" or "interrupted". */
struct slice message_status_text(uint8_t status);

#endif
