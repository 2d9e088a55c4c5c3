/*
 * The characters of client-chosen ids.
 */
#include "workerd/api/request/client_id.h"

bool
client_id_is_valid(struct slice s)
{
	if (s.len == 0 || s.len > CLIENT_ID_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-'))
			return false;
	}
	return true;
}
