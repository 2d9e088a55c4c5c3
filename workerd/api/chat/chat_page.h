/*
 * The page that a visitor has open, as HTTP clients and widgets report it.
 */
#ifndef WORKERD_API_CHAT_CHAT_PAGE_H
#define WORKERD_API_CHAT_CHAT_PAGE_H

#include "proto/ipc/messages.h"

struct json_t;

#define CHAT_PAGE_MAX 8192 /* bytes of a PAGE_RECORD */

/* Appends a PAGE_RECORD of the object's members url, title, referrer, language and timezone to out, which is empty
 * and has CHAT_PAGE_MAX bytes. Longer texts are cut; addresses that are not http or https, and texts of several
 * lines, are left out. browser: the client's User-Agent; p NULL: not known. */
void chat_page_encode(const struct json_t *object, struct slice browser, struct buf *out);

#endif
