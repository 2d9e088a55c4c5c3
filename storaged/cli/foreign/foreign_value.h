/*
 * Values in the exports of other chats, where the same thing has many names and forms.
 */
#ifndef STORAGED_CLI_FOREIGN_FOREIGN_VALUE_H
#define STORAGED_CLI_FOREIGN_FOREIGN_VALUE_H

#include <jansson.h>

#include "proto/base/ids.h"

/* The first of these members (names with a space between) that is there and not null. NULL: there is none, or
 * object is not an object. */
json_t *foreign_value_get(const json_t *object, const char *names);

/* The text of the first of these members that is a string or a number; a number is written into number. Empty: there
 * is none. */
#define FOREIGN_NUMBER 32
struct slice foreign_value_text(
    const json_t *object, const char *names, char number[FOREIGN_NUMBER]);

/* The first of these members that is a word: true, "true", "t", "1", 1. */
bool foreign_value_is_true(const json_t *object, const char *names);

/* Whether the text is one of these words, whatever its case. */
bool foreign_value_is_one_of(struct slice text, const char *words);

/*
 * The time of the first of these members in ms since 1970: seconds, ms or µs since 1970 as a number or text, or ISO 8601
 * and what databases make of it ("2024-01-31 10:00:00.123 UTC", also without a zone: UTC), or with the English name of
 * the month. 0: there is none, or, with *unreadable set, it has another form.
 */
uint64_t foreign_value_time(const json_t *object, const char *names, bool *unreadable);

/* The id here of what has this id there: always the same. The text of the parts is hashed. */
struct id foreign_value_id(
    const struct id *org, const char *from, const char *kind, struct slice id);

#endif
