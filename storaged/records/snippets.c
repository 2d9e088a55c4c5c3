/*
 * Snippets as records: the worker validates their texts.
 */
#include "storaged/records/snippets.h"

#include <stddef.h>

const struct record_kind snippet_kind = {
    .table = TABLE_SNIPPETS,
    .type = MSG_SNIPPET_RECORD,
    .change = CHANGE_SNIPPET,
    .created_at = offsetof(struct msg_snippet_record, created_at),
    .updated_at = offsetof(struct msg_snippet_record, updated_at),
    .missing = "no such snippet",
    .max = 1000,
    .too_many = "the organization has too many snippets",
};
