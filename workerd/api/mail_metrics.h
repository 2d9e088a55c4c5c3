/*
 * The metrics of mails.
 */
#ifndef WORKERD_API_MAIL_METRICS_H
#define WORKERD_API_MAIL_METRICS_H

#include "proto/ipc/messages.h"

void mail_metrics_write(const struct msg_store_info *info, struct buf *out);

#endif
