/*
 * The id of a conversation in a path.
 */
#ifndef WORKERD_API_FIELDS_CONVERSATION_ID_H
#define WORKERD_API_FIELDS_CONVERSATION_ID_H

#include "workerd/api/request/api_call.h"

/* The message of a 404. */
extern const char conversation_id_missing[];

/* Reads the first parameter of the path. False: answered with 404 for an id in the form of another system, such
 * as one that a client kept from a server that banter replaced, or with 400 for any other text. */
[[gnu::warn_unused_result]] bool conversation_id_read(const struct api_call *c, struct id *id);

#endif
