/*
 * Working hours as a member of a body: struct slice, the JSON that the store keeps (workerd/hours/hours.h). The empty text
 * is null. Each fault in it is an error of its own, named by its path.
 */
#ifndef WORKERD_API_HOURS_HOURS_FIELD_H
#define WORKERD_API_HOURS_HOURS_FIELD_H

#include "workerd/api/fields/fields.h"

extern const struct field_kind field_hours;

#endif
