/*
 * The JSON frame of a list: {"things":[…], further members}.
 */
#ifndef WORKERD_API_FIELDS_LIST_FRAME_H
#define WORKERD_API_FIELDS_LIST_FRAME_H

#include "workerd/api/request/json_writer.h"

/* Writes one item of a LIST, as an object. */
typedef void list_frame_item_fn(struct json_writer *j, struct slice item, const void *ctx);

/* Opens the answer and writes the items as its member `name`. The caller adds further members and closes
 * the object. */
void list_frame_open(struct json_writer *j, const char *name, struct slice items,
    list_frame_item_fn *write, const void *ctx);

#endif
