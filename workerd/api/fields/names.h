/*
 * The API's spelling of enum values.
 */
#ifndef WORKERD_API_FIELDS_NAMES_H
#define WORKERD_API_FIELDS_NAMES_H

#include "proto/ipc/messages.h"

/* By enum message_role and enum user_role, for field_choice; a NULL ends each list. */
extern const char *const names_message_roles[];
extern const char *const names_user_roles[];

/* By enum operator_doing, likewise. */
extern const char *const names_operator_doings[];

struct slice names_message_role(uint8_t role);
struct slice names_conversation_state(uint8_t state);
struct slice names_found_outcome(uint8_t outcome);
struct slice names_message_status(uint8_t status);
struct slice names_conversation_state(uint8_t state);
struct slice names_user_role(uint8_t role);
struct slice names_operator_doing(uint8_t doing);

#endif
