/*
 * Widgets, agents and contacts: what an organization has many of, each with an id and a record, and
 * what the admin API does with all of them alike.
 *
 *	resource_list()    a page of them
 *	resource_get()     one
 *	resource_create()  body → defaults, fields, rules → a new one: 201
 *	resource_change()  body → the stored one, fields, rules → the same one: 200
 *	resource_delete()  204
 *
 * A body is refused as a whole, with all that is wrong in it (fields.h). What one kind does in a way of
 * its own stands in its own file, and in its struct resource. Whoever may use the admin API may do all
 * of it, members as well as owners.
 */
#ifndef WORKERD_API_ADMIN_RESOURCE_H
#define WORKERD_API_ADMIN_RESOURCE_H

#include "workerd/api/fields/fields.h"
#include "workerd/api/fields/paging.h"
#include "workerd/api/request/store_query.h"

struct resource_query;

struct resource {
	const char *many;     /* the name of a list of them */
	const char *wrong_id; /* what a 400 says */
	const char *missing;  /* and a 404 */
	const struct store_refusal *refusals;
	const struct field *fields;
	size_t size; /* of one in memory, at whose front is a record of this type */
	enum msg_type record;
	const char *created, *changed, *deleted; /* events of the log */

	/* What to ask the store. */
	void (*list)(struct store_query *q, const struct paging *page, const void *filter,
	    store_answer_fn *fn);
	void (*get)(struct store_query *q, const struct id *id, store_answer_fn *fn);
	void (*put)(
	    struct store_query *q, bool fresh, struct slice record, store_answer_fn *fn);
	void (*drop)(struct store_query *q, const struct id *id, store_answer_fn *fn);

	/* What it answers: one record, or a list with the id that the next page begins behind. */
	enum msg_type one, page;
	struct slice (*read_one)(const union msg *m);
	struct slice (*read_page)(const union msg *m, struct id *next);

	/* May be NULL: what is shown beside the record; what the list says besides; the rules for all
	 * members together. */
	void (*show)(void *thing, const struct settings *settings);
	void (*write_more)(struct json_writer *j, const struct settings *settings);
	void (*check)(struct fields *in, const void *thing, const struct settings *settings);

	/* Of what can be created: its defaults, its ids among them; and what is left to be done before
	 * resource_put() when it is right (NULL: nothing). */
	void (*make)(void *thing, const struct id *id, const struct id *org);
	void (*complete)(struct resource_query *r);

	/* What is wrong when the store says that it does not fit (STORE_INVALID); or NULL. */
	const char *misfit, *misfit_sentence;
};

/* A request that waits. */
struct resource_query {
	struct store_query q;
	const struct resource *resource;
	struct id id;
	char by[API_CALLER_SIZE]; /* who asks, for the log */
	struct fields in;         /* the body of one who creates or changes */
	void *thing;              /* what it is to be */
	bool fresh;
	unsigned tries; /* to change what others change too */
};

/* filter is the kind's own, for its list(). */
void resource_list(
    const struct api_call *c, const struct resource *resource, const void *filter);
void resource_get(const struct api_call *c, const struct resource *resource);
void resource_create(const struct api_call *c, const struct resource *resource);
void resource_change(const struct api_call *c, const struct resource *resource);
void resource_delete(const struct api_call *c, const struct resource *resource);

/* -- for ways of their own ---------------------------------------------------------------- */

/* A query about the one in the path, or NULL: there is no id, and that was answered. */
struct resource_query *resource_query_new(
    const struct api_call *c, const struct resource *resource);

/* The store_answer_fn of such a query that has changed it: answers 200 with what the store has now. */
void resource_on_changed(void *arg, uint16_t type, const union msg *m);

/* Reads an answer that is one record into a thing of the kind, shown; false for any other. Slices are
 * borrowed from m. */
[[gnu::warn_unused_result]] bool resource_read(const struct resource *resource,
    const struct settings *settings, uint16_t type, const union msg *m, void *thing);

/* Stores the thing of one who creates, and answers. */
void resource_put(struct resource_query *r);

/* Answers 422, with what is wrong with the body. */
void resource_refuse(struct resource_query *r);

#endif
