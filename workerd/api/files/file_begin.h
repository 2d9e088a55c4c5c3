/*
 * Announcing a file of a session.
 */
#ifndef WORKERD_API_FILES_FILE_BEGIN_H
#define WORKERD_API_FILES_FILE_BEGIN_H

#include "workerd/api/request/api_call.h"

struct json_t;

struct file_sender {
	struct slice session;
	struct slice payer; /* whose share of bytes in an hour it takes */
	/* Zero: a new one. Another one is known to the session alone; announced again, the file goes on where it stopped, also if a
	 * message has it. */
	struct id file;
};

/* Announces the file of a body {"name","bytes","sha256"?} for c->widget, and answers. The slices are borrowed for this call. */
void file_begin_of_session(
    const struct api_call *c, const struct json_t *body, const struct file_sender *from);

#endif
