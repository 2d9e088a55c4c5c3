/*
 * Storing and reading uploads (upload_records.h): the last piece makes one the waiting content of its page.
 */
#ifndef STORAGED_CONTENT_UPLOADS_H
#define STORAGED_CONTENT_UPLOADS_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_source_upload(struct txn *t, struct call *c);
[[gnu::warn_unused_result]] int handle_upload_read(struct txn *t, struct call *c);

#endif
