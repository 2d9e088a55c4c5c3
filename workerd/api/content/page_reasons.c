#include "workerd/api/content/page_reasons.h"

#include "proto/ipc/messages.h"

const char *
page_reason_name(unsigned reason)
{
	return reason == REASON_NONE ? NULL : word_of(page_reason_words, reason);
}
