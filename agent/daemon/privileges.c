/* SPDX-License-Identifier: MIT */
#include "agent/daemon/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"
#include "nat/backend.h"
#include "net/icmp_socket.h"
#include "process/capability.h"

static bool is_us(const char *name)
{
	/* cppcheck-suppress getpwnamCalled ; one thread, and before the loop */
	const struct passwd *entry = getpwnam(name);
	return entry && entry->pw_uid == geteuid();
}

#define GROUPS_MAX 64 /* of a user with more, none counts but the process's own */

/* `user`: NULL for this process. */
static bool may_open_icmp(const char *user)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;
	/* cppcheck-suppress getpwnamCalled ; as above */
	const struct passwd *entry = user ? getpwnam(user) : NULL;
	if (entry)
		return getgrouplist(user, entry->pw_gid, groups, &n) >= 0 &&
		       icmp_socket_is_allowed(groups, (size_t)n);
	n = getgroups(GROUPS_MAX - 1, groups);
	n = n < 0 ? 0 : n;
	groups[n++] = getegid();
	return icmp_socket_is_allowed(groups, (size_t)n);
}

void privileges_find(const struct config *c, const char *user, struct capability_needs *ret)
{
	const char *name = c->agent.exec_user;
	const struct capability_facts facts = {
		.effective = capability_effective(),
		.first_free_port = capability_first_free_port(),
		.legacy = nat_iptables_legacy(),
		.icmp_is_allowed = may_open_icmp(user),
		.exec_user_is_us = name && (user ? str_equal(name, user) : is_us(name)),
	};
	capability_needs_find(c, &facts, ret);
}

void privileges_report(const struct capability_needs *needs)
{
	char buf[1024];
	for (size_t i = 0; i < needs->n; i++) {
		struct strbuf text = strbuf_over(buf, sizeof(buf));
		if (!needs->items[i].missing)
			continue;
		capability_explain(&needs->items[i], &text);
		log_error("capability", "%s", buf);
	}
}
