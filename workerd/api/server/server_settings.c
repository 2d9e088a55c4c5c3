/*
 * Settings, as texts.
 */
#include "workerd/api/server/server_settings.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "proto/ipc/messages.h"
#include "proto/settings/setting_kinds.h"
#include "proto/settings/settings.h"

struct server_setting {
	const char *name;
	char *value; /* "": a secret, or it has no value */
	bool set;
};

struct server_settings {
	size_t n;
	struct server_setting of[];
};

static void
server_settings_add(void *arg, const struct setting_shown *shown)
{
	struct server_settings *s = arg;
	bool text = utf8_valid(slice_str(shown->value));

	s->of[s->n++] =
	    (struct server_setting){shown->name, xstrdup(text ? shown->value : ""), shown->set};
}

struct server_settings *
server_settings_new(void)
{
	struct server_settings *s;
	size_t n;

	(void)settings_table(&n);
	s = xcalloc(1, sizeof(*s) + n * sizeof(s->of[0]));
	settings_show(OWNER_MASTER | OWNER_WORKER, server_settings_add, s);
	return s;
}

void
server_settings_free(struct server_settings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->of[i].value);
	free(s);
}

/* A setting as its process has it. False: it is of a process that was not asked, or does not answer. */
static bool
server_settings_find(const struct server_settings *s, struct slice of_store, const char *name,
    struct slice *value, bool *set)
{
	struct msg_setting_item item;
	struct slice bytes;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->of[i].name, name) == 0) {
			*value = slice_str(s->of[i].value);
			*set = s->of[i].set;
			return true;
		}
	while (wire_list_next(&of_store, &bytes)) {
		must(record_decode(bytes, MSG_SETTING_ITEM, &item) == WIRE_OK);
		*value = item.value;
		*set = item.set;
		if (slice_eq_str(item.name, name))
			return true;
	}
	return false;
}

static void
server_settings_write_text(struct json_writer *j, const char *name, struct slice text)
{
	if (text.len == 0)
		json_write_null(j, name);
	else
		json_write_str(j, name, text);
}

static void
server_settings_write_one(
    struct json_writer *j, const struct setting *d, struct slice value, bool set)
{
	json_write_open(j, NULL, '{');
	json_write_str(j, "name", slice_str(d->name));
	server_settings_write_text(j, "value", value);
	server_settings_write_text(
	    j, "default", slice_str(d->fallback == NULL ? "" : d->fallback));
	json_write_bool(j, "secret", d->secret);
	json_write_bool(j, "set", set);
	json_write_str(j, "help", slice_str(d->help));
	json_write_close(j, '}');
}

void
server_settings_write(
    struct json_writer *j, const struct server_settings *s, struct slice of_store)
{
	size_t n;
	const struct setting *d = settings_table(&n);
	struct slice value;
	bool set;

	json_write_open(j, "settings", '[');
	for (; n > 0; n--, d++)
		if (server_settings_find(s, of_store, d->name, &value, &set))
			server_settings_write_one(j, d, value, set);
	json_write_close(j, ']');
}
