/*
 * Agents as a resource, shared with the test of an agent.
 */
#ifndef WORKERD_API_ADMIN_AGENTS_H
#define WORKERD_API_ADMIN_AGENTS_H

#include "workerd/api/admin/resource.h"

/* Of struct agent_shown. */
extern const struct resource agents;

#endif
