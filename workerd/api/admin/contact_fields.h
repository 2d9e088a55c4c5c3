/*
 * What a contact is made of, as the API has it: a struct msg_contact_record.
 */
#ifndef WORKERD_API_ADMIN_CONTACT_FIELDS_H
#define WORKERD_API_ADMIN_CONTACT_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

extern const struct field contact_fields[];

#endif
