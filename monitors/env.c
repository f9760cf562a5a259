/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "monitors/monitor.h"
#include "net/route.h"

int monitor_env_http(struct monitor_env *env, struct http **ret, struct err *err)
{
	int r = env->http ? 0 : http_new(env->loop, &env->http, err);
	if (r == 0)
		*ret = env->http;
	return r;
}

int monitor_guard(struct monitor_env *env, int fd, const struct addr *to, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	bool local = false;
	if (!env->is_vip || !env->is_vip(to, env->vip_userdata))
		return 0;
	int r = route_is_local(to, &local, err);
	if (r < 0)
		return r;
	if (!local)
		return err_set(err, -EADDRNOTAVAIL,
			       "%s is a VIP that is not on this host now, and is not asked for on "
			       "others",
			       addr_format(to, text));
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo")) < 0) {
		r = -errno;
		return err_set(err, r, "cannot keep a check of the VIP %s on this host: %s",
			       addr_format(to, text), strerror(-r));
	}
	return 0;
}
