/*
 * Snippets: texts that an organization's users insert into their messages.
 */
#ifndef STORAGED_RECORDS_SNIPPETS_H
#define STORAGED_RECORDS_SNIPPETS_H

#include "storaged/records/records.h"

extern const struct record_kind snippet_kind;

#endif
