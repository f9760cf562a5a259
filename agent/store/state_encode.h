/* SPDX-License-Identifier: MIT */
/* Makes the lines of the state file (state_lines.h). Pure. */
#ifndef AGENT_STORE_STATE_ENCODE_H
#define AGENT_STORE_STATE_ENCODE_H

#include "agent/store/state_lines.h"

/* Lines with their newline; free them. */
char *state_encode_head(const struct state_place *place);
char *state_encode_app(const struct app_spec *spec, wall_t lease_until);
char *state_encode_drain(const char *name, wall_t since, wall_t until, const char *reason);
char *state_encode_promotion(const char *name, const char *sha256);
char *state_encode_vip(const struct prefix *prefix, const char *ifname, const char *label);
/* NULL: the order orders nothing. */
char *state_encode_peer(const struct peer_order *order);
char *state_encode_roll(const struct roll *roll);
char *state_encode_end(size_t n_lines);

#endif
