/* SPDX-License-Identifier: MIT */
/*
 * A registration as parameters, in /register and in the state file. Both are read by the same code,
 * so that a registration that was accepted over HTTP is accepted again from the file. Pure.
 *
 *	name  vip (repeatable)  monitor (repeatable)  quorum  nat (repeatable)
 *	vip_communities=a:b,c:d  peers=NAME,…  except_peers=NAME,…  ttl=30s  bind=none
 */
#ifndef AGENT_MODEL_REGISTER_PARAMS_H
#define AGENT_MODEL_REGISTER_PARAMS_H

#include "agent/model/app_spec.h"
#include "lib/err.h"

/* Adds one to a half-built spec. -EINVAL with a text that names the parameter or the value. */
int register_param_add(struct app_spec *spec, const char *name, const char *value, struct err *err);
/* Checks the whole, when all parameters have been added. */
int register_params_check(const struct app_spec *spec, struct err *err);

/* Whether parameters say all of it: it has no more than /register can give. */
bool register_params_suffice(const struct app_spec *spec);
/* Calls `cb` with each parameter of the spec. `value` is valid during the call only. */
typedef void register_param_cb(const char *name, const char *value, void *userdata);
void register_params_walk(const struct app_spec *spec, register_param_cb *cb, void *userdata);

#endif
