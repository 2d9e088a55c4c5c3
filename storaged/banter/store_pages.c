/*
 * One walk for all lists.
 */
#include "storaged/banter/store_pages.h"

#include <stddef.h>

/* What the answers are: a list, and the cursor behind it. */
struct page {
	struct slice items;
	struct id next;
};

#define IS_PAGE(type, list)                                                       \
	_Static_assert(offsetof(struct msg_##type, list) == 0 &&                  \
		offsetof(struct msg_##type, next) == offsetof(struct page, next), \
	    "a list, and the cursor behind it")

IS_PAGE(org_page, orgs);
IS_PAGE(user_page, users);
IS_PAGE(widget_page, widgets);

/* All pages are alike: one of any of these types is read as one of users. */
static struct page
page_of(const union msg *m)
{
	return (struct page){m->user_page.users, m->user_page.next};
}

int
store_pages_walk(struct store_line *line, enum msg_type type, const void *request,
    struct id *after, enum msg_type answer, store_pages_fn *fn)
{
	struct slice item;
	struct page page;
	union msg m;
	int status;

	do {
		status = store_line_ask(line, type, request, answer, &m);
		if (status != 0)
			return status;
		page = page_of(&m);
		while (wire_list_next(&page.items, &item))
			fn(item);
		*after = page.next;
	} while (!id_is_zero(after));
	return 0;
}
