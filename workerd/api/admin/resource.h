/*
 * Users, widgets, agents, contacts and webhooks as resources of the admin API. All of them are records with an id, and
 * share these handlers:
 *
 *	resource_list()    a page of them
 *	resource_get()     one
 *	resource_create()  body → defaults, fields, rules → a new one: 201
 *	resource_change()  body → the stored one, fields, rules → the same one: 200
 *	resource_delete()  204
 *
 * A body is refused as a whole, with everything that is wrong in it (fields.h). What only one kind does is in
 * its own file, and in its struct resource.
 */
#ifndef WORKERD_API_ADMIN_RESOURCE_H
#define WORKERD_API_ADMIN_RESOURCE_H

#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/request/store_query.h"

struct resource_query;

struct resource {
	const char *many;     /* the name of a list of them */
	const char *wrong_id; /* the message of a 400 */
	const char *missing;  /* and of a 404 */
	const struct store_refusal *refusals;
	const struct field *fields;
	size_t size; /* of one in memory, which begins with a record of this type */
	enum msg_type record;
	const char *log_id;                      /* the name of its id in the log */
	const char *created, *changed, *deleted; /* events of the log */

	/* The functions below may be NULL. */

	/* Derives what is shown besides the record, after each decoding. */
	void (*show)(void *object, const struct settings *settings);
	/* Writes further members of a list. */
	void (*write_more)(struct json_writer *j, const struct settings *settings);
	/* Writes further members of one. */
	void (*write_rest)(struct json_writer *j, const void *object);
	/* Writes members that only the answer to a creation has. */
	void (*write_new)(struct json_writer *j, const void *object);
	/* Checks all members together. */
	void (*check)(struct fields *in, const void *object, const struct settings *settings);

	/* The next two are for objects that are shown, or checked, with the organization's sources. These are read
	 * first: states is a LIST of SOURCE_STATE_RECORD, one for each source. */

	/* Derives what is shown besides the record, after each decoding. */
	void (*join)(void *object, struct slice states);
	/* Checks what depends on the sources. */
	void (*check_joined)(struct fields *in, const void *object, struct slice states);

	/* Sets the defaults and ids of a new one. */
	void (*make)(void *object, const struct id *id, const struct id *org);
	/* Notes what store() needs of a request that creates one. */
	void (*begin_create)(struct resource_query *r, const struct api_call *c);
	/* The same for one that changes one. */
	void (*begin_change)(struct resource_query *r, const struct api_call *c);
	/* Stores a valid one, new or changed, and answers; NULL: resource_put(). */
	void (*store)(struct resource_query *r);
	/* It was stored, new or changed. object is as it is stored now. */
	void (*stored)(struct resource_query *r, const void *object);

	/* The member that only callers with RIGHT_MANAGE may change (NULL: none), and the message of the 403. */
	const char *managed, *managed_refusal;

	/* If one with the id of a new one exists, it is the answer (200), unchanged. */
	bool keeps_existing;

	/* The field that is wrong when the store refuses (STORE_INVALID), and why; or NULL. */
	const char *misfit;
	enum field_reason misfit_reason;
};

/* A request that waits. */
struct resource_query {
	struct store_query q;
	const struct resource *resource;
	struct id id;
	char by[API_CALLER_SIZE]; /* the caller, for the log */
	bool manages;             /* the caller has RIGHT_MANAGE */
	struct fields in;         /* the body of a request that creates or changes */
	void *object;             /* what it is to become */
	struct buf states;        /* of the organization's sources, for join */
	void (*next)(struct resource_query *r); /* after they were read */
	struct msg_record_list list;            /* of a list: its request */
	bool fresh;
	unsigned tries;      /* of a change that others change, too */
	struct hash256 kept; /* users: the login that a new password does not end */
};

/* What a list of contacts is filtered by; empty: any. */
struct resource_filter {
	struct slice email, phone, search;
};

/* filter: NULL for all. */
void resource_list(const struct api_call *c, const struct resource *resource,
    const struct resource_filter *filter);
/* A list of the one with this id, or of none. For kinds without join. */
void resource_list_one(
    const struct api_call *c, const struct resource *resource, const struct id *id);
void resource_get(const struct api_call *c, const struct resource *resource);
void resource_create(const struct api_call *c, const struct resource *resource);
void resource_change(const struct api_call *c, const struct resource *resource);
void resource_delete(const struct api_call *c, const struct resource *resource);

/* Define handle_NAME_get, _change and _delete, and handle_NAME_list and _create, of `const struct resource
 * NAME`. */
#define RESOURCE_ITEM_HANDLERS(NAME)                          \
	void handle_##NAME##_get(const struct api_call *c)    \
	{                                                     \
		resource_get(c, &(NAME));                     \
	}                                                     \
	void handle_##NAME##_change(const struct api_call *c) \
	{                                                     \
		resource_change(c, &(NAME));                  \
	}                                                     \
	void handle_##NAME##_delete(const struct api_call *c) \
	{                                                     \
		resource_delete(c, &(NAME));                  \
	}
#define RESOURCE_LIST_HANDLERS(NAME)                          \
	void handle_##NAME##_list(const struct api_call *c)   \
	{                                                     \
		resource_list(c, &(NAME), NULL);              \
	}                                                     \
	void handle_##NAME##_create(const struct api_call *c) \
	{                                                     \
		resource_create(c, &(NAME));                  \
	}

/* For requests that only one kind has: */

/* A query about the id in the path, or NULL: the id is invalid, and 400 was sent. */
struct resource_query *resource_query_new(
    const struct api_call *c, const struct resource *resource);

/* The same with the body of the request, which must be an object, in `in`; asks the store for the record. Errors are
 * answered. */
void resource_ask_with_body(
    const struct api_call *c, const struct resource *resource, store_answer_fn *fn);

/* Asks the store for the record (MSG_RECORD). */
void resource_ask(struct resource_query *r, store_answer_fn *fn);

/* Answers 200 with the stored record. */
void resource_reply(struct resource_query *r);

/* The same with a record that was read: the store's answer to resource_ask(). */
void resource_reply_with(struct resource_query *r, uint16_t type, const union msg *m);

/* Logs an event about it. */
void resource_log(const struct resource_query *r, const char *event);

/* The store_answer_fn of a change: answers 200 with the record that the store sent, and logs the change. */
void resource_on_changed(void *arg, uint16_t type, const union msg *m);

/* Decodes an answer that is one record into an object of the kind, and calls show(); false for any other
 * answer. Slices are borrowed from m. */
[[gnu::warn_unused_result]] bool resource_read(const struct resource *resource,
    const struct settings *settings, uint16_t type, const union msg *m, void *object);

/* Stores the new or changed object, and answers. */
void resource_put(struct resource_query *r);

/* After the store refused a change because of another one: reads the record again and repeats the change. */
void resource_try_again(struct resource_query *r);

/* Answers 422 with the errors of the body. */
void resource_refuse(struct resource_query *r);

#endif
