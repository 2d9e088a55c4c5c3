/*
 * The API's words, where they are not those of exports.
 */
#include "workerd/api/fields/names.h"

#include "proto/base/basics.h"

const char *const names_message_roles[] = {
    [MESSAGE_USER] = "user", [MESSAGE_ASSISTANT] = "assistant", NULL};

struct slice
names_word(const char *const *words, uint8_t value)
{
	const char *word = word_of(words, value);

	must(word != NULL);
	return slice_str(word);
}

struct slice
names_found_outcome(uint8_t outcome)
{
	return outcome == FOUND_NOTHING_ASKED ? slice_str("none")
					      : names_word(found_outcome_words, outcome);
}

struct slice
names_message_status(uint8_t status)
{
	if (status == MESSAGE_HANDED)
		return names_word(message_status_words, MESSAGE_COMPLETE);
	return names_word(message_status_words,
	    status <= MESSAGE_WAITING ? status : (uint8_t)MESSAGE_INTERRUPTED);
}

void
names_write_availability(struct json_writer *j, const struct msg_user_record *user)
{
	const uint8_t now = (uint8_t)msg_user_availability(user);

	json_write_str(j, "availability", names_word(availability_words, now));
	json_write_str(
	    j, "chosenAvailability", names_word(availability_words, user->availability));
}
