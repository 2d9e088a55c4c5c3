/*
 * Agents as a resource, for whoever does more with them.
 */
#ifndef WORKERD_API_ADMIN_AGENTS_H
#define WORKERD_API_ADMIN_AGENTS_H

#include "workerd/api/admin/resource.h"

/* A thing is a struct agent_shown. */
extern const struct resource agents;

#endif
