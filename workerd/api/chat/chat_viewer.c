#include "workerd/api/chat/chat_viewer.h"

#include "workerd/api/fields/parameters.h"

enum live_viewer
chat_viewer_read(struct slice query)
{
	return parameter_is(query, "operators", "1") ? VIEWER_OPERATORS : VIEWER_PLAIN;
}
