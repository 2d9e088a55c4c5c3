/*
 * The versions of records in HTTP: the ETag of a record names its last change, and a client that sends it as If-Match
 * changes no other version (RFC 9110, sections 8.8.3 and 13.1.1).
 */
#ifndef WORKERD_API_REQUEST_RECORD_VERSION_H
#define WORKERD_API_REQUEST_RECORD_VERSION_H

#include <stdbool.h>

#include "workerd/api/request/json_writer.h"
#include "workerd/http/message/http_parse.h"

#define RECORD_VERSION_TAG_SIZE 32 /* bytes, with its NUL */

/* Writes the ETag of a record that changed last at updated_at (ms since 1970). */
void record_version_tag(uint64_t updated_at, char etag[static RECORD_VERSION_TAG_SIZE]);

/* Whether the client may change the version with this ETag: it sent no If-Match, or one that names it. A proxy that
 * compresses answers may have made the tag weak: it still names this version. */
bool record_version_is_expected(const struct http_request *req, const char *etag);

/* Writes the first members of the answer 412; "current" must follow. */
void record_version_write_conflict(struct json_writer *j);

#endif
