/*
 * Only the first language counts.
 */
#include "workerd/api/request/mail_reader.h"

#include <ctype.h>

void
mail_reader_language(const struct http_request *req, char language[MAIL_LANGUAGE_SIZE])
{
	const struct slice accepted = http_header(req, "accept-language");
	size_t n = 0;

	while (n < accepted.len && n < MAIL_LANGUAGE_SIZE - 1 &&
	    (isalnum(accepted.p[n]) || accepted.p[n] == '-')) {
		language[n] = (char)accepted.p[n];
		n++;
	}
	language[n] = '\0';
}

bool
mail_reader_is_reached(const struct settings *settings)
{
	return settings->mail_url != NULL || settings->app_env != APP_ENV_PRODUCTION;
}
