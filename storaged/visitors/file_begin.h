/*
 * MSG_FILE_BEGIN: who may send a file.
 */
#ifndef STORAGED_VISITORS_FILE_BEGIN_H
#define STORAGED_VISITORS_FILE_BEGIN_H

#include "storaged/request/call.h"

[[gnu::warn_unused_result]] int handle_file_begin(struct txn *t, struct call *c);

#endif
