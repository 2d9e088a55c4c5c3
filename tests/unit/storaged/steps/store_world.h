/*
 * What the steps of scenarios about the store work on, and what their files share.
 */
#ifndef TESTS_UNIT_STORAGED_STEPS_STORE_WORLD_H
#define TESTS_UNIT_STORAGED_STEPS_STORE_WORLD_H

#include "tests/unit/scenario/message_text.h"
#include "tests/unit/scenario/scenario.h"
#include "tests/unit/storaged/store_mirror.h"
#include "tests/unit/storaged/store_report.h"

/* An answer that a step expects after the commit. The words are copied. */
struct expected {
	struct asker *asker;
	uint64_t request;
	struct words words;
};

struct world {
	struct fixture *f;
	struct mirror *mirror; /* of the store; NULL: none */
	struct values *values;
	struct contents remembered;
	bool remembers;
	struct fixture *exported; /* import_into_new_store */
	struct report report;
	char *reported; /* the lines that no step has named yet; NULL: no report */
	bool batch;     /* between "batch" and "commit" */
	struct expected expected[2 * BATCH_REQUESTS];
	size_t expected_n;
	size_t transactions; /* of the store, at the last step "transactions" */
};

/* store_steps.c describes all steps. */
extern const struct scenario_subject store_scenarios;

/* Compares the store with its mirror, which it has no longer. */
void end_mirror(struct world *w);

/* client_steps.c */

/* NULL: there is no such client. */
struct asker *client_named(struct world *w, const char *name);

/* CLIENT ... */
void client_step(struct world *w, struct asker *asker, const struct words *step);

/* Commits the batch, and compares the answers. */
void end_batch(struct world *w);

/* messages CONVERSATION STATUS TEXT ... */
void expect_all_messages(struct world *w, const struct words *step);

/* No client has received anything else, or violated the protocol. */
void silent(struct world *w);

/* Copies words to the memory of the scenario. */
void copy_words(struct world *w, const char *const *from, size_t n, struct words *to);

/* row_steps.c */

enum table table_named(const char *name);

/* A key, as store_steps.c describes it. */
struct key key_named(struct world *w, const char *text);

/* False: it is not a step about a row. */
bool row_step(struct world *w, const struct words *step);

/* engine_steps.c */

void fill_store(struct world *w, const struct words *step);
void small_disk(struct world *w, const struct words *step);
void larger_disk(struct world *w, const struct words *step);
void no_small_disk(struct world *w);
void probe(struct world *w, const struct words *step);
void probe_exposes_pages(struct world *w);
void check_all(struct world *w, const struct words *step);
void check_some(struct world *w, const struct words *step);

/* numbers_steps.c */

void expect_numbers(struct world *w, const struct words *step);
void fold_numbers(struct world *w);

/* Verbs about a row. */
void start_dies(struct fixture *f, enum table table, const struct key *key);
void start_survives(struct fixture *f, enum table table, const struct key *key);
void lengthen_key(struct fixture *f, enum table table, const struct key *key);
void flip_key(struct fixture *f, enum table table, const struct key *key);

#endif
