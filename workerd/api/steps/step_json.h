/*
 * A step that waits, or has waited, for a decision, as its visitor sees it: over HTTP, a WebSocket and a feed.
 */
#ifndef WORKERD_API_STEPS_STEP_JSON_H
#define WORKERD_API_STEPS_STEP_JSON_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"
#include "workerd/turn/turn_sink.h"

struct json_t;

/* Steps of a visitor's list, the newest ones. */
#define STEP_JSON_MAX 50

/* The error step_other_user. */
#define STEP_JSON_OTHER_USER \
	"This step was shown to another user: identify as that one before the decision"

/* Reads {"hash","decision":"yes|no"}. NULL on success, else a sentence that says what would be valid (static). */
[[gnu::warn_unused_result]] const char *step_json_read(
    const struct json_t *object, struct msg_step_decide *decide);

/* Writes the members of a step: id, messageId, name, class, state, text, hash, and expiresAt of a waiting one. */
void step_json_write_members(struct json_writer *j, const struct msg_step_record *r);

/* Writes "steps": those of a RECORD_PAGE, newest first, without reads. */
void step_json_write_list(struct json_writer *j, struct slice records);

/* Writes the member "step" of a reply that waits. */
void step_json_write_waiting(
    struct json_writer *j, const struct turn_ids *ids, const struct turn_waiting *waiting);

#endif
