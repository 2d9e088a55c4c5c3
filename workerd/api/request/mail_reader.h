/*
 * Mails that requests cause: the language of who reads them, and whether they reach anybody.
 */
#ifndef WORKERD_API_REQUEST_MAIL_READER_H
#define WORKERD_API_REQUEST_MAIL_READER_H

#include "proto/settings/settings.h"
#include "workerd/http/http_exchange.h"

#define MAIL_LANGUAGE_SIZE 9 /* messages.def: 8 characters */

/* The first language that the request accepts (Accept-Language, RFC 9110, section 12.5.4); "": it names none. */
void mail_reader_language(const struct http_request *req, char language[MAIL_LANGUAGE_SIZE]);

/* Whether mails reach people. Without a mail server they become files, which only developers look at. */
bool mail_reader_is_reached(const struct settings *settings);

#endif
