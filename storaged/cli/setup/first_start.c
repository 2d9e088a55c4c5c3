/*
 * Files that exist are never changed.
 */
#include "storaged/cli/setup/first_start.h"

#include <string.h>

#include "proto/base/basics.h"
#include "proto/settings/setting_kinds.h"
#include "proto/settings/settings.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/files/config_dir.h"

/* Secrets of banter's own, created at the first start. The other credentials are empty files until
 * somebody fills them: systemd's LoadCredential= needs each file. Those that only storaged reads are for several machines, whose
 * units load them. The units of the front end wait for
 * OPENAI_API_KEY. */
static const char *const random_secrets[] = {
    "WIDGET_API_KEY", "ADMIN_API_KEY", "DASHBOARD_PASSWORD"};

static enum config_secret
first_start_secret_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(random_secrets); i++)
		if (strcmp(random_secrets[i], name) == 0)
			return CONFIG_RANDOM;
	return CONFIG_EMPTY;
}

static int
first_start_make_credential(const char *dir, const char *name)
{
	enum config_secret kind = first_start_secret_kind(name);
	char path[PATH_MAX];
	bool made;
	int status = config_dir_make_secret(dir, name, kind, &made);

	if (status == 0)
		status = config_dir_path(path, dir, name);
	if (status == 0 && made && kind == CONFIG_RANDOM)
		console_print("created a random %s: %s", name, path);
	return status;
}

static int
first_start_make_credentials(const char *dir)
{
	size_t n;
	const struct setting *d = settings_table(&n);
	int status = 0;

	for (; n > 0 && status == 0; n--, d++)
		if (setting_has_credential(d) && d->owners != OWNER_STORE)
			status = first_start_make_credential(dir, d->name);
	return status;
}

/* Production rules from the start, and ports for a proxy on this machine. */
static int
first_start_make_env(const char *dir)
{
	bool made;
	int status = config_dir_make_env(dir, &made);

	if (status != 0 || !made)
		return status;
	status = config_dir_set(dir, "APP_ENV", "production");
	return status == 0 ? config_dir_set(dir, "TRUSTED_PROXIES", "127.0.0.1,::1") : status;
}

int
first_start_create_missing(const char *dir)
{
	int status = config_dir_make(dir);

	if (status == 0)
		status = first_start_make_credentials(dir);
	return status == 0 ? first_start_make_env(dir) : status;
}
