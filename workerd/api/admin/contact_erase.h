/*
 * Erases a contact with everything that its visitors have written, for people who want their data erased.
 */
#ifndef WORKERD_API_ADMIN_CONTACT_ERASE_H
#define WORKERD_API_ADMIN_CONTACT_ERASE_H

#include "workerd/api/request/api_call.h"

/* Handles DELETE of the contact in the path: 200 with what was erased. */
api_handler_fn contact_erase;

#endif
