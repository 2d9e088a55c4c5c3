/*
 * A list of prices as the store has it: {"currency":"EUR","models":{"NAME":[INPUT,OUTPUT]}}, prices in millionths of the
 * currency for a million tokens, so that every price is exact.
 */
#ifndef WORKERD_API_PRICES_PRICE_LIST_H
#define WORKERD_API_PRICES_PRICE_LIST_H

#include "workerd/api/fields/fields.h"

#define PRICE_LIST_MAX 32768u /* bytes (messages.def) */

/* Reads the body of a request, and appends its list to out (at most PRICE_LIST_MAX); errors are collected in `in`. */
void price_list_read(struct fields *in, struct buf *out);

/* Writes a list as the API shows it. One that is invalid, as only an import can bring, is empty. */
void price_list_write(struct json_writer *j, struct slice list);

#endif
