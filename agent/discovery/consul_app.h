/* SPDX-License-Identifier: MIT */
/*
 * From a service's tags to the definition of an app. Pure.
 *
 *	gocast_vip=A/M                 needed; repeatable
 *	gocast_vip_communities=a:b,…   gocast_monitor=…   gocast_nat=…       repeatable
 *	gocast_peers=NAME,…            gocast_except_peers=NAME,…            repeatable
 *
 * A value may contain '='. The app has the service's name; its instances on the node are one app,
 * and the first of them (by ID) whose tags are good defines it.
 */
#ifndef AGENT_DISCOVERY_CONSUL_APP_H
#define AGENT_DISCOVERY_CONSUL_APP_H

#include <stddef.h>

#include "agent/model/app_spec.h"
#include "consul/payload.h"
#include "lib/err.h"

/* Instances without tags (not meant for us) are passed over. 0 and a spec; or -EINVAL when none
 * is good. Either way `problem` says what is wrong with which instance and tag, or is "". */
int consul_app_make(const char *name, const struct consul_service *instances, size_t n,
		    struct app_spec *ret, struct err *problem);

#endif
