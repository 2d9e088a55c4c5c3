#include "workerd/actions/tool_changes.h"

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "workerd/tools/tool.h"
#include "workerd/turn/turn.h"

/* tool_changed_fn */
static void
tool_changes_store(void *arg, struct slice record)
{
	struct turns *turns = arg;
	struct msg_tool_record tool;

	must(record_decode(record, MSG_TOOL_RECORD, &tool) == WIRE_OK);
	log_event(LOG_WARN, "tool_stopped", L_ID("id", &tool.id), L_SLICE("tool", tool.name),
	    L_STR("reason", "its MCP server has changed it"));
	(void)!store_call(turns->store, MSG_RECORD_PUT,
	    &(struct msg_record_put){.kind = MSG_TOOL_RECORD, .record = record},
	    STORE_TIMEOUT_MS, NULL, NULL);
}

void
tool_changes_watch(struct turns *turns)
{
	tool_http_watch(turns->tools, tool_changes_store, turns);
}
