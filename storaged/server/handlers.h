/*
 * The requests that storaged serves, each with its handler: the one place that knows all of them.
 */
#ifndef STORAGED_SERVER_HANDLERS_H
#define STORAGED_SERVER_HANDLERS_H

#include "storaged/server/batch.h"

extern const struct handlers store_handlers;

/* Those of a standby, which refuses everything but what the banter command needs to read it. */
extern const struct handlers standby_handlers;

#endif
