/*
 * The messages of messages.def as text: `turn_begin session=s1 turn=t1 text="hello"`. The values of
 * fields are those of values.h, and
 *
 *	records   {FIELD=VALUE ...}, or {KIND FIELD=VALUE ...} where the field holds several kinds;
 *	          {} is none
 *	lists     [{...} {...}], or [KIND {...} {...}]; a number stands for a list of this length
 *
 * In a message to send, `@name` is the value of an earlier field of it, and fields that are not named
 * have their default (message_text_default()), or zero. In a message that was received, only the
 * fields that are named are compared; FIELD!=VALUE expects another value. A `$name` that stands for
 * nothing yet gets the received value; `$+name` gets it even if the name stands for another one.
 */
#ifndef TESTS_UNIT_SCENARIO_MESSAGE_TEXT_H
#define TESTS_UNIT_SCENARIO_MESSAGE_TEXT_H

#include "tests/unit/scenario/values.h"

/* Sets a field ("FIELD=VALUE") of a message or record, for all scenarios. */
void message_text_default(const char *message, const char *field);

/* The description of a message or record; the "_record" of a record's name may be left out if no
 * message has the rest as its name. Fails the scenario if there is none. */
const struct msg_desc *message_text_desc(const char *name);

/* Fills *out from the words. Its texts are valid as long as v. */
void message_text_read(struct values *v, const struct msg_desc *d, const char *const *words,
    size_t n, union msg *out);

/* An encoded record: "{KIND FIELD=VALUE ...}". Valid as long as v. */
struct slice message_text_record(struct values *v, const char *text);

/* An encoded record with other values in the fields that the words name. Valid as long as v. */
struct slice message_text_changed(struct values *v, const struct msg_desc *d,
    const char *const *words, size_t n, struct slice record);

/* Fails the scenario unless a message has these values; or an encoded record, "{KIND ...}". */
void message_text_expect(struct values *v, const struct msg_desc *d, const char *const *words,
    size_t n, const union msg *got);
void message_text_expect_record(struct values *v, const char *text, struct slice got);

#endif
