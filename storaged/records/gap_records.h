/*
 * Gaps (content/gaps.h) as records: owners read, close and remove them.
 */
#ifndef STORAGED_RECORDS_GAP_RECORDS_H
#define STORAGED_RECORDS_GAP_RECORDS_H

#include "storaged/records/records.h"

extern const struct record_kind gap_kind;

#endif
