/*
 * Match keys: how contacts and users are found by an e-mail or a phone, however it was written. E-mails
 * match case-insensitively, phones by their digits.
 */
#ifndef STORAGED_IDENTITIES_MATCH_KEYS_H
#define STORAGED_IDENTITIES_MATCH_KEYS_H

#include "storaged/engine/schema.h"

/*
 * Folds an e-mail (valid UTF-8, at most EMAIL_MAX bytes) by Unicode's full case folding (Unicode 15, 3.13)
 * and NFC; keeps everything else, white space included. 0; -1 for an empty one, or one whose folded form
 * exceeds FOLDED_MAX, which no real e-mail does.
 */
[[gnu::warn_unused_result]] int match_fold_email(
    struct slice email, uint8_t out[FOLDED_MAX], size_t *len);

/* Reduces a phone (at most PHONE_MAX bytes) to its digits 0 to 9, with a leading + if one precedes them.
 * 0; -1 if it has no digit. */
[[gnu::warn_unused_result]] int match_phone_digits(
    struct slice phone, uint8_t out[PHONE_MAX], size_t *len);

/* Folds any text (valid UTF-8) as match_fold_email() does. 0; -1 if the result has more than size bytes. */
[[gnu::warn_unused_result]] int match_fold_text(
    struct slice text, uint8_t *out, size_t size, size_t *len);

#endif
