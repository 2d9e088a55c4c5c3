/*
 * The members of a source in the API.
 */
#ifndef WORKERD_API_CONTENT_SOURCE_FIELDS_H
#define WORKERD_API_CONTENT_SOURCE_FIELDS_H

#include "proto/ipc/messages.h"
#include "workerd/api/fields/fields.h"

#define SOURCE_PATTERNS_BYTES 4096 /* as in SOURCE_RECORD */

/* Patterns of paths, one a line. */
struct source_patterns {
	struct slice lines; /* of the record, or of text */
	uint8_t text[SOURCE_PATTERNS_BYTES];
};

/* A source in memory. */
struct source_object {
	struct msg_source_record record;
	struct source_patterns include, exclude; /* in place of those of the record */
	struct msg_source_state_record state;
	bool is_stored;
	uint8_t stored_kind;
};

extern const struct field source_fields[];

/* Sets the defaults of a new source. */
void source_fields_default(struct source_object *source);

/* Derives what is shown from a record that was stored. */
void source_fields_show(struct source_object *source);

/* Refuses an address that the kind does not have, and another kind than the stored one. */
void source_fields_check(struct fields *in, const struct source_object *source);

/* Sets the record's members that others hold, before it is stored. */
void source_fields_finish(struct source_object *source);

#endif
