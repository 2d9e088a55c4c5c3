/*
 * What the replies of models have shown about them, by server and model (part_memory_key()): for a worker's own use, while
 * part_memory.h is shown to owners. Bounded; forgotten after a day.
 */
#ifndef WORKERD_MODEL_PARTS_MODEL_MEMORY_H
#define WORKERD_MODEL_PARTS_MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_MEMORY_MAX 64

struct model_habits {
	uint64_t key; /* 0: free */
	uint64_t since_ms;
	bool begins_inside;  /* its replies begin within a thought that no tag opens */
	bool thinks;         /* it writes thoughts */
	uint32_t max_output; /* the most tokens of a reply that it takes; 0: not known */
};

/* All zero: empty. */
struct model_memory {
	struct model_habits models[MODEL_MEMORY_MAX];
	size_t next;
};

/* Valid until the next addition. NULL: nothing is known of the model. */
struct model_habits *model_memory_find(struct model_memory *m, uint64_t key);

/* The same; an unknown model takes the place of the one that was added first. */
struct model_habits *model_memory_add(struct model_memory *m, uint64_t key);

#endif
