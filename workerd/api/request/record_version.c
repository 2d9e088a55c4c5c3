/*
 * ETags of records, and If-Match.
 */
#include "workerd/api/request/record_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
record_version_tag(uint64_t updated_at, char etag[static RECORD_VERSION_TAG_SIZE])
{
	(void)snprintf(etag, RECORD_VERSION_TAG_SIZE, "\"%" PRIu64 "\"", updated_at);
}

bool
record_version_is_expected(const struct http_request *req, const char *etag)
{
	struct slice expected = http_header(req, "if-match");

	return expected.p == NULL || slice_eq_str(expected, "*") ||
	    memmem(expected.p, expected.len, etag, strlen(etag)) != NULL;
}

void
record_version_write_conflict(struct json_writer *j)
{
	json_write_str(j, "error", slice_str("Somebody has changed it since it was read"));
	json_write_str(j, "code", slice_str("changed"));
}
