/*
 * The body of a trial of an agent: a question, what was said before it, and what of the agent is to be
 * otherwise than it is stored.
 */
#ifndef WORKERD_API_ADMIN_AGENT_TEST_BODY_H
#define WORKERD_API_ADMIN_AGENT_TEST_BODY_H

#include "workerd/api/admin/agent_fields.h"

#define TRIAL_HISTORY_MAX 200    /* messages before the question */
#define TRIAL_LIST_MAX    786432 /* bytes of all together: any that a body of TRIAL_BODY_MAX has */
#define TRIAL_BODY_MAX    524288

/*
 * Reads the body onto the stored agent, and the messages, the question last, into a list of
 * MESSAGE_RECORD with room for TRIAL_LIST_MAX bytes. What is wrong is put down in in; the list is whole
 * only if nothing is.
 */
void agent_test_body_read(struct fields *in, const struct settings *settings,
    struct agent_shown *agent, struct buf *messages);

#endif
