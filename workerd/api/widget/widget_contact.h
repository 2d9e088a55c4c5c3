/*
 * Contact details that a visitor submits, checked against the fields that the widget collects.
 */
#ifndef WORKERD_API_WIDGET_WIDGET_CONTACT_H
#define WORKERD_API_WIDGET_WIDGET_CONTACT_H

#include "proto/ipc/messages.h"
#include "workerd/api/widget/widget_frame.h"

/* name, email and phone, in the order of enum contact_field. */
#define CONTACT_FIELDS       3
#define WIDGET_CONTACT_NAME  0
#define WIDGET_CONTACT_EMAIL 1
#define WIDGET_CONTACT_PHONE 2

struct json_writer;

struct widget_contact {
	/* Trimmed, borrowed from the frame; empty: not given, or not collected. */
	struct slice value[CONTACT_FIELDS];
	/* Error of each field: a static sentence that begins with the field's name; NULL: valid. */
	const char *wrong[CONTACT_FIELDS];
};

/* The fields' names in frames and answers. */
extern const char *const widget_contact_fields[CONTACT_FIELDS];

/*
 * Reads the fields that the widget collects (a set of enum contact_field) and ignores the others. Required fields,
 * a subset of these, must be given. NULL if all are valid. Else a static sentence: the first error in
 * contact->wrong, or, if no field was given and none is required, one that asks for any.
 */
[[gnu::warn_unused_result]] const char *widget_contact_read(const struct widget_frame *frame,
    unsigned collects, unsigned required, struct widget_contact *contact);

/* The same for a visitor whose site proves its user id: any details may be given, or none. */
[[gnu::warn_unused_result]] const char *widget_contact_read_proved(
    const struct widget_frame *frame, struct widget_contact *contact);

/* The error for details of a visitor whose widget asks for none, or that has no widget. */
#define WIDGET_CONTACT_NOT_ASKED "This chat does not ask for contact details"

/* The error of an e-mail that the store refuses: it folds the case, by which some letters become two. */
#define WIDGET_CONTACT_LONG_EMAIL "email must be shorter"
extern const struct widget_contact widget_contact_long_email;

/* Writes the member "fields": the error of each invalid field. */
void widget_contact_write_wrong(struct json_writer *j, const struct widget_contact *contact);

#endif
