/* SPDX-License-Identifier: MIT */
#include "net/forwarding.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/fib.h"

#define CONF4 "/proc/sys/net/ipv4/conf"
#define CONF6 "/proc/sys/net/ipv6/conf"

/* True also when it cannot be read. */
static bool is_on(const char *conf, const char *interface, const char *name)
{
	char path[512], value = '1';
	snprintf(path, sizeof(path), "%s/%s/%s", conf, interface, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	bool off = read(fd, &value, 1) == 1 && value == '0';
	close(fd);
	return !off;
}

static bool is_on_somewhere4(const char *name)
{
	DIR *dir = opendir(CONF4);
	bool on = !dir;
	// cppcheck-suppress readdirCalled ; one thread
	for (const struct dirent *e; dir && !on && (e = readdir(dir));)
		on = e->d_name[0] != '.' && strcmp(e->d_name, "lo") != 0 &&
		     strcmp(e->d_name, "default") != 0 && is_on(CONF4, e->d_name, name);
	if (dir)
		closedir(dir);
	return on;
}

const char *forwarding_lacks(const struct addr *to)
{
	bool local = false;
	if (to->family == AF_INET && addr_is_loopback(to))
		return is_on_somewhere4("route_localnet") ? NULL
							  : "net.ipv4.conf.all.route_localnet=1";
	if (fib_is_local(to, &local, NULL) < 0 || local)
		return NULL;
	if (to->family == AF_INET)
		return is_on_somewhere4("forwarding") ? NULL : "net.ipv4.ip_forward=1";
	return is_on(CONF6, "all", "forwarding") ? NULL : "net.ipv6.conf.all.forwarding=1";
}
