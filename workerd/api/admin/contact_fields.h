/*
 * The members of a contact in the API: a struct msg_contact_record.
 */
#ifndef WORKERD_API_ADMIN_CONTACT_FIELDS_H
#define WORKERD_API_ADMIN_CONTACT_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

extern const struct field contact_fields[];

#endif
