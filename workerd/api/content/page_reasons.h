/*
 * The names of enum page_reason for users of the API.
 */
#ifndef WORKERD_API_CONTENT_PAGE_REASONS_H
#define WORKERD_API_CONTENT_PAGE_REASONS_H

/* NULL: REASON_NONE, or a reason that is not known. */
const char *page_reason_name(unsigned reason);

#endif
