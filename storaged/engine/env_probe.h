/*
 * Finds out when a store that refused writes takes them again.
 */
#ifndef STORAGED_ENGINE_ENV_PROBE_H
#define STORAGED_ENGINE_ENV_PROBE_H

#include "storaged/engine/env.h"

/*
 * While not writable: writes something of some size and removes it; on success the environment is
 * writable again, which is logged. To be called each second.
 *
 * A disk without room may yet hold the probe, in pages that earlier commits have freed, and not what
 * visitors write. So once a write has failed again soon after a probe had passed, the next probes are
 * passed over, ever more of them, and as long as writes go on failing: else the state would change each
 * second. Requests are tried whatever the state.
 */
void env_probe(struct env *env);

#endif
