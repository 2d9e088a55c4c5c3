/*
 * Two small tables.
 */
#include "workerd/api/fields/message_names.h"

#include "proto/base/basics.h"

struct slice
message_role_text(uint8_t role)
{
	static const char *const roles[] = {
	    [MESSAGE_USER] = "user", [MESSAGE_ASSISTANT] = "assistant"};

	must(role < ARRAY_LEN(roles));
	return slice_str(roles[role]);
}

struct slice
message_status_text(uint8_t status)
{
	static const char *const statuses[] = {
	    [MESSAGE_COMPLETE] = "complete",
	    [MESSAGE_STOPPED] = "stopped",
	    [MESSAGE_INTERRUPTED] = "interrupted",
	};

	return slice_str(statuses[status < ARRAY_LEN(statuses) ? status : MESSAGE_INTERRUPTED]);
}
