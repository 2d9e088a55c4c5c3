/*
 * Who wrote a message, as a client sees it: clients that do not know operators get their messages as the
 * assistant's (API.md, section 8).
 */
#ifndef WORKERD_API_LIVE_LIVE_AUTHOR_H
#define WORKERD_API_LIVE_LIVE_AUTHOR_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

enum live_viewer {
	VIEWER_PLAIN,     /* knows visitors and the assistant */
	VIEWER_OPERATORS, /* also operators, by their names */
	VIEWER_OWNER,     /* also their ids */
};

struct live_person {
	struct id id;
	struct slice name;
	struct slice picture; /* empty: none */
};

/* The person's picture in a list of PERSON_PICTURE; empty: it has none there. */
struct slice live_author_picture(struct slice people, const struct id *person);

/* Writes the member role, and for an operator author. people: of the message's page. */
void live_author_write(struct json_writer *j, const struct msg_message_record *r,
    struct slice people, enum live_viewer viewer);

/* Writes an operator as {"id","name","picture"}: without the id unless the viewer is an owner, and without an empty
 * picture. */
void live_author_write_person(struct json_writer *j, const char *key,
    const struct live_person *person, enum live_viewer viewer);

#endif
