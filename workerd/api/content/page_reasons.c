#include "workerd/api/content/page_reasons.h"

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"

static const char *const reasons[] = {
#define PAGE_REASON(NAME, name) [REASON_##NAME] = name,
#include "proto/ipc/page_reasons.def"
};
_Static_assert(ARRAY_LEN(reasons) == PAGE_REASONS, "each reason has a name");

const char *
page_reason_name(unsigned reason)
{
	return reason < PAGE_REASONS ? reasons[reason] : NULL;
}
