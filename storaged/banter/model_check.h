/*
 * Asking the model once, to see whether key and address are right.
 */
#ifndef STORAGED_BANTER_MODEL_CHECK_H
#define STORAGED_BANTER_MODEL_CHECK_H

/* Runs `workerd --check-model`, which lies where this program was installed or built, with our
 * environment. Returns its exit status; what it found is said. */
[[gnu::warn_unused_result]] int model_check(void);

#endif
