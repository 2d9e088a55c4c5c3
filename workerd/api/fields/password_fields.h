/*
 * Passwords as members of a body (fields.h), a struct slice each.
 */
#ifndef WORKERD_API_FIELDS_PASSWORD_FIELDS_H
#define WORKERD_API_FIELDS_PASSWORD_FIELDS_H

#include "workerd/api/fields/fields.h"

/* One that is to be (proto/base/password.h says what it must have), and one that may be somebody's. */
extern const struct field_kind field_password_new, field_password;

#endif
