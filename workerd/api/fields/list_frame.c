/*
 * Lists of the store as JSON arrays.
 */
#include "workerd/api/fields/list_frame.h"

#include "proto/ipc/messages.h"

void
list_frame_open(struct json_writer *j, const char *name, struct slice items,
    list_frame_item_fn *write, const void *ctx)
{
	struct slice item;

	json_write_open(j, NULL, '{');
	json_write_open(j, name, '[');
	while (wire_list_next(&items, &item))
		write(j, item, ctx);
	json_write_close(j, ']');
}
