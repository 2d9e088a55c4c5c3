/*
 * A visitor's answer to a structure: the button that it chose, or the values of a form. A message is answered once: an answer has
 * one name in its conversation (answer_parts_client_id()), as a client's message has that is sent again.
 */
#ifndef PROTO_STRUCTURE_ANSWER_PARTS_H
#define PROTO_STRUCTURE_ANSWER_PARTS_H

#include "proto/structure/structure.h"

#define ANSWER_PARTS_TEXT_MAX \
	12000 /* bytes of an answer's text, which is that of a visitor's message */
#define ANSWER_PARTS_VALUE_MAX 1000 /* UTF-16 code units of a text */
#define ANSWER_PARTS_WRONG_MAX 512  /* bytes that answer_parts_check() writes into wrong */

/* Clients cannot send it as the id of a message. */
#define ANSWER_PARTS_CLIENT_ID      '='
#define ANSWER_PARTS_CLIENT_ID_SIZE (ID_TEXT_LEN + 2)

/* The name of the answer to a message, with a NUL. */
void answer_parts_client_id(const struct id *message, char out[ANSWER_PARTS_CLIENT_ID_SIZE]);

/* The message that the parts of a visitor's answer name; false: there are none, or they name different messages. */
[[gnu::warn_unused_result]] bool answer_parts_message(struct slice answer, struct id *message);

/*
 * Checks an answer against the structure. True: `answer` has its ANSWER_PARTs in the order of the structure, complete, and `text`
 * says it in words; without line breaks within a value, values are trimmed. False: `wrong` has a line for each value that does
 * not fit, "name=" and the word of an enum answer_unfit. The buffers are empty before, with room for STRUCTURE_PARTS_MAX twice,
 * ANSWER_PARTS_TEXT_MAX and ANSWER_PARTS_WRONG_MAX bytes.
 */
[[gnu::warn_unused_result]] bool answer_parts_check(struct slice structure, struct slice given,
    struct buf *answer, struct buf *text, struct buf *wrong);

/* The value of the first field of this kind that has one, for the visitor's contact; empty: there is none. */
struct slice answer_parts_value(struct slice answer, enum part_kind kind);

/* What is wrong with a stored answer, or NULL. */
[[gnu::warn_unused_result]] const char *answer_parts_wrong(struct slice answer);

#endif
