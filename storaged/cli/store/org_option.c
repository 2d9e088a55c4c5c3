/*
 * Only storaged knows which organizations exist.
 */
#include "storaged/cli/store/org_option.h"

#include <sysexits.h>

#include "storaged/cli/base/console.h"

int
org_option_parse(const char *text, struct id *org)
{
	if (text == NULL || id_parse(slice_str(text), org) == 0)
		return 0;
	return console_fail(EX_USAGE, "--org %s is not a valid id", text);
}

int
org_option_check(struct store_conn *conn, const char *text, const struct id *org)
{
	union msg m;

	if (text == NULL)
		return 0;
	return store_conn_request(
	    conn, MSG_ORG_GET, &(struct msg_org_get){.org = *org}, MSG_ORG, &m);
}
