#include "workerd/api/content/page_reasons.h"

#include "proto/base/basics.h"
#include "proto/ipc/messages.h"

static const char *const reasons[] = {
    [REASON_ROBOTS] = "robots",
    [REASON_NOINDEX] = "noindex",
    [REASON_STATUS] = "status",
    [REASON_SIZE] = "size",
    [REASON_LOGIN] = "login",
    [REASON_SCRIPTS] = "scripts",
    [REASON_DUPLICATE] = "duplicate",
    [REASON_TYPE] = "type",
    [REASON_EMPTY] = "empty",
    [REASON_ENCRYPTED] = "encrypted",
    [REASON_DAMAGED] = "damaged",
    [REASON_TIMEOUT] = "timeout",
    [REASON_NETWORK] = "network",
    [REASON_ADDRESS] = "address",
    [REASON_REDIRECTS] = "redirects",
    [REASON_LIMIT] = "limit",
};
_Static_assert(ARRAY_LEN(reasons) == PAGE_REASONS, "each reason has a name");

const char *
page_reason_name(unsigned reason)
{
	return reason < PAGE_REASONS ? reasons[reason] : NULL;
}
