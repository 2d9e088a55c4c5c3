/*
 * Finds out when a store that refused writes accepts them again.
 */
#ifndef STORAGED_ENGINE_ENV_PROBE_H
#define STORAGED_ENGINE_ENV_PROBE_H

#include "storaged/engine/env.h"

/*
 * While the environment is not writable: writes a few pages and removes them. If that works, the
 * environment is writable again, which is logged. To be called once a second.
 *
 * On a full disk the probe may still fit into pages that earlier commits have freed, while
 * visitors' writes do not. So if a write fails again soon after a probe has passed, the next
 * probes are ignored, more of them each time: otherwise the state would change every second.
 * Requests are tried in any state.
 */
void env_probe(struct env *env);

#endif
