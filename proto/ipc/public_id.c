#include "proto/ipc/public_id.h"

#include <string.h>

#include "proto/base/secrets.h"

void
public_id_new(char out[PUBLIC_ID_TEXT + 1])
{
	static const char prefix[] = "wid_";
	const size_t len = sizeof(prefix) - 1;

	memcpy(out, prefix, len);
	secret_base62(out + len, PUBLIC_ID_TEXT - len);
}
