/*
 * The body of a test of an agent: a question, the messages before it, and changes of the agent that are not
 * saved.
 */
#ifndef WORKERD_API_ADMIN_AGENT_TEST_BODY_H
#define WORKERD_API_ADMIN_AGENT_TEST_BODY_H

#include "workerd/api/admin/agent_fields.h"

#define TRIAL_HISTORY_MAX 200    /* messages before the question */
#define TRIAL_LIST_MAX    786432 /* bytes of their list, for any body of at most TRIAL_BODY_MAX */
#define TRIAL_BODY_MAX    524288

/*
 * Applies the body's changes to the stored agent, and appends its messages, the question last, to a list of
 * MESSAGE_RECORD with room for TRIAL_LIST_MAX bytes. Errors are collected in `in`; the list is complete
 * only without errors.
 */
void agent_test_body_read(struct fields *in, const struct settings *settings,
    struct agent_shown *agent, struct buf *messages);

#endif
