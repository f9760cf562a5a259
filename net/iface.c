/* SPDX-License-Identifier: MIT */
#include "net/iface.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/str.h"
#include "net/nladdr.h"
#include "net/nlsock.h"

uint32_t iface_index(const char *name, bool *unsure)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), name);
	if (fd >= 0 && r >= 0)
		r = ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	if (unsure)
		*unsure = *unsure || err_is_unavailable(r);
	return r < 0 ? 0 : (uint32_t)ifr.ifr_ifindex;
}

/* Of what kind its master is. */
static int on_link_info(const struct nlattr *attr, void *userdata)
{
	struct iface *link = userdata;
	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		link->is_in_vrf = str_equal(mnl_attr_get_str(attr), "vrf");
	return MNL_CB_OK;
}

static int on_link_attr(const struct nlattr *attr, void *userdata)
{
	struct iface *link = userdata;
	if (mnl_attr_get_type(attr) == IFLA_LINKINFO &&
	    mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
		mnl_attr_parse_nested(attr, on_link_info, link);
	if (mnl_attr_get_type(attr) == IFLA_MASTER &&
	    mnl_attr_get_payload_len(attr) == sizeof(link->master))
		link->master = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) != IFLA_ADDRESS ||
	    mnl_attr_get_payload_len(attr) != sizeof(link->mac))
		return MNL_CB_OK;
	memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
	link->mac_len = sizeof(link->mac);
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *msg, void *userdata)
{
	struct iface *link = userdata;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*ifi))
		return 0;
	link->state = !(ifi->ifi_flags & IFF_UP)        ? IFACE_DOWN
		      : !(ifi->ifi_flags & IFF_RUNNING) ? IFACE_NO_CARRIER
							: IFACE_UP;
	mnl_attr_parse(msg, sizeof(*ifi), on_link_attr, link);
	return 0;
}

const char *iface_state_text(enum iface_state state)
{
	switch (state) {
	case IFACE_UP:
		break;
	case IFACE_NO_CARRIER:
		return "has no carrier";
	case IFACE_DOWN:
		return "is down";
	case IFACE_GONE:
		return "is gone";
	}
	return NULL;
}

int iface_read(uint32_t ifindex, struct iface *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nlsock *sock;
	*ret = (struct iface){ .state = IFACE_UP };
	msg->nlmsg_type = RTM_GETLINK;
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, NULL);
	if (r < 0)
		return r;
	r = nlsock_request(sock, msg, on_link, ret);
	if (r == -ENODEV)
		ret->state = IFACE_GONE;
	nlsock_free(sock);
	if (!if_indextoname(ifindex, ret->name))
		ret->name[0] = '\0';
	return r == -ENODEV ? 0 : r;
}

/* That a new socket is bound to, by a program of its cgroup. 0: none. */
static int own_vrf(uint32_t *ret)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), device = 0;
	socklen_t len = sizeof(device);
	int r = fd < 0 ? -errno : 0;
	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, &len) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		*ret = (uint32_t)device;
	return r;
}

int iface_vrf(uint32_t ifindex, char ret_name[static IF_NAMESIZE])
{
	struct iface link, vrf = { .name = "" };
	uint32_t own = 0;
	int r = iface_read(ifindex, &link);
	if (r == 0 && link.is_in_vrf)
		r = own_vrf(&own);
	if (r == 0 && link.is_in_vrf && link.master != own)
		r = iface_read(link.master, &vrf);
	if (r == 0)
		memcpy(ret_name, vrf.name, IF_NAMESIZE);
	return r;
}
