/* SPDX-License-Identifier: MIT */
#include "process/privilege_drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "process/capability.h"

/* LeakSanitizer reads the process by ptrace at its end. */
#if defined(__SANITIZE_ADDRESS__)
#define DUMPABLE 1
#else
#define DUMPABLE 0
#endif

static int drop_bounding(uint64_t keep)
{
	if (!capability_have(CAP_SETPCAP))
		return 0;
	for (unsigned long n = 0; n < 64 && prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++)
		if (!(keep >> n & 1) && prctl(PR_CAPBSET_DROP, n, 0, 0, 0) < 0)
			return -errno;
	return 0;
}

/* Capabilities would be lost with the change of uid from 0. */
static int become(const struct child_user *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(user->n_groups, user->groups) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

int privilege_drop(const struct privilege_drop *drop, struct err *err)
{
	capability_clear_ambient();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot set no_new_privs: %s", strerror(errno));
	int rc = drop_bounding(drop->keep);
	if (rc < 0)
		return err_set(err, rc, "cannot reduce the capability bounding set: %s",
			       strerror(-rc));
	rc = drop->user ? become(drop->user) : 0;
	if (rc < 0)
		return err_set(err, rc, "cannot become uid %u: %s", (unsigned)drop->user->uid,
			       strerror(-rc));
	rc = capability_keep_only(drop->keep);
	if (rc < 0)
		return err_set(err, rc, "cannot give up capabilities: %s", strerror(-rc));
	if (prctl(PR_SET_DUMPABLE, DUMPABLE, 0, 0, 0) < 0)
		return err_set(err, -errno, "cannot set PR_SET_DUMPABLE: %s", strerror(errno));
	return 0;
}
