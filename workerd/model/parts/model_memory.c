#include "workerd/model/parts/model_memory.h"

#include "proto/base/clock.h"

#define KEPT_MS 86400000u

struct model_habits *
model_memory_find(struct model_memory *m, uint64_t key)
{
	for (size_t i = 0; key != 0 && i < MODEL_MEMORY_MAX; i++)
		if (m->models[i].key == key &&
		    clock_mono_ms() - m->models[i].since_ms < KEPT_MS)
			return &m->models[i];
	return NULL;
}

struct model_habits *
model_memory_add(struct model_memory *m, uint64_t key)
{
	struct model_habits *habits = model_memory_find(m, key);

	if (habits != NULL)
		return habits;
	habits = &m->models[m->next];
	m->next = (m->next + 1) % MODEL_MEMORY_MAX;
	*habits = (struct model_habits){.key = key, .since_ms = clock_mono_ms()};
	return habits;
}
