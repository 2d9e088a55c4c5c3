/*
 * What a visitor says of itself, checked against what the widget asks for.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_CONTACT_H
#define WORKERD_API_WIDGET_WIDGET_CONTACT_H

#include "proto/ipc/messages.h"
#include "workerd/api/widget/widget_frame.h"

/* name, email and phone, in the order of enum contact_field. */
#define CONTACT_FIELDS       3
#define WIDGET_CONTACT_EMAIL 1 /* which of them that is */

struct widget_contact {
	/* Trimmed; empty: not given, or not asked for. They are the frame's. */
	struct slice value[CONTACT_FIELDS];
	/* What is wrong with each, a static sentence that begins with its name; NULL: nothing. */
	const char *wrong[CONTACT_FIELDS];
};

/* The field's name in frames and answers. */
extern const char *const widget_contact_fields[CONTACT_FIELDS];

/*
 * Reads what a frame says of the fields that are asked for (collects: a set of enum contact_field),
 * and passes over the others. NULL when all is right. Else a static sentence, the first of wrong if
 * there is one there; without one nothing was given at all.
 */
[[gnu::warn_unused_result]] const char *widget_contact_read(
    const struct widget_frame *frame, unsigned collects, struct widget_contact *contact);

#endif
