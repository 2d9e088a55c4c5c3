/*
 * What the pages of lists have in common: each begins with the list, and most go on with the cursor behind
 * it. So one function answers them all (listing.c), and one reads them (banter/store_pages.c).
 */
#ifndef STORAGED_REQUEST_LIST_PAGE_H
#define STORAGED_REQUEST_LIST_PAGE_H

#include <stddef.h>

#include "proto/ipc/messages.h"

struct list_page {
	struct slice items;
	struct id next; /* the cursor; zero: this is the last page */
};

#define IS_PAGE(type, list)                                                            \
	_Static_assert(offsetof(struct msg_##type, list) == 0 &&                       \
		offsetof(struct msg_##type, next) == offsetof(struct list_page, next), \
	    "a list, and the cursor behind it")

IS_PAGE(org_page, orgs);
IS_PAGE(record_page, records);

#undef IS_PAGE

#endif
