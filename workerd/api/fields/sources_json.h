/*
 * The sources of a reply (workerd/knowledge/citations.h) as JSON. Positions are in UTF-16 units of the reply's text.
 */
#ifndef WORKERD_API_FIELDS_SOURCES_JSON_H
#define WORKERD_API_FIELDS_SOURCES_JSON_H

#include "workerd/api/request/json_writer.h"
#include "workerd/turn/turn_sink.h"

/*
 * For the reader of the reply, as members: `sources` with what the text cites, and `found`: whether the content has an
 * answer, or null if nothing was looked up, or could not be. `general` is true if the answer is not from the content.
 * record: a SOURCES_RECORD, or empty.
 */
void sources_json_write(struct json_writer *j, struct slice record, struct slice text);

/* For the owner, as the member `sources`: all passages that were found, and the places of the marks. Nothing if nothing
 * was looked up. */
void sources_json_write_found(struct json_writer *j, struct slice record, struct slice text);

/* A place that cites a source, as members. */
void sources_json_write_mark(struct json_writer *j, const struct turn_source *source);

#endif
