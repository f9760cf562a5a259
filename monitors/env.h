/* SPDX-License-Identifier: MIT */
/* The environment all checks share, and the rules for their sockets. */
#ifndef MONITORS_ENV_H
#define MONITORS_ENV_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "monitors/pidfds.h"
#include "monitors/ports.h"
#include "monitors/ways.h"
#include "net/http.h"
#include "net/names.h"
#include "process/child.h"

/* Is the address a VIP of an app, bound or not? */
typedef bool monitor_is_vip_fn(const struct addr *a, void *userdata);

/* Where the clients of an app arrive that send to this port (monitors/ways.h): `owner` is the
 * userdata of its watch. -errno and a text when that cannot be told. */
typedef int monitor_ways_fn(const void *owner, uint8_t proto, uint16_t port,
			    struct monitor_ways *ret, struct err *err, void *userdata);

/* Lives as long as the runner. */
struct monitor_env {
	sd_event *loop;
	struct ports *ports;
	struct pidfds *pidfds;
	struct http *http;                  /* made on first use, see monitor_env_http() */
	struct names *names;                /* the same, see monitor_env_names() */
	const struct child_user *exec_user; /* commands run as this user; NULL: as the agent */
	char *const *exec_env;              /* all of their environment, see child_spawn() */
	const char *tls_ca;                 /* PEM file for https; NULL: the system's */
	monitor_is_vip_fn *is_vip;          /* NULL: there are none */
	monitor_ways_fn *ways;              /* NULL: `port` needs an address */
	void *vip_userdata;                 /* of both */
};

/* The HTTP client that all checks share. */
int monitor_env_http(struct monitor_env *env, struct http **ret, struct err *err);
/* Host names of all checks but those of the HTTP client, which has its own. */
struct names *monitor_env_names(struct monitor_env *env);

/*
 * To be called before a socket is connected to `to`. A VIP of this agent that is not on this host
 * is on other hosts, and a check that reached one of them would prove nothing about the service
 * here: -EADDRNOTAVAIL, the check cannot be made. A VIP that is here is only reached here, even if
 * it is removed a moment later. Other addresses are not reached from a VIP (net/source.h).
 */
int monitor_guard(const struct monitor_env *env, int fd, const struct addr *to, struct err *err);

/* Does the errno of a failed connect() say that the target cannot be reached? Otherwise it is a
 * local problem (no port left, no memory), and the check could not be made. */
bool monitor_errno_is_down(int error);

#endif
