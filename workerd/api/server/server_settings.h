/*
 * The settings that are in effect, for GET /v1/admin/server. A worker has the environment of masterd, so it knows the
 * settings of both; storaged tells its own (STORE_INFO). Secrets only show whether they are set.
 */
#ifndef WORKERD_API_SERVER_SERVER_SETTINGS_H
#define WORKERD_API_SERVER_SERVER_SETTINGS_H

#include "workerd/api/request/json_writer.h"

struct server_settings;

/* Reads the settings of masterd and workerd. At the start: later, a worker may not read credentials. */
struct server_settings *server_settings_new(void);
void server_settings_free(struct server_settings *s);

/* Writes "settings", in the order of settings.def, with those of storaged: a list of SETTING_ITEM; empty if it does not
 * answer. */
void server_settings_write(
    struct json_writer *j, const struct server_settings *s, struct slice of_store);

#endif
