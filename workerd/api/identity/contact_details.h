/*
 * Contact details that a visitor submits, checked against the fields that the widget collects.
 */
#ifndef WORKERD_API_IDENTITY_CONTACT_DETAILS_H
#define WORKERD_API_IDENTITY_CONTACT_DETAILS_H

#include "proto/ipc/messages.h"
#include "workerd/api/identity/identity.h"

/* name, email and phone, in the order of enum contact_field. */
#define CONTACT_FIELDS        3
#define CONTACT_DETAILS_NAME  0
#define CONTACT_DETAILS_EMAIL 1
#define CONTACT_DETAILS_PHONE 2

struct json_writer;
struct store_query;

struct contact_details {
	/* Trimmed, borrowed from the identity; empty: not given, or not collected. */
	struct slice value[CONTACT_FIELDS];
	/* Error of each field: a static sentence that begins with the field's name; NULL: valid. */
	const char *wrong[CONTACT_FIELDS];
};

/* The fields' names in frames and answers. */
extern const char *const contact_details_fields[CONTACT_FIELDS];

/*
 * Reads the fields that the widget collects (a set of enum contact_field) and ignores the others. Required fields,
 * a subset of these, must be given. NULL if all are valid. Else a static sentence: the first error in
 * contact->wrong, or, if no field was given and none is required, one that asks for any.
 */
[[gnu::warn_unused_result]] const char *contact_details_read(const struct identity *given,
    unsigned collects, unsigned required, struct contact_details *contact);

/* The same for a session of a key: at least one of all details. */
[[gnu::warn_unused_result]] const char *contact_details_read_any(
    const struct identity *given, struct contact_details *contact);

/* The same for a visitor whose site proves its user id: any details may be given, or none. */
[[gnu::warn_unused_result]] const char *contact_details_read_proved(
    const struct identity *given, struct contact_details *contact);

/* The error for details of a visitor whose widget asks for none. */
#define CONTACT_DETAILS_NOT_ASKED "This chat does not ask for contact details"

/* The error of an e-mail that the store refuses: it folds the case, by which some letters become two. */
#define CONTACT_DETAILS_LONG_EMAIL "email must be shorter"
extern const struct contact_details contact_details_long_email;

/* Writes the member "fields": the error of each invalid field. */
void contact_details_write_wrong(struct json_writer *j, const struct contact_details *contact);

/* Ends a query with 422 invalid_contact_info, this message and all invalid fields. */
void contact_details_refuse(
    struct store_query *q, const char *message, const struct contact_details *contact);

#endif
