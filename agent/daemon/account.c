/* SPDX-License-Identifier: MIT */
#include "agent/daemon/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

#define GROUPS_MAX 1024

int account_find(const char *key, const char *name, struct child_user **ret, struct err *err)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;
	errno = 0;
	/* cppcheck-suppress getpwnamCalled ; one thread, and once, before the loop */
	const struct passwd *entry = getpwnam(name);
	if (!entry)
		return err_set(err, -ENOENT, "%s: no user '%.100s' on this host%s%s", key, name,
			       errno ? ": " : "", errno ? strerror(errno) : "");
	if (getgrouplist(name, entry->pw_gid, groups, &n) < 0)
		return err_set(err, -E2BIG, "%s: '%.100s' is in more than %d groups", key, name,
			       GROUPS_MAX);
	if (entry->pw_uid == geteuid()) {
		*ret = NULL;
		return 0;
	}
	struct child_user *user = mem_new(1, sizeof(*user));
	*user = (struct child_user){ .uid = entry->pw_uid,
				     .gid = entry->pw_gid,
				     .groups = mem_copy(groups, (size_t)n * sizeof(groups[0])),
				     .n_groups = (size_t)n };
	*ret = user;
	return 0;
}

void account_free(struct child_user *user)
{
	if (!user)
		return;
	free((gid_t *)user->groups);
	free(user);
}
