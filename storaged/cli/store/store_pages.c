/*
 * One loop for all lists.
 */
#include "storaged/cli/store/store_pages.h"

#include "storaged/request/list_page.h"

/* All page messages have the same fields, so each can be read as a page of records. */
static struct list_page
store_pages_decode(const union msg *m)
{
	return (struct list_page){m->record_page.records, m->record_page.next};
}

int
store_pages_walk(struct store_conn *conn, enum msg_type type, const void *request,
    struct id *after, enum msg_type answer, store_pages_fn *fn, void *arg)
{
	struct slice item;
	struct list_page page;
	union msg m;
	int status;

	do {
		status = store_conn_request(conn, type, request, answer, &m);
		if (status != 0)
			return status;
		page = store_pages_decode(&m);
		while (wire_list_next(&page.items, &item))
			fn(arg, item);
		*after = page.next;
	} while (!id_is_zero(after));
	return 0;
}
