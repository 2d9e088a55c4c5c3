/*
 * Passwords as members of a body (fields.h), a struct slice each.
 */
#ifndef WORKERD_API_FIELDS_PASSWORD_FIELDS_H
#define WORKERD_API_FIELDS_PASSWORD_FIELDS_H

#include "workerd/api/fields/fields.h"

/* A new password, which must follow the rules of proto/base/password.h; and one to be checked. */
extern const struct field_kind field_password_new, field_password;

#endif
