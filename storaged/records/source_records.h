/*
 * Sources of the owner's content as records.
 */
#ifndef STORAGED_RECORDS_SOURCE_RECORDS_H
#define STORAGED_RECORDS_SOURCE_RECORDS_H

#include "storaged/records/records.h"

extern const struct record_kind source_kind;

#endif
