/* SPDX-License-Identifier: MIT */
#include "nat/iptc.h"

#include <errno.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nat/xtentry.h"

static const void *first4(const char *chain, struct xtc_handle *h)
{
	return iptc_first_rule(chain, h);
}

static const void *next4(const void *entry, struct xtc_handle *h)
{
	return iptc_next_rule(entry, h);
}

static int append4(const char *chain, const void *entry, struct xtc_handle *h)
{
	return iptc_append_entry(chain, entry, h);
}

const struct iptc iptc_v4 = {
	.family = AF_INET,
	.names_file = "/proc/self/net/ip_tables_names",
	.init = iptc_init,
	.first = first4,
	.next = next4,
	.append = append4,
	.remove = iptc_delete_num_entry,
	.commit = iptc_commit,
	.free = iptc_free,
	.strerror = iptc_strerror,
};

static const void *first6(const char *chain, struct xtc_handle *h)
{
	return ip6tc_first_rule(chain, h);
}

static const void *next6(const void *entry, struct xtc_handle *h)
{
	return ip6tc_next_rule(entry, h);
}

static int append6(const char *chain, const void *entry, struct xtc_handle *h)
{
	return ip6tc_append_entry(chain, entry, h);
}

const struct iptc iptc_v6 = {
	.family = AF_INET6,
	.names_file = "/proc/self/net/ip6_tables_names",
	.init = ip6tc_init,
	.first = first6,
	.next = next6,
	.append = append6,
	.remove = ip6tc_delete_num_entry,
	.commit = ip6tc_commit,
	.free = ip6tc_free,
	.strerror = ip6tc_strerror,
};

static int has_revision(int fd, uint8_t family, uint8_t revision)
{
	struct xt_get_revision question = { .name = "DNAT", .revision = revision };
	socklen_t len = sizeof(question);
	if (family == AF_INET)
		return getsockopt(fd, IPPROTO_IP, IPT_SO_GET_REVISION_TARGET, &question, &len);
	return getsockopt(fd, IPPROTO_IPV6, IP6T_SO_GET_REVISION_TARGET, &question, &len);
}

int iptc_dnat_revision(const struct iptc *t)
{
	int r = -EOPNOTSUPP;
	int fd = socket(t->family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (fd < 0)
		return -errno;
	for (int v = XTENTRY_REVISION_MAX; v >= xtentry_revision_min(t->family); v--) {
		if (has_revision(fd, t->family, (uint8_t)v) == 0) {
			r = v;
			break;
		}
		r = -errno;
		if (r == -EPERM)
			break;
	}
	close(fd);
	return r;
}
