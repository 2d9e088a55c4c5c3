/*
 * A file's name begins with the mail's time, so that the names are in the order of the mails.
 */
#include "workerd/maild/mail_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/process/daemon_folder.h"

#define NAME_SIZE 80

int
mail_folder_open(const char *path)
{
	if (daemon_folder_make(path) == -1)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
mail_folder_write(int fd, struct slice mail)
{
	while (mail.len > 0) {
		ssize_t n = write(fd, mail.p, mail.len);

		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			mail = (struct slice){mail.p + n, mail.len - (size_t)n};
	}
	return fsync(fd);
}

static int
mail_folder_is_mail(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 4 && strcmp(entry->d_name + n - 4, ".eml") == 0;
}

/* Removes the oldest files beyond MAIL_FOLDER_MAX. */
static void
mail_folder_trim(int folder)
{
	struct dirent **names;
	int n = scandirat(folder, ".", &names, mail_folder_is_mail, alphasort);

	for (int i = 0; i < n; i++) {
		if (i + (int)MAIL_FOLDER_MAX < n)
			(void)!unlinkat(folder, names[i]->d_name, 0);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int
mail_folder_put(int folder, const struct msg_mail_record *r, struct slice mail)
{
	char id[ID_TEXT_LEN + 1], name[NAME_SIZE], part[NAME_SIZE];
	int fd, rc;

	id_format(&r->id, id);
	snprintf(name, sizeof(name), "%013" PRIu64 "-%s.eml", r->created_at, id);
	snprintf(part, sizeof(part), ".%s.part", id);
	fd = openat(folder, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -1;
	rc = mail_folder_write(fd, mail);
	closefd(&fd);
	if (rc == 0)
		rc = renameat(folder, part, folder, name);
	if (rc == 0)
		rc = fsync(folder);
	if (rc == 0)
		mail_folder_trim(folder);
	return rc;
}
