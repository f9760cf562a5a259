/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "monitors/env.h"
#include "net/fib.h"
#include "net/source.h"

int monitor_env_http(struct monitor_env *env, struct http **ret, struct err *err)
{
	int r = env->http ? 0 : http_new(env->loop, &env->http, err);
	if (r == 0)
		*ret = env->http;
	return r;
}

struct names *monitor_env_names(struct monitor_env *env)
{
	if (!env->names)
		env->names = names_new(env->loop, names_lookup);
	return env->names;
}

bool monitor_errno_is_down(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EACCES: /* a route of type prohibit */
	case EINVAL: /* and of type blackhole */
		return true;
	default:
		return false;
	}
}

static int not_here(const struct addr *vip, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	return err_set(err, -EADDRNOTAVAIL,
		       "%s is a VIP that is not on this host now, and other hosts are not checked",
		       addr_format(vip, text));
}

/*
 * IPv4: a socket bound to the VIP itself can only send while the VIP is local. IPv6 has no such
 * rule, hence a socket bound to lo. That would do for IPv4 too, except with NAT: the RST of a
 * closed port behind the translation would not reach a socket that is bound to lo.
 */
static int keep_here(int fd, const struct addr *vip)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(vip, 0, 0, &ss);
	if (vip->family == AF_INET6)
		return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo")) < 0 ? -errno
											   : 0;
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int)) < 0 ||
	    bind(fd, (struct sockaddr *)&ss, len) < 0)
		return -errno;
	return 0;
}

int monitor_guard(const struct monitor_env *env, int fd, const struct addr *to, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	bool local = false;
	if (!env->is_vip)
		return 0;
	if (!env->is_vip(to, env->vip_userdata))
		return source_avoid_vip(fd, to, env->is_vip, env->vip_userdata, err);
	int r = fib_is_local(to, &local, err);
	if (r < 0)
		return r;
	if (!local)
		return not_here(to, err);
	r = keep_here(fd, to);
	if (r == -EADDRNOTAVAIL) /* removed since the lookup */
		return not_here(to, err);
	if (r < 0)
		return err_set(err, r, "cannot keep a check of the VIP %s on this host: %s",
			       addr_format(to, text), strerror(-r));
	return 0;
}
