/*
 * The files of messages as JSON: ids that a client sends, and files with their addresses that it receives.
 */
#ifndef WORKERD_API_ATTACHED_FILES_JSON_H
#define WORKERD_API_ATTACHED_FILES_JSON_H

#include "proto/ipc/messages.h"
#include "proto/settings/settings.h"
#include "workerd/api/request/json_writer.h"

struct json_t;

#define FILES_JSON_IDS_MAX 10 /* as in TURN_BEGIN */

/* Ids, one after the other. */
struct files_json_ids {
	uint8_t b[FILES_JSON_IDS_MAX * sizeof(struct id)];
	size_t len;
};

/* Reads a member `files`: an array of ids; NULL or null: none. Returns what is wrong, or NULL. */
[[gnu::warn_unused_result]] const char *files_json_read(
    const struct json_t *value, struct files_json_ids *ids);

/* Adds an id, which must be a JSON string. False: it is none, or there are too many. */
[[gnu::warn_unused_result]] bool files_json_add(
    const struct json_t *value, struct files_json_ids *ids);

static inline struct slice
files_json_slice(const struct files_json_ids *ids)
{
	return (struct slice){ids->b, ids->len};
}

/* What is wrong with so many files of a message, or NULL. */
[[gnu::warn_unused_result]] const char *files_json_fit(
    const struct settings *settings, struct slice ids);

/* Writes the member `files` of a message that has some. list: FILE_ITEMs. */
void files_json_write(struct json_writer *j, struct slice list);

#endif
