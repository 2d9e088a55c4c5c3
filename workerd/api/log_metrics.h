/*
 * The metrics of the commit log, where several machines have the store (storaged/replication).
 */
#ifndef WORKERD_API_LOG_METRICS_H
#define WORKERD_API_LOG_METRICS_H

#include "proto/ipc/messages.h"

/* Writes nothing if this machine alone has the store. Only an owner answers workers, so these are its figures. */
void log_metrics_write(const struct msg_store_info *info, struct buf *out);

#endif
