/*
 * The values that words of a scenario stand for.
 *
 *	ids       a name; one that is used for the first time gets a new id. `+name` gives
 *	          the name a new id again; `new` is a new id without a name, `none` the zero id
 *	hashes    the hash of the word or "text", such as a token or a key; `none` is zero
 *	numbers   digits, the name of an enum's value in this field (status=stopped), or a set of them
 *	          (what=state+tags), `now`, `now+1000`,
 *	          `now-1000`
 *	text      a word, or "quoted" with \n, \r, \t, \", \\ and \x41; then `*1000` repeats it; `~v` is the
 *	          session of the visitor whose id is v; `text:a+b` has the ids a and b, a space between;
 *	          `bytes:a+b` has their bytes
 *	any       `$name`: the value of a field that a message brought before; for a number also
 *	          `$name+1`
 */
#ifndef TESTS_UNIT_SCENARIO_VALUES_H
#define TESTS_UNIT_SCENARIO_VALUES_H

#include "proto/ipc/messages.h"

/* The names of a scenario, and the memory of its texts. */
struct values;

struct values *values_new(void);
void values_free(struct values *v);

/* Memory that lives as long as v. */
void *values_alloc(struct values *v, size_t size);

struct id values_id(struct values *v, const char *word);
/* Fails the scenario if the name is new. */
struct id values_known_id(struct values *v, const char *name);
struct hash256 values_hash(const char *word);
struct slice values_bytes(struct values *v, const char *word);
/* A number for this field of a message (any: NULL). */
uint64_t values_number(
    struct values *v, const char *word, const char *message, const char *field);

/* Names an id, a number or a copy of bytes; false: the name stands for something already. With
 * "+name" it then gets another value. */
bool values_name_id(struct values *v, const char *name, const struct id *id);
bool values_name_number(struct values *v, const char *name, uint64_t number);
bool values_name_bytes(struct values *v, const char *name, struct slice bytes);

/* Replaces the ids in a text by their names. */
void values_show_names(struct values *v, char *text);

#endif
