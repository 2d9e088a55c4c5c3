/*
 * By what a contact is known again, however it was written: an e-mail without regard to case, a phone
 * by its digits. Also by what a user's e-mail is found.
 */
#ifndef STORAGED_RECORDS_MATCH_KEYS_H
#define STORAGED_RECORDS_MATCH_KEYS_H

#include "storaged/engine/schema.h"

/*
 * An e-mail, valid UTF-8 of at most EMAIL_MAX bytes, in the one form of all that differ in case alone
 * (Unicode 15, 3.13, full case folding) or in how their characters are composed (NFC). Nothing else is
 * made alike, white space neither. 0; -1 for an empty one, or one whose form is longer than FOLDED_MAX,
 * which few characters that no e-mail has can bring about.
 */
[[gnu::warn_unused_result]] int email_fold(
    struct slice email, uint8_t out[FOLDED_MAX], size_t *len);

/*
 * The digits 0 to 9 of a phone, at most PHONE_MAX bytes, with a + before them if one stands before the
 * first of them. 0; -1 if there is no digit.
 */
[[gnu::warn_unused_result]] int phone_digits(
    struct slice phone, uint8_t out[PHONE_MAX], size_t *len);

#endif
