/*
 * Adds up rows of numbers by day, hour, widget or agent, and writes the sums as JSON.
 */
#ifndef WORKERD_API_NUMBERS_NUMBER_GROUPS_H
#define WORKERD_API_NUMBERS_NUMBER_GROUPS_H

#include "proto/counts/counts.h"
#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Groups, at most: of an organization's widgets or agents, or of the days and hours of a request. */
#define NUMBER_GROUPS_MAX 4096u

/* Bytes of all models of all groups as JSON, at most; the tokens of further ones are of an unknown model. */
#define NUMBER_MODELS_BYTES (8u << 20)

enum number_by { NUMBER_BY_DAY, NUMBER_BY_HOUR, NUMBER_BY_WIDGET, NUMBER_BY_AGENT };

struct number_group {
	struct id
	    key; /* of a widget or an agent; or a number of days or hours, so that they are in order */
	struct counts counts;
	size_t models_n, models_room;
	struct number_model {
		char *name;
		uint64_t in, out; /* tokens, which are a part of those in counts */
	} * models;               /* in the order of their names */
};

/* Zeroes but `by` and the two filters: empty. */
struct number_groups {
	enum number_by by;
	struct id widget, agent; /* only rows of these; zero: of any */
	bool truncated;          /* there are too many */
	size_t models_bytes;
	size_t n, room;
	struct number_group **of; /* in the order of their keys */
};

void number_groups_clear(struct number_groups *groups);

/* Adds a row of the store; one that cannot be read is left out. */
void number_groups_add(struct number_groups *groups, const struct msg_numbers_row *row);

/* Writes {"rows":[…]}. */
void number_groups_write(struct json_writer *j, const struct number_groups *groups);

#endif
