/*
 * The common layout of pages of lists: the list first, and behind it, in most, the cursor. So one
 * function answers all of them (listing.c), and one reads them (storaged/cli/store/store_pages.c).
 */
#ifndef STORAGED_REQUEST_LIST_PAGE_H
#define STORAGED_REQUEST_LIST_PAGE_H

#include <stddef.h>

#include "proto/ipc/messages.h"

struct list_page {
	struct slice items;
	struct id next; /* the cursor; zero: the last page */
};

#define IS_PAGE(type, list)                                                            \
	_Static_assert(offsetof(struct msg_##type, list) == 0 &&                       \
		offsetof(struct msg_##type, next) == offsetof(struct list_page, next), \
	    "a list, and the cursor behind it")

IS_PAGE(org_page, orgs);
IS_PAGE(record_page, records);
IS_PAGE(source_pages, pages);

#undef IS_PAGE

#endif
