/*
 * The API's words of enum values: those of proto/schema/words.def, with three exceptions.
 */
#ifndef WORKERD_API_FIELDS_NAMES_H
#define WORKERD_API_FIELDS_NAMES_H

#include "proto/ipc/messages.h"
#include "workerd/api/request/json_writer.h"

/* Of the messages that a client sends, for field_choice; a NULL ends the list. */
extern const char *const names_message_roles[];

/* A value's word in a list of words.def, which has it. */
struct slice names_word(const char *const *words, uint8_t value);

/* FOUND_NOTHING_ASKED is "none". */
struct slice names_found_outcome(uint8_t outcome);

/* MESSAGE_HANDED is "complete"; a status that is not known is "interrupted". */
struct slice names_message_status(uint8_t status);

/* Writes what a user sees of its own state: availability, which it has now, and chosenAvailability. */
void names_write_availability(struct json_writer *j, const struct msg_user_record *user);

#endif
