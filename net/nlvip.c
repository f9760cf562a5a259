/* SPDX-License-Identifier: MIT */
#include "net/nlvip.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "net/nladdr.h"
#include "net/nlroute.h"

int nlvip_add(struct nlsock *s, const struct prefix *vip, uint8_t part, const struct vip_link *link,
	      const char *app_name)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX + NLADDR_MSG_MAX];
	struct nladdr a = vipaddr_make(vip, link, app_name);
	if (part == VIP_ADDRESS)
		return nlsock_request(s, nladdr_build_add(buf, &a), NULL, NULL);
	int r = nlsock_request(s, nlroute_build_add_local(buf, vip, NLADDR_LO_IFINDEX), NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

int nlvip_del(struct nlsock *s, const struct prefix *vip, uint8_t part, const struct vip_link *link)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX + NLADDR_MSG_MAX];
	struct nladdr a = vipaddr_make(vip, link, NULL);
	int r;
	if (part == VIP_ADDRESS) {
		r = nlsock_request(s, nladdr_build_del(buf, &a), NULL, NULL);
		return r == -EADDRNOTAVAIL || r == -ENODEV ? 0 : r;
	}
	r = nlsock_request(s, nlroute_build_del_local(buf, vip, NLADDR_LO_IFINDEX), NULL, NULL);
	return r == -ESRCH ? 0 : r;
}

int nlvip_repair(struct nlsock *s, const struct prefix *vip, const struct vip_link *link)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = vipaddr_make(vip, link, NULL);
	return nlsock_request(s, nladdr_build_replace(buf, &a), NULL, NULL);
}

bool nlvip_kernel_has_tags(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 18));
}
