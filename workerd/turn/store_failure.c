/*
 * Refusals that have a meaning of their own, such as STORE_TAKEN, are the callers' business.
 */
#include "workerd/turn/store_failure.h"

enum turn_failure
store_failure(uint16_t type, const union msg *m)
{
	if (store_refused(type, m, STORE_FULL))
		return TURN_STORE_FULL;
	if (type != MSG_ERROR || store_is_read_only(type, m))
		return TURN_STORE_DOWN;
	return TURN_STORE_REFUSED;
}
