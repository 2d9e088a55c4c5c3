/*
 * MODEL_SERVERS_FILE: the operator's model servers as JSON.
 *
 *	[{"name": "azure", "url": "https://x.openai.azure.com/openai/v1", "api": "auto",
 *	  "headers": {"api-key": "…"}}, …]
 *
 * or an object whose only member, "servers", is that array. "name" and "url" are required. "key", or the first
 * line of the file "keyFile", becomes the Authorization header. A file that is not exactly that is refused as a whole, with the
 * member and what it must be; no text of a key or of a header is ever part of the message.
 */
#ifndef PROTO_SETTINGS_MODEL_SERVERS_FILE_H
#define PROTO_SETTINGS_MODEL_SERVERS_FILE_H

#include "proto/base/buf.h"
#include "proto/settings/setting_values.h"

#define MODEL_SERVERS_FILE_MAX 65536 /* bytes */

/* Reads the file at path. 0, or -1 with a message in why (SETTING_WHY_MAX bytes). If it is refused, *out has
 * no servers. The caller clears *out in both cases. */
[[gnu::warn_unused_result]] int model_servers_file_read(
    const char *path, struct model_servers_file *out, char *why);

/* The same for the text of the file at path, which must be set in *out. */
[[gnu::warn_unused_result]] int model_servers_file_parse(
    struct slice text, struct model_servers_file *out, char *why);

void model_servers_file_clear(struct model_servers_file *file);

#endif
