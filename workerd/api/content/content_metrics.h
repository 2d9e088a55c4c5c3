/*
 * Metrics of the owners' content, which storaged counts: they are the same at each worker.
 */
#ifndef WORKERD_API_CONTENT_CONTENT_METRICS_H
#define WORKERD_API_CONTENT_CONTENT_METRICS_H

#include "proto/base/buf.h"
#include "proto/ipc/messages.h"

/* Appends them in Prometheus's text format; out must have room for 8 KiB. */
void content_metrics_write(const struct msg_store_info *info, struct buf *out);

#endif
