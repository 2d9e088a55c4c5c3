/*
 * The members of a widget in the API (API.md, section 7), and their rules.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_FIELDS_H
#define WORKERD_API_WIDGET_WIDGET_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

#define WIDGET_ORIGINS_MAX 64

/* Of a struct msg_widget_record. */
extern const struct field widget_fields[];

/* Sets the defaults of a new widget. */
void widget_default(void *record);

/* Refuses members that are valid alone, but not together. */
void widget_check(struct fields *in, const void *record);

/* Writes the members that visitors may see. */
void widget_write_public(struct json_writer *j, const void *record);

#endif
