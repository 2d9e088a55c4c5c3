/*
 * The rights of a caller, as a mask of enum right.
 */
#ifndef WORKERD_API_GUARD_RIGHTS_H
#define WORKERD_API_GUARD_RIGHTS_H

#include "workerd/api/request/api_call.h"
#include "workerd/api/request/json_writer.h"

/* The rights of the caller: by its role, and by what its organization grants to members. */
uint32_t rights_of(const struct api_call *c);

/* Whether the caller has the right; true for RIGHT_NONE. */
bool rights_has(const struct api_call *c, enum right right);

/* Writes an array with the words of the rights. */
void rights_write(struct json_writer *j, const char *name, uint32_t rights);

#endif
