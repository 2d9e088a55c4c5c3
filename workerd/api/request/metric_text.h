/*
 * Lines of Prometheus' text format, version 0.0.4. The buffer must have room for them.
 */
#ifndef WORKERD_API_REQUEST_METRIC_TEXT_H
#define WORKERD_API_REQUEST_METRIC_TEXT_H

#include "proto/base/buf.h"

/* The lines in front of the values of a metric. type: counter or gauge. */
void metric_text_head(struct buf *out, const char *name, const char *type, const char *help);

/* A gauge without labels. */
void metric_text_gauge(struct buf *out, const char *name, const char *help, uint64_t value);

#endif
