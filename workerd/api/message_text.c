/*
 * Two small tables.
 */
#include "workerd/api/message_text.h"

#include "proto/basics.h"

struct slice
message_role_text(const struct msg_message_record *r)
{
	static const char *const roles[] = {
	    [MESSAGE_USER] = "user", [MESSAGE_ASSISTANT] = "assistant"};

	must(r->role < ARRAY_LEN(roles));
	return slice_str(roles[r->role]);
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
