/*
 * The folder where mails become files without a mail server, so that everything can be tried without one: one .eml
 * a mail, complete or not there. A mail that is delivered again replaces its file.
 */
#ifndef WORKERD_MAILD_MAIL_FOLDER_H
#define WORKERD_MAILD_MAIL_FOLDER_H

#include "proto/ipc/messages.h"

#define MAIL_FOLDER_MAX 1000u /* files; older ones are removed */

/* Opens the folder, and creates it if it is missing. Its descriptor, or -1 with errno. */
int mail_folder_open(const char *path);

/* Stores a mail durably. 0, or -1 with errno. */
[[gnu::warn_unused_result]] int mail_folder_put(
    int folder, const struct msg_mail_record *r, struct slice mail);

#endif
