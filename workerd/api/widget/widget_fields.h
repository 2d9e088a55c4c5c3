/*
 * What a widget is made of, as the API has it (API.md, section 7): a struct msg_widget_record.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_FIELDS_H
#define WORKERD_API_WIDGET_WIDGET_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

#define WIDGET_ORIGINS_MAX 64

extern const struct field widget_fields[];

/* A new one's defaults, of a struct msg_widget_record. */
void widget_default(void *record);

/* Refuses what is right for each member by itself and not for all together. */
void widget_check(struct fields *in, const void *record);

/* Writes the members that anybody may know. */
void widget_write_public(struct json_writer *j, const void *record);

#endif
